"""What it costs to put many people in at once, and again: fifty thousand beside one thousand, by every door that does.

The doors of the app itself: the page with a filter, the page with a list of addresses, the API with ids, a campaign's
start; then each of the first three once more, and two requests at the same moment. On SQLite and on PostgreSQL, where
the CPU is the app's; the server's own is not in it. PEOPLE=n: fewer than fifty thousand.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, func, select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.kit.memory import spare_what_is_loaded
from backend.migrations import upgrade
from backend.sequences.tables import Enrolment
from bench.figure import Figure
from tests.api.conftest import key_for
from tests.card.addon import addon_for
from tests.card.test_pages import signed_in
from tests.cast import ALICE, open_office
from tests.databases import new_postgres, postgres_server
from tests.sequences.crowd import address, make_people
from tests.sequences.line import TWO_MAILS, Line

FEW, MANY = 1_000, int(os.environ.get("PEOPLE", "50000"))
ROUNDS = 3  # of the few, who are soon done
RATIO, LONGEST_MS = 1.5, 250


@dataclass
class Crowd:
    """So many people in an office, and a rep's browser before its app, and their program's key."""

    line: Line
    client: FlaskClient
    key: str
    ids: list[int]
    engine: Engine
    _made: int = field(default=0)

    def sequence(self) -> int:
        """A fresh sequence."""
        self._made += 1
        return self.line.make(TWO_MAILS, f"Sequence {self._made}")

    def enrolled(self, sequence_id: int) -> int:
        """How many are in it."""
        with self.line.office.db.read() as session:
            return session.scalar(select(func.count()).where(Enrolment.sequence_id == sequence_id)) or 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a way cost: CPU of all, of the longest transaction that writes, and the memory that it took for a while."""

    cpu_s: float
    longest_ms: float
    mb: float


def run() -> Iterator[Figure]:
    """Both databases, one after the other."""
    with postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        yield from _on("sqlite", lambda number: f"sqlite:///{folder}/{number}.db")
        yield from _on("postgresql", lambda number: new_postgres(server, f"enrol_{number}"))


def _on(kind: str, url: Callable[[int], str]) -> Iterator[Figure]:
    with _crowd(url(FEW), FEW) as crowd:
        few = {name: min((_spent(crowd, way) for _ in range(ROUNDS)), key=lambda it: it.cpu_s) for name, way in _WAYS}
    with _crowd(url(MANY), MANY) as crowd:
        for name, way in _WAYS:
            many = _spent(crowd, way)
            yield Figure("enrol", f"{kind}_{name}_cpu_s", many.cpu_s)
            yield Figure("enrol", f"{kind}_{name}_ratio_a_person", many.cpu_s / MANY / (few[name].cpu_s / FEW), RATIO)
            bar = None if name == "campaign" else LONGEST_MS  # it starts for all or for nobody
            yield Figure("enrol", f"{kind}_{name}_longest_write_cpu_ms", many.longest_ms, bar)
            yield Figure("enrol", f"{kind}_{name}_mb", many.mb)
        for name, way in _WAYS[:-1]:
            yield Figure("enrol", f"{kind}_{name}_missing_or_twice", _again(crowd, way), 0)
        yield Figure("enrol", f"{kind}_two_at_once_missing_or_twice", _two_at_once(crowd), 0)


def _spent(crowd: Crowd, way: Way) -> Spent:
    sequence_id = crowd.sequence()
    spare_what_is_loaded()  # a look through all that the bench holds is not the transaction's
    with _watched(crowd.engine) as longest:
        Path("/proc/self/clear_refs").write_text("5")  # counts the peak anew
        before_mb, started = _status_mb("VmRSS"), time.process_time()
        in_it = way(crowd, sequence_id)
        spent = time.process_time() - started
    assert crowd.enrolled(in_it) == len(crowd.ids)
    return Spent(spent, max(longest) * 1000, _status_mb("VmHWM") - before_mb)


def _again(crowd: Crowd, way: Way) -> int:
    """How many are not in it just once, when they are put in twice."""
    sequence_id = crowd.sequence()
    way(crowd, sequence_id)
    way(crowd, sequence_id)
    return abs(crowd.enrolled(sequence_id) - len(crowd.ids))


def _two_at_once(crowd: Crowd) -> int:
    sequence_id = crowd.sequence()
    both = [Thread(target=_by_api, args=(crowd, sequence_id)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    return abs(crowd.enrolled(sequence_id) - len(crowd.ids))


def _by_filter(crowd: Crowd, sequence_id: int) -> int:
    return _by_page(crowd, sequence_id, q="")


def _by_addresses(crowd: Crowd, sequence_id: int) -> int:
    return _by_page(crowd, sequence_id, addresses="\n".join(address(n) for n in range(len(crowd.ids))))


def _by_page(crowd: Crowd, sequence_id: int, **form: str) -> int:
    """Look at everybody, then enrol them, as a rep does."""
    for do, words in (("check", "can be enrolled"), ("enrol", "enrolled")):
        answer = crowd.client.post(f"/sequences/{sequence_id}/enrol", data={**form, "do": do})
        assert answer.status_code == 200
        assert words in answer.text
    return sequence_id


def _by_api(crowd: Crowd, sequence_id: int) -> int:
    asked = {"sequence_id": sequence_id, "contact_ids": crowd.ids}
    program = crowd.client.application.test_client()
    answer = program.post("/api/v1/enrolments", json=asked, headers={"Authorization": f"Bearer {crowd.key}"})
    assert answer.status_code == 201
    return sequence_id


def _by_campaign(crowd: Crowd, sequence_id: int) -> int:
    news = {"name": f"News {sequence_id}", "subject": "News", "body": "Dear {{ contact.first_name }}", "filter": {}}
    made: dict[str, Any] = crowd.client.post("/api/v1/campaigns", json=news).get_json()
    assert crowd.client.post(f"/api/v1/campaigns/{made['id']}/start").status_code == 200
    return int(made["id"])


Way = Callable[[Crowd, int], int]
"""Puts everybody into a sequence; returns that in which they are."""
_WAYS: tuple[tuple[str, Way], ...] = (
    ("filter", _by_filter), ("addresses", _by_addresses), ("api", _by_api), ("campaign", _by_campaign),
)  # fmt: skip


@contextmanager
def _watched(engine: Engine) -> Iterator[list[float]]:
    """CPU seconds of each transaction that wrote meanwhile."""
    begun: dict[Connection, float] = {}
    spent: list[float] = []

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("enlace_write"):
            begun[connection] = time.process_time()

    def commit(connection: Connection) -> None:
        if connection in begun:
            spent.append(time.process_time() - begun.pop(connection))

    event.listen(engine, "begin", begin)
    event.listen(engine, "commit", commit)
    yield spent
    event.remove(engine, "begin", begin)
    event.remove(engine, "commit", commit)


def _status_mb(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


@contextmanager
def _crowd(url: str, number: int) -> Iterator[Crowd]:
    db, clock = Database(url), VirtualClock()
    upgrade(db)
    emulator = Emulator(clock=clock)
    office = open_office(db, clock, emulator)
    ids = make_people(office, number)
    with addon_for(office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as web:
        client, key = signed_in(web.app.test_client(), ALICE), key_for(office, office.actors[ALICE].user_id)
        yield Crowd(Line(office), client, key, ids, web.app.extensions["enlace"].db.engine)
    emulator.close()
    db.dispose()
