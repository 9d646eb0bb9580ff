"""The command line: `enlace` and `python -m backend`.

Exit status 0: done. 1: it ran and found something wrong. 2: it could not run, for the one reason that it says.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from importlib import import_module
from typing import Any

import click
import structlog

from backend import __version__
from backend.kit.errors import UserError

CHATTY = {"serve", "worker"}
COMMANDS = {  # name: its module in backend.commands
    "demo": "demo",
    "serve": "processes",
    "worker": "processes",
    "emulator": "emulator",
    "db": "databases",
    "user": "user",
    "apikey": "apikey",
    "mailbox": "mailbox",
    "mail": "mail",
    "sequence": "sequence",
    "doctor": "doctor",
}


class Commands(click.Group):
    """Each command is imported when it is asked for: to read a mail, nobody waits for the web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order in which a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(f"backend.commands.{COMMANDS[cmd_name]}"), cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="enlace")
def cli() -> None:
    """Enlace, the CRM that lives in Gmail.

    To look around without a Google account: enlace demo. Settings come from the environment (ENLACE_…); `enlace doctor`
    says what is missing.
    """


def main() -> None:
    """Run the command line; bad input ends with one sentence and status 2, never with a traceback."""
    log_to_stderr()
    try:
        sys.exit(cli.main(prog_name="enlace", standalone_mode=False))
    except UserError as error:
        _refuse(str(error))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        _refuse("Stopped.")


def _refuse(sentence: str) -> None:
    click.echo(f"enlace: {sentence}", err=True)
    sys.exit(2)


def log_to_stderr() -> None:
    """Logs are key=value on stderr, so that what a command prints can be piped; only the long-running ones chat."""
    least = logging.INFO if CHATTY.intersection(sys.argv[1:2]) else logging.WARNING
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _drop_what_is_played,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"), sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _drop_what_is_played(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say nothing of mail that a rehearsal sent: none of it left. What went wrong there is told, with its mark."""
    if event.get("is_rehearsal") and method == "info":
        raise structlog.DropEvent
    return event


if __name__ == "__main__":
    main()
