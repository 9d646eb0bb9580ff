"""`enlace emulator`: a Gmail on this machine."""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.faults import KINDS
from backend.gmail.emulator.load import Loaded, load
from backend.gmail.emulator.server import EmulatorServer
from backend.kit.errors import UserError


@click.command("emulator")
@click.option("--port", type=click.IntRange(0, 65535), default=8025, show_default=True, help="0 takes a free one.")
@click.option("--owner", required=True, metavar="ADDRESS", help="Whose mailbox it is, such as ana@example.com.")
@click.option("--alias", "aliases", multiple=True, metavar="ADDRESS", help="Another address of the owner.")
@click.option(
    "--mbox",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Mail to begin with: an mbox (.gz, Google Takeout's), an .eml, or a folder or .tar.gz of .eml files.",
)
@click.option("--mailbox", "others", multiple=True, metavar="ADDRESS", help="A further, empty mailbox.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep everything in this file, for the next start. Without it, nothing outlives the command.",
)
@click.option(
    "--faults", multiple=True, metavar="NAME[:PROBABILITY]", help=f"What shall go wrong: {', '.join(sorted(KINDS))}."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same ids and faults.")
@click.option("--push-to", metavar="URL", default="", help="Post Pub/Sub's notices to this endpoint.")
def emulator(
    port: int,
    owner: str,
    aliases: tuple[str, ...],
    sources: tuple[Path, ...],
    others: tuple[str, ...],
    state: Path | None,
    faults: tuple[str, ...],
    seed: int,
    push_to: str,
) -> None:
    """Serve a Gmail of your own on this machine, for Enlace and for any program that speaks Gmail's API.

    It prints its base URL. Give that to a Gmail client as root URL, and either sign in through its OAuth pages or use
    a mailbox's address as the access token:

    \b
      enlace emulator --owner ana@example.com --mbox inbox.mbox
      curl -H "Authorization: Bearer ana@example.com" \
        http://127.0.0.1:8025/gmail/v1/users/me/profile

    Faults are given by name and, if not each call shall fail, with a probability: --faults server-error-503:0.1.
    """  # noqa: D301 - click wants the character itself
    with_mail = Emulator(state, seed=seed)
    try:
        with_mail.add_mailbox(owner, aliases=aliases)
        for address in others:
            with_mail.add_mailbox(address)
        _load_all(with_mail, owner, sources)
        for fault in faults:
            _inject(with_mail, fault)
        _serve(with_mail, port, push_to)
    finally:
        with_mail.close()


def _load_all(with_mail: Emulator, owner: str, sources: tuple[Path, ...]) -> None:
    for path in sources:
        loaded = _load(with_mail, owner, path)
        what = "was loaded before" if loaded.was_known else "loaded"
        click.echo(f"{path.name}: {loaded.messages} messages {what}.", err=True)


def _load(with_mail: Emulator, owner: str, path: Path) -> Loaded:
    """Load a source, with a count that moves where a terminal watches."""
    console = Console(stderr=True)
    columns = TextColumn("Loading {task.description}"), SpinnerColumn(), TextColumn("{task.completed} messages")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(path.name, total=None)
        return load(with_mail, owner, path, on_progress=lambda count: progress.update(task, completed=count))


def _inject(with_mail: Emulator, fault: str) -> None:
    name, _, probability = fault.partition(":")
    try:
        chance = float(probability or 1)
    except ValueError:
        chance = -1
    if not 0 <= chance <= 1:
        raise UserError(f"“{probability}” is no probability. Write a number from 0 to 1, as in --faults {name}:0.1.")
    with_mail.faults.inject(name, probability=chance)


def _serve(with_mail: Emulator, port: int, push_to: str) -> None:
    """Serve until the terminal or the system asks to stop."""
    asked_to_stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    with EmulatorServer(with_mail, port=port, any_bearer=True) as server:
        if push_to:
            server.pusher.push_to(push_to)
        click.echo(server.url)
        asked_to_stop.wait()
