"""What a worker writes to a rep stands in the rep's language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from sqlalchemy import select, update

from backend.accounts.tables import User
from backend.activities.tables import Activity
from backend.kit import catalogue
from tests.cast import ALICE, BOB, DORA
from tests.sequences.line import Line

ASKED = "A colleague wrote to %(email)s or their company lately; talk to them, then resume or stop."


@pytest.fixture
def spanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    words = Catalog("es")
    words.add(ASKED, "Un compañero escribió a %(email)s.")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, words)
    monkeypatch.setattr(catalogue, "TRANSLATIONS", tmp_path)
    catalogue._catalogue.cache_clear()
    yield
    catalogue._catalogue.cache_clear()


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(("locale", "words"), [("es_MX", "Un compañero escribió a "), ("en", "A colleague wrote to ")])
def test_a_task_that_a_worker_sets_is_in_the_reps_language(line: Line, locale: str, words: str) -> None:
    office = line.office
    with office.db.write() as session:
        session.execute(update(User).where(User.email == ALICE).values(locale=locale))
    office.mail(BOB, DORA, "Our talk yesterday")
    office.sync()
    line.enrol(line.make())
    line.tick()
    with office.db.read() as session:
        assert session.scalars(select(Activity.text)).one().startswith(f"{words}{DORA}")
