"""`enlace sequence simulate`, as a person types it."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.commands.sequence import sequence
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.installation import Installation, open_installation
from backend.kit.clock import VirtualClock
from backend.kit.errors import UserError
from backend.settings import read_settings
from tests.cast import ALICE, KEY, open_office
from tests.sequences.line import Line, definition, mail, wait


@pytest.fixture
def line(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Line:
    line = Line(open_office(sqlite_db, clock, emulator, ALICE))
    line.make(definition(mail("An offer for {{ contact.first_name }}"), wait(3), mail("", "Any news?", is_reply=True)))
    line.person("dora@nordwind.example", "Dora Dahl")
    line.enrol(1, "dora@nordwind.example")
    return line


@pytest.fixture
def installation(line: Line) -> Iterator[Installation]:
    given = {"DATABASE_URL": line.office.db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
    settings = read_settings({f"ENLACE_{name}": value for name, value in given.items()})
    made = open_installation(settings, clock=line.office.clock, emulator=line.office.emulator)
    yield made
    made.close()


def simulate(installation: Installation, *words: str) -> Result:
    runner = CliRunner(env={"COLUMNS": "160"})
    return runner.invoke(sequence, ["simulate", *words], obj=installation, catch_exceptions=False)


def test_it_prints_the_calendar_the_mails_and_what_happens_beside(installation: Installation) -> None:
    printed = simulate(installation, "Nurture", "--days", "5").output
    assert "“Nurture”, version 1, 2026-01-05 to 2026-01-10: 1 people, 2 mails." in printed
    assert "An offer for Dora" in printed
    assert "Mon 2026-01-05" in printed
    assert "finished" in printed
    assert "Dora Dahl" in simulate(installation, "Nurture", "--days", "5", "--all").output


def test_the_mails_are_written_to_a_file_that_is_not_there_yet(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "mails.mbox"
    simulate(installation, "Nurture", "--days", "5", "--mbox", str(path))
    box = mailbox.mbox(path)
    assert [message["To"] for message in box] == ["dora@nordwind.example"] * 2
    box.close()
    with pytest.raises(UserError, match="exists"):
        simulate(installation, "Nurture", "--mbox", str(path))


def test_what_is_not_there_is_named(installation: Installation) -> None:
    with pytest.raises(UserError, match="no sequence “Other”"):
        simulate(installation, "Other")
    with pytest.raises(UserError, match=r"nobody@acme\.example is not connected"):
        simulate(installation, "Nurture", "--mailbox", "nobody@acme.example")
