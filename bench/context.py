"""How long the card takes that Gmail asks for with every opened mail, and whether it stays so as the store grows.

Two stores, of 10,000 and of 1,000,000 mails (a tenth as many contacts), on each database behind a gunicorn of its own.
In turn each is asked for the card beside a hundred mails, and for the floor: one indexed query, in the same server. The
machine may be busy with something else, so that each is asked several times and the best time counts; p99 is the 99th
of the hundred mails in the order of their times. Among them are the busy contact's, strangers', and mails to fifty.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.server import EmulatorServer
from bench.figure import Figure
from bench.store import BUSY, OWNER, Stock, fill_store
from tests.databases import new_postgres, postgres_server

SMALL, LARGE = 10_000, 1_000_000
MAILS, ROUNDS, WARM_UP = 100, 9, 2
AUDIENCE = "bench.apps.example"
GROWTH_BAR, FLOOR_BAR, STATEMENTS_BAR, BYTES_BAR = 1.5, 6.0, 12, 30_000
STARTS_WITHIN_S = 30

Asked = Mapping[str, str]


def run() -> Iterator[Figure]:
    """Fill and serve both stores of each database, ask them in turn, and compare."""
    with tempfile.TemporaryDirectory() as name, postgres_server() as server:
        folder = Path(name)
        yield from _compare("sqlite", lambda size: f"sqlite:///{folder / f'{size}.db'}")
        yield from _compare("postgresql", lambda size: new_postgres(server, f"bench_{size}"))


def _compare(database: str, url_of: Callable[[int], str]) -> Iterator[Figure]:
    stocks = {(url := url_of(size)): fill_store(Database(url), size, size // 10) for size in (SMALL, LARGE)}
    with ExitStack() as stack:
        emulator = Emulator()
        certificates = stack.enter_context(EmulatorServer(emulator)).url + "/certs"
        token = emulator.signer.identity_token(audience=AUDIENCE, email=OWNER, subject="1")
        small, large = (stack.enter_context(_served(*filled, certificates, token)) for filled in stocks.items())
        for _ in range(ROUNDS + WARM_UP):
            for place in (small, large):
                place.ask_all()
    yield from _figures(database, small, large)


def _figures(database: str, small: Place, large: Place) -> Iterator[Figure]:
    for size, place in ((SMALL, small), (LARGE, large)):
        for name, best in (("card", place.card_ms), ("floor", place.floor_ms)):
            for rank in (50, 99):
                yield Figure("context", f"{database}_{size}_{name}_p{rank}_ms", percentile(best, rank))
    growth = percentile(large.card_ms, 99) / percentile(small.card_ms, 99)
    yield Figure("context", f"{database}_p99_growth", growth, GROWTH_BAR)
    for size, place in ((SMALL, small), (LARGE, large)):
        ratio = percentile(place.card_ms, 99) / percentile(place.floor_ms, 99)
        yield Figure("context", f"{database}_{size}_p99_to_floor", ratio, FLOOR_BAR)
    yield Figure("context", f"{database}_most_statements", max(small.statements, large.statements), STATEMENTS_BAR)
    yield Figure("context", f"{database}_largest_answer_bytes", max(small.size, large.size), BYTES_BAR)


def percentile(best: Mapping[int, float], rank: int) -> float:
    """The time of the mail at this rank of a hundred, in milliseconds."""
    return quantiles(best.values(), n=100, method="inclusive")[rank - 1]


@dataclass
class Place:
    """A served store, and the best time in which it answered for each of the mails."""

    stock: Stock
    connection: http.client.HTTPConnection
    token: str
    mails: list[Asked]
    rounds: int = 0
    card_ms: dict[int, float] = field(default_factory=dict)
    floor_ms: dict[int, float] = field(default_factory=dict)
    statements: int = 0
    size: int = 0

    def ask_all(self) -> None:
        """Ask for each mail's card and for its floor, one after the other; the first rounds only warm up."""
        self.rounds += 1
        for number, asked in enumerate(self.mails):
            card, floor = self._card(asked), self._floor(asked)
            if self.rounds > WARM_UP:
                self.card_ms[number] = min(card, self.card_ms.get(number, card))
                self.floor_ms[number] = min(floor, self.floor_ms.get(number, floor))

    def _card(self, asked: Asked) -> float:
        body = json.dumps({"locale": "en", "timezone": "Europe/Madrid", "platform": "WEB", **asked})
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        took, answer, text = self._send("POST", "/addon/v1/context", body, headers)
        assert json.loads(text)["cards"][0]["name"] != "trouble", text[:300]
        self.statements = max(self.statements, int(answer.headers["X-Statements"]))
        self.size = max(self.size, len(text))
        return took

    def _floor(self, asked: Asked) -> float:
        return self._send("GET", f"/floor?id={asked['messageId'].strip('<>')}", None, {})[0]

    def _send(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str]
    ) -> tuple[float, http.client.HTTPResponse, bytes]:
        started = time.perf_counter()
        self.connection.request(method, path, body, dict(headers))
        answer = self.connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - started) * 1000
        assert answer.status == http.client.OK, text[:300]
        return took, answer, text


def mails_of(stock: Stock) -> list[Asked]:
    """Seventy that the store has, twenty of them the busy contact's; ten strangers' and twenty to fifty people, new."""
    step = stock.messages // 50
    spread = [1 + step * i for i in range(50)]
    busy = [stock.messages - BUSY * i - stock.messages % BUSY for i in range(20)]
    known = [_stored(stock, mail) for mail in (*spread, *busy)]
    strangers = [_new(i, f"Kim <kim{i}@fjord{i}.example>", OWNER) for i in range(10)]
    crowds = [_new(100 + i, stock.contact_of(i), OWNER, _crowd(stock, i)) for i in range(20)]
    return [*known, *strangers, *crowds]


def _stored(stock: Stock, mail: int) -> Asked:
    contact = stock.contact_of(mail)
    sender, to = (OWNER, contact) if mail % 3 == 0 else (contact, OWNER)
    return {"messageId": f"<m{mail}@mail.example>", "from": sender, "to": to, "subject": f"Offer {mail}"}


def _new(number: int, sender: str, to: str, cc: str = "") -> Asked:
    return {"messageId": f"<new{number}@mail.example>", "from": sender, "to": to, "cc": cc, "subject": "Offer"}


def _crowd(stock: Stock, number: int) -> str:
    return ", ".join(f'"Person, {i}" <{stock.contact_of(number + 1 + i)}>' for i in range(49))


@contextmanager
def _served(url: str, stock: Stock, certificates: str, token: str) -> Iterator[Place]:
    """A filled store behind gunicorn, asked over one kept connection."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--threads", "8", "--workers", "1", "--keep-alive", "60", "bench.served:application()"]
    with subprocess.Popen(command, env=_environment(url, certificates), stderr=subprocess.DEVNULL) as process:
        try:
            yield Place(stock, _connected(port), token, mails_of(stock))
        finally:
            process.terminate()


def _environment(url: str, certificates: str) -> dict[str, str]:
    return {
        **os.environ,
        "ENLACE_DATABASE_URL": url,
        "ENLACE_SECRET_KEY": "a secret only for benches, of no use to anybody",
        "ENLACE_TOKEN_KEYS": "0" * 43 + "=",
        "ENLACE_PUBLIC_URL": "https://crm.example.com",
        "ENLACE_GOOGLE_CERTS_URL": certificates,
        "ENLACE_ADDON_AUDIENCE": AUDIENCE,
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _connected(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    until = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            connection.connect()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return connection
