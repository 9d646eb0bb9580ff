"""Rehearsing the tests' line, and what its real database holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

from sqlalchemy import MetaData, select

from backend.db import Database
from backend.sequences.simulation import store
from backend.sequences.simulation.rehearsing import rehearse
from backend.sequences.simulation.shapes import Plan, Rehearsal
from backend.stage import open_stage
from tests.sequences.line import Line

OFFICE_HOURS = {"days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00"}
Sent = tuple[str, str, str]


def rehearsed(line: Line, sequence_id: int, **plan: Any) -> Rehearsal:
    office = line.office
    return rehearse(office.db, office.clock, open_stage, office.workspace_id, sequence_id, Plan(**plan))


def mails_of(rehearsal: Rehearsal) -> list[Sent]:
    """(recipient, subject, local time) of each mail, in order."""
    return [(mail.person.email, mail.subject, f"{mail.local:%Y-%m-%d %H:%M:%S}") for mail in rehearsal.mails]


def play_in_earnest(line: Line, days: int) -> list[Sent]:
    """Let the same days go by on the real line, from one due moment to the next; returns what left (in UTC)."""
    sent: list[Sent] = []
    clock, began = line.office.clock, len(line.heard)
    until = clock.now() + timedelta(days=days)
    while True:
        with line.office.db.read() as session:
            moments = store.next_due(session).moments
        if not moments or min(moments) > until:
            return sent
        clock.current = max(clock.now(), min(moments))
        line.tick()
        for recipient, raw in line.heard[began + len(sent) :]:
            sent.append((recipient, str(message_from_bytes(raw, policy=policy.default)["Subject"]), _wall(clock.now())))


def _wall(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def fingerprint(db: Database) -> Mapping[str, tuple[int, str]]:
    """For each table how many rows it has, and a hash of them all."""
    tables = MetaData()
    tables.reflect(db.engine)
    found = {}
    with db.read() as session:
        for name, table in sorted(tables.tables.items()):
            rows = sorted(repr(tuple(row)) for row in session.execute(select(table)))
            found[name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found
