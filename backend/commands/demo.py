"""`enlace demo`: the whole product on a laptop."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select
from werkzeug.serving import make_server

from backend.accounts.tables import Mailbox
from backend.app import make_app
from backend.demo.gmail import fill_with_files, fill_with_sample
from backend.demo.places import Places, demo_settings, places_for
from backend.demo.sample import make_sample
from backend.demo.sequence import after_a_while, answer_for
from backend.demo.summary import summarise
from backend.demo.team import WRITER, Login, acquaintances, owner_team, sample_team
from backend.gmail.emulator.core import Emulator
from backend.installation import Installation, open_installation
from backend.kit.clock import SystemClock
from backend.kit.errors import UserError
from backend.migrations import refuse_strangers, upgrade
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.worker import Worker

SEED = 7
DEFAULT_OWNER = "you@example.com"
console = Console(stderr=True)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option(
    "--mbox",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your own mail instead of the sample: an mbox (.gz, Google Takeout's), an .eml, a folder or .tar.gz of them.",
)
@click.option("--owner", "owners", multiple=True, metavar="ADDRESS", help="Whose mail that is; again for an alias.")
@click.option("--db", "database_url", default="", metavar="URL", help="Another database than the one under .enlace/.")
@click.option("--once", is_flag=True, help="Load, sync, link, print one JSON summary, and exit.")
def demo(port: int, sources: tuple[Path, ...], owners: tuple[str, ...], database_url: str, once: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Show Enlace with an emulated Gmail: no Google account, no server, no question asked.

    Without --mbox it invents a sales team with 90 days of mail. A second run goes on where the first one ended; delete
    the folder .enlace to begin anew.

    \b
      enlace demo
      enlace demo --mbox Takeout/Mail/All.mbox --owner ana@example.com
      enlace demo --once --mbox archive.mbox.gz --owner ana@example.com | jq .links
    """  # noqa: D301 - click wants the character itself
    started = time.perf_counter()
    _check_inputs(sources, owners)
    port = 0 if once else _free_port(port)
    with _open(places_for(",".join(owners), sources, database_url), port, owners, sources) as (here, logins):
        _sync(here)
        if once:
            click.echo(json.dumps(summarise(here).as_json(time.perf_counter() - started), ensure_ascii=False))
        else:
            _serve(here, port, logins)


def _check_inputs(sources: Sequence[Path], owners: Sequence[str]) -> None:
    if sources and not owners:
        raise UserError("--owner is missing: say whose mail this is, as in --owner ana@example.com.")
    if owners and not sources:
        raise UserError("--owner goes with --mbox: name the file with the mail, or leave both out for the sample.")


def _free_port(port: int) -> int:
    """Return the port, or a free one for 0. Raises `UserError` before anything was written."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(f"Port {port} is in use; choose another one with --port.") from error
        return int(probe.getsockname()[1])


@contextmanager
def _open(
    places: Places, port: int, owners: Sequence[str], sources: Sequence[Path]
) -> Iterator[tuple[Installation, list[Login]]]:
    clock = SystemClock()
    with closing(Emulator(places.gmail, clock=clock)) as emulator:
        here = open_installation(demo_settings(places, port), clock=clock, emulator=emulator)
        with closing(here):
            yield here, _furnish(here, emulator, owners, sources)


def _furnish(here: Installation, emulator: Emulator, owners: Sequence[str], sources: Sequence[Path]) -> list[Login]:
    if here.db.exists():
        refuse_strangers(here.db)  # before any mail is loaded
    if sources:
        with _progress("Loading mail") as advance:
            emulator.add_mailbox(owners[0], aliases=owners[1:])
            fill_with_files(emulator, owners[0], sources, advance)
        upgrade(here.db)
        return owner_team(here, owners)
    sample = make_sample(SEED, here.clock.now())
    if not emulator.addresses():
        fill_with_sample(emulator, sample)
    upgrade(here.db)
    answer_for(emulator, here.clock, acquaintances(sample), after_a_while)
    return sample_team(here, sample)


def _sync(here: Installation) -> None:
    with here.db.read() as session:
        mailboxes = list(session.scalars(select(Mailbox)))
    total = sum(here.enter(m.id).profile().messages_total for m in mailboxes)
    with _progress("Syncing and linking", total) as advance:
        for mailbox in mailboxes:
            end = End.MORE
            while end is End.MORE:
                end = drain_mailbox(here.db, here.clock, here.enter, mailbox.id, progress=advance)


@contextmanager
def _progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)

        yield lambda by: progress.advance(task, by)


def _serve(here: Installation, port: int, logins: Sequence[Login]) -> None:
    app = make_app(here, is_demo=True)
    server = make_server("127.0.0.1", port, app, threaded=True)
    worker = Worker(here)
    worker.start()
    _greet(port, logins)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        console.print("Stopping.")
    finally:
        worker.stop()
        server.server_close()


def _greet(port: int, logins: Sequence[Login]) -> None:
    click.echo(f"\nEnlace is at http://127.0.0.1:{port}\n")
    for login in logins:
        click.echo(f"  {login.role:<8} {login.email:<28} password: {login.password}")
    if any(login.email == WRITER for login in logins):
        click.echo(f"\nA sequence runs: sign in as {WRITER} and open Sequences; mails leave within a minute or two.")
    click.echo("\nCtrl-C stops it; the next run goes on from here.")
