"""A database that hangs: the card's doors answer before Gmail gives up, with a card that says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

import pytest
from sqlalchemy import text

from backend.db import MAY_GIVE_UP, Database, Patience, is_given_up
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from tests.card.addon import Addon, addon_for
from tests.card.hosted import CALLER, Hosted, top
from tests.card.world import World
from tests.cast import DORA, Office, open_office

SHORT = Patience(statement_s=0.2, session_s=0.4, login_s=1)
GMAIL_WAITS_S = 20
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_as_it_is_installed_the_longest_answer_comes_before_gmail_gives_up() -> None:
    real = Patience()
    assert 2 * real.login_s + real.session_s + real.statement_s < GMAIL_WAITS_S


@pytest.fixture(name="hurried")
def shorten(db: Database) -> Iterator[Database]:
    hurried = Database(db.url, patience=SHORT)
    yield hurried
    hurried.dispose()


def test_a_statement_without_end_is_given_up(hurried: Database) -> None:
    began = monotonic()
    with pytest.raises(MAY_GIVE_UP) as caught, hurried.read() as session:
        session.execute(text(ENDLESS))
    assert is_given_up(caught.value)
    assert monotonic() - began < GMAIL_WAITS_S
    with hurried.read() as session:
        assert session.scalar(text("SELECT 1")) == 1, "the next one is served"


def test_many_statements_that_are_slow_together_are_given_up_too(hurried: Database) -> None:
    slow = "SELECT pg_sleep(0.1)"
    if hurried.is_sqlite:
        slow = ENDLESS.replace("FROM n)", "FROM n LIMIT 300000)")
    asked = 0
    with pytest.raises(MAY_GIVE_UP), hurried.read() as session:
        for _ in range(200):
            session.execute(text(slow))
            asked += 1
    assert 0 < asked < 200


def test_a_lock_that_is_not_let_go_is_given_up_and_nothing_is_written(db: Database, hurried: Database) -> None:
    lock = "SELECT 1" if db.is_sqlite else "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
    with db.write() as holder:
        holder.execute(text(lock))
        with pytest.raises(MAY_GIVE_UP), hurried.write() as session:
            session.execute(text("DELETE FROM users"))


@pytest.fixture(name="hung")
def hang(db: Database, clock: VirtualClock, emulator: Emulator) -> Iterator[tuple[Addon, Office]]:
    with hurried_office(db, clock, emulator) as hung:
        yield hung


@contextmanager
def hurried_office(db: Database, clock: VirtualClock, emulator: Emulator) -> Iterator[tuple[Addon, Office]]:
    office = open_office(db, clock, emulator)
    with addon_for(office, ENLACE_ADDON_SERVICE_ACCOUNT=CALLER) as addon:
        hurried = Database(db.url, patience=SHORT)
        addon.app.extensions["enlace_card_desk"] = replace(addon.app.extensions["enlace_card_desk"], db=hurried)
        yield addon, office
        hurried.dispose()


def test_both_doors_say_that_it_took_too_long_and_nothing_was_changed(hung: tuple[Addon, Office]) -> None:
    addon, office = hung
    dora = World(office).contact(DORA, "Dora Lund")
    google, note = Hosted(addon), {"record": str(dora)}
    lock = "SELECT 1" if office.db.is_sqlite else "LOCK TABLE activities IN ACCESS EXCLUSIVE MODE"
    with office.db.write() as holder:
        holder.execute(text(lock))
        late = addon.act("save-note", note, {"text": "Wants forty"})
        event = google.event(common={"parameters": note, "formInputs": {"text": {"stringInputs": {"value": ["x"]}}}})
        hosted = top(google.post("actions/save-note", event).get_json())
    assert late.status_code == 504
    assert late.get_json()["push"]["header"]["title"] == "This took too long"
    assert hosted["header"]["title"] == "This took too long"
    with office.db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM activities")) == 0


def test_a_card_whose_database_hangs_is_a_card_all_the_same(
    postgresql_db: Database, clock: VirtualClock, emulator: Emulator
) -> None:
    """Nobody who writes keeps a reader of SQLite waiting; its endless read is tried above."""
    hung = hurried_office(postgresql_db, clock, emulator)
    with hung as (addon, office), office.db.write() as holder:
        holder.execute(text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        answer = addon.post("context", {"locale": "es", "timezone": "", "platform": "WEB"})
        home = Hosted(addon).shown("home")
    assert (answer.status_code, answer.get_json()["cards"][0]["name"]) == (504, "trouble")
    assert answer.get_json()["cards"][0]["header"]["title"] == "Esto tardó demasiado"
    assert home["header"]["title"] == "This took too long"
