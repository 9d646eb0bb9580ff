"""The command line: `enlace` and `python -m backend`.

Exit status 0: done. 1: it ran and found something wrong. 2: it could not run, for the one reason that it says.
"""

from __future__ import annotations

import logging
import sys

import click
import structlog

from backend import __version__
from backend.commands.apikey import apikey
from backend.commands.databases import db
from backend.commands.demo import demo
from backend.commands.doctor import doctor
from backend.commands.emulator import emulator
from backend.commands.mail import mail
from backend.commands.mailbox import mailbox
from backend.commands.processes import serve, worker
from backend.commands.user import user
from backend.kit.errors import UserError

CHATTY = {"serve", "worker"}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="enlace")
def cli() -> None:
    """Enlace, the CRM that lives in Gmail.

    To look around without a Google account: enlace demo. Settings come from the environment (ENLACE_…); `enlace doctor`
    says what is missing.
    """


for command in (demo, serve, worker, emulator, db, user, apikey, mailbox, mail, doctor):
    cli.add_command(command)


def main() -> None:
    """Run the command line; bad input ends with one sentence and status 2, never with a traceback."""
    _log_to_stderr()
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


def _log_to_stderr() -> None:
    """Logs are key=value on stderr, so that what a command prints can be piped; only the long-running ones chat."""
    least = logging.INFO if CHATTY.intersection(sys.argv[1:2]) else logging.WARNING
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"), sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()
