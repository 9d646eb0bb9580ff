"""The log under honest use, under concurrency, and under somebody who alters it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, update

from backend.audit import service, store
from backend.audit.rules import NO_HASH, check_chain
from backend.audit.shapes import Subject
from backend.audit.tables import AuditEntry, AuditHead
from backend.db import Database
from backend.kit.clock import VirtualClock

DEAL = Subject("deal", 17)


@dataclass(frozen=True)
class Alice:
    user_id: int = 5
    workspace_id: int = 1


class LostError(Exception):
    """Whatever makes a door roll back."""


def write(db: Database, clock: VirtualClock, *actions: str, workspace: int = 1) -> None:
    with db.write() as session:
        for action in actions:
            service.record(session, clock, workspace, action, DEAL)


def test_entries_follow_one_another_from_the_first(db: Database, clock: VirtualClock) -> None:
    with db.write() as session:
        first = service.record(session, clock, Alice(), "deal.create", DEAL, details={"amount": 12.5})
        second = service.record(session, clock, 1, "deal.stage", DEAL)
    assert (first.seq, first.prev_hash, first.actor_id) == (1, NO_HASH, 5)
    assert (second.seq, second.prev_hash, second.actor_id) == (2, first.hash, None)
    with db.read() as session:
        verdict = service.verify(session, 1)
    assert (verdict.holds, verdict.entries, verdict.head) == (True, 2, second.hash)


def test_an_empty_chain_holds(db: Database) -> None:
    with db.read() as session:
        assert service.verify(session, 1).holds


def test_workspaces_have_chains_of_their_own(db: Database, clock: VirtualClock) -> None:
    write(db, clock, "a", "b")
    write(db, clock, "c", workspace=2)
    with db.read() as session:
        assert [e.seq for e in store.entries(session, 2)] == [1]
        assert service.verify(session, 1).entries == 2


def test_what_is_rolled_back_was_never_logged(db: Database, clock: VirtualClock) -> None:
    write(db, clock, "kept")
    with suppress(LostError), db.write() as session:
        service.record(session, clock, 1, "lost", DEAL)
        raise LostError
    write(db, clock, "kept too")
    with db.read() as session:
        assert service.verify(session, 1).holds
        assert [e.action for e in store.latest(session, 1, before_seq=None, limit=9)] == ["kept too", "kept"]


def test_those_who_write_at_once_stand_in_line(db: Database, clock: VirtualClock) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: write(db, clock, f"{n}.a", f"{n}.b"), range(12)))
    with db.read() as session:
        verdict = service.verify(session, 1)
    assert (verdict.holds, verdict.entries) == (True, 24)


def test_odd_details_come_back_as_they_were_hashed(db: Database, clock: VirtualClock) -> None:
    clock.current = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    details = {
        "float": 1e5, "when": datetime(2026, 1, 1, tzinfo=UTC), "nul": "a\x00b", "lone": "\ud800", "set": {"x"},
        "big": 2**60, "nested": {"ñ": [1, None, True, {"z": 1, "a": 2}]}, "": "empty key",
    }  # fmt: skip
    with db.write() as session:
        service.record(session, clock, 1, "odd", DEAL, details=details)
    with db.read() as session:
        assert service.verify(session, 1).holds


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "deal.view"),
        ("actor_id", 99),
        ("at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("subject_type", "contact"),
        ("subject_id", "18"),
        ("details", {"amount": 1}),
        ("prev_hash", "f" * 64),
        ("hash", "f" * 64),
        ("seq", 9),
    ],
)
def test_altering_any_column_is_seen(db: Database, clock: VirtualClock, column: str, value: object) -> None:
    write(db, clock, "one", "two", "three")
    with db.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.seq == 2).values({column: value}))
    with db.read() as session:
        verdict = service.verify(session, 1)
    assert not verdict.holds
    assert verdict.broken_at == 2


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_removing_any_entry_is_seen(db: Database, clock: VirtualClock, seq: int) -> None:
    write(db, clock, "one", "two", "three")
    with db.write() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.seq == seq))
    with db.read() as session:
        assert service.verify(session, 1).broken_at == seq


def test_a_rewritten_head_does_not_hide_a_cut_end_from_one_who_kept_the_hash(db: Database, clock: VirtualClock) -> None:
    write(db, clock, "one", "two")
    with db.read() as session:
        kept = service.verify(session, 1).head
    with db.write() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.seq == 2))
        first = next(store.entries(session, 1))
        session.execute(update(AuditHead).values(seq=1, hash=first.hash))
    with db.read() as session:
        assert service.verify(session, 1).holds
        assert not check_chain(store.entries(session, 1), head=kept).holds


def test_pages_of_the_log_are_newest_first(db: Database, clock: VirtualClock) -> None:
    write(db, clock, "one", "two", "three")
    with db.read() as session:
        first = store.latest(session, 1, before_seq=None, limit=2)
        assert [e.action for e in first] == ["three", "two"]
        assert [e.action for e in store.latest(session, 1, before_seq=first[-1].seq, limit=2)] == ["one"]


def test_a_chain_longer_than_one_read_is_walked_to_its_end(
    sqlite_db: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_CHUNK", 2)
    write(sqlite_db, clock, *"abcde")
    with sqlite_db.read() as session:
        assert service.verify(session, 1).entries == 5
