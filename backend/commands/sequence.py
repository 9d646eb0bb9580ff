"""`enlace sequence`: sequences from the command line."""

from __future__ import annotations

import mailbox as mbox_format
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from backend.accounts.store import find_mailbox, first_workspace
from backend.commands.context import with_installation
from backend.installation import Installation
from backend.kit.errors import UserError
from backend.mail.addresses import key_of
from backend.sequences.authoring.sequence_store import sequence_named
from backend.sequences.simulation.rehearsing import rehearse
from backend.sequences.simulation.shapes import Plan, Rehearsal
from backend.stage import open_stage

_SHOWN = 10
_SHARE = click.FloatRange(0, 100)


@click.group()
def sequence() -> None:
    """Look at what sequences would send in the next days, before they do."""


@sequence.command()
@click.argument("name")
@click.option("--days", default=30, show_default=True, metavar="N", help="How many days are played through.")
@click.option("--invent", default=0, metavar="N", help="Enrol N invented people, instead of those on the way.")
@click.option("--mailbox", "addresses", multiple=True, metavar="ADDRESS", help="Only from this mailbox; repeatable.")
@click.option("--replies", default=0.0, type=_SHARE, metavar="%", help="Share of people who reply.")
@click.option("--bounces", default=0.0, type=_SHARE, metavar="%", help="Share of addresses that bounce.")
@click.option("--away", default=0.0, type=_SHARE, metavar="%", help="Share of people who are out of the office.")
@click.option("--seed", default=0, metavar="N", help="Another seed draws other people who answer.")
@click.option("--all", "is_all", is_flag=True, help="List every mail and every wait, not only the first ones.")
@click.option("--mbox", type=click.Path(path_type=Path, dir_okay=False), help="Write the mails to this file.")
@with_installation
def simulate(
    here: Installation, name: str, days: int, invent: int, addresses: tuple[str, ...], replies: float, bounces: float,
    away: float, seed: int, *, is_all: bool, mbox: Path | None,
) -> None:  # fmt: skip
    """Rehearse the sequence NAME: the next days, played through by the code that sends, where nothing can leave.

    People on the way are followed; where nobody is, invented people are. The database is only read.

    \b
    Examples:
      enlace sequence simulate "First contact"
      enlace sequence simulate "First contact" --invent 500 --replies 15 --bounces 3 --mbox mails.mbox
    """  # noqa: D301 - click wants the character itself
    if mbox is not None and mbox.exists():
        raise UserError(f"{mbox} exists; name a new file, so that nothing is overwritten.")
    with here.db.read() as session:
        workspace = first_workspace(session)
        found = sequence_named(session, workspace.id, name) if workspace else None
        if workspace is None or found is None:
            raise UserError(f"There is no sequence “{name}”; its name is written as on the page Sequences.")
        sequence_id, workspace_id = found.id, workspace.id
        boxes = {address: find_mailbox(session, workspace_id, key_of(address)) for address in addresses}
    missing = [address for address, box in boxes.items() if box is None]
    if missing:
        raise UserError(f"{missing[0]} is not connected; `enlace mailbox list` shows what is.")
    plan = Plan(
        days=days, seed=seed, invented=invent, mailbox_ids=tuple(box.id for box in boxes.values() if box),
        replies=replies / 100, bounces=bounces / 100, away=away / 100,
    )  # fmt: skip
    rehearsal = _played(here, workspace_id, sequence_id, plan)
    _show(Console(), rehearsal, None if is_all else _SHOWN)
    if mbox is not None:
        _write(mbox, rehearsal)


def _played(here: Installation, workspace_id: int, sequence_id: int, plan: Plan) -> Rehearsal:
    columns = (*Progress.get_default_columns()[:3], TimeElapsedColumn(), TextColumn("[dim]nothing leaves[/]"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Rehearsing", total=1.0)
        return rehearse(
            here.db, here.clock, open_stage, workspace_id, sequence_id, plan,
            progress=lambda share: bar.update(task, completed=share),
        )  # fmt: skip


def _show(console: Console, rehearsal: Rehearsal, most: int | None) -> None:
    console.print(_headline(rehearsal))
    for name, why in rehearsal.refused.items():
        console.print(f"Not enrolled: {name}. {why}", markup=False)
    console.print(_calendar(rehearsal))
    console.print(_mails(rehearsal, most))
    console.print(_happenings(rehearsal, most))


def _headline(rehearsal: Rehearsal) -> str:
    people = f"{len(rehearsal.people)} people" + (f", {rehearsal.invented} of them invented" * bool(rehearsal.invented))
    days = f"{rehearsal.starts_at:%Y-%m-%d} to {rehearsal.ends_at:%Y-%m-%d}"
    return f"“{rehearsal.name}”, version {rehearsal.version}, {days}: {people}, {len(rehearsal.mails)} mails."


def _calendar(rehearsal: Rehearsal) -> Table:
    """A row a day, for each rep what leaves and what is ready and has to wait."""
    table = Table("Day", title="Sent, and ready but held until a later day", title_justify="left", box=None)
    for calendar in rehearsal.calendars:
        table.add_column(f"{calendar.sender.address}\nsent", justify="right")
        table.add_column("\nheld", justify="right")
    for days in zip(*(calendar.days for calendar in rehearsal.calendars), strict=False):
        figures = [figure for day in days for figure in (str(day.sent or "·"), str(day.held or "·"))]
        table.add_row(f"{days[0].day:%a %Y-%m-%d}", *figures)
    return table


def _mails(rehearsal: Rehearsal, most: int | None) -> Table:
    table = Table("Local time", "From", "To", "Step", "Subject", title="Mails", title_justify="left", box=None)
    for mail in rehearsal.mails[:most]:
        step = str(mail.step + 1)
        table.add_row(f"{mail.local:%Y-%m-%d %H:%M}", mail.sender.address, mail.person.email, step, mail.subject)
    _say_more(table, len(rehearsal.mails), most)
    return table


def _happenings(rehearsal: Rehearsal, most: int | None) -> Table:
    """Every one, or how often each kind came."""
    if most is not None:
        table = Table("Times", "What", "Why", title="Beside mails (--all lists each)", title_justify="left", box=None)
        counted = Counter((one.kind, one.reason) for one in rehearsal.happenings)
        for (kind, reason), times in sorted(counted.items()):
            table.add_row(str(times), kind, reason)
        return table
    table = Table("Local time", "Who", "Step", "What", "Why", "Until", title="Beside mails", title_justify="left")
    for one in rehearsal.happenings:
        until = f"{one.until:%Y-%m-%d %H:%M}" if one.until else ""
        why = f"{one.reason} {one.evidence}".strip()
        table.add_row(f"{one.local:%Y-%m-%d %H:%M}", one.person.name, str(one.step + 1), one.kind, why, until)
    return table


def _say_more(table: Table, number: int, most: int | None) -> None:
    if most is not None and number > most:
        table.add_row("…", f"and {number - most} more (--all lists them)")


def _write(path: Path, rehearsal: Rehearsal) -> None:
    box = mbox_format.mbox(path)
    try:
        for mail in rehearsal.mails:
            box.add(mail.raw)
    finally:
        box.close()
    click.echo(f"{len(rehearsal.mails)} mails are in {path}.")
