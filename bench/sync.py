"""CPU a message through the whole pipeline, as a ratio to the least that any sync must do.

Pipeline: HTTP emulator in a process of its own → batch get → parse → classify → store → link → searchable.
Floor, in the same run on the same mail: list, batch get in full, JSON and base64 decoded, `executemany` of message and
participants, nothing else.
"""

from __future__ import annotations

import base64
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import requests

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import GrantKind, Role
from backend.db import Database
from backend.gmail.google import GoogleMail
from backend.kit.clock import SystemClock
from backend.mail.addresses import key_of
from backend.migrations import upgrade
from backend.records.service import make_sales_pipeline
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.store import ensure_state
from bench.figure import Figure

MESSAGES = 3_000
PEOPLE, COMPANIES = 400, 60
BATCH = 50
OWNER = "ana@acme.example"
BAR = 9.0
WORDS = ["the", "offer", "price", "seats", "warehouse", "kit", "energy", "meter", "factory", "contract", "tomorrow"]


def run() -> Iterator[Figure]:
    """Measure both in one run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mbox(folder / "mail.mbox", MESSAGES)
        with emulator(folder / "mail.mbox") as url:
            floor = min(_floor_ms(url, folder / f"floor{n}.db") for n in range(2))
            pipeline = _pipeline_ms(url, folder)
    yield Figure("sync", "floor_cpu_ms_a_message", floor)
    yield Figure("sync", "pipeline_cpu_ms_a_message", pipeline)
    yield Figure("sync", "cpu_ratio_to_floor", pipeline / floor, BAR)


def write_mbox(path: Path, messages: int) -> None:
    """Invented correspondence: 400 people, threads, quotes, some newsletters; about 3 kB each."""
    chance = random.Random(11)
    with path.open("wb") as file:
        for number in range(messages):
            file.write(
                b"From x@y Mon Jan  5 09:00:00 2026\n" + _mail(number, chance).replace(b"\nFrom ", b"\n>From ") + b"\n"
            )


def _mail(number: int, chance: random.Random) -> bytes:
    who = chance.randrange(PEOPLE)
    person = f"p{who}@c{who % COMPANIES}.example"
    sender, to = (OWNER, person) if number % 3 == 0 else (person, OWNER)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, f"{chance.choice(WORDS)} {number % 700}"
    mail["Date"] = f"{number % 28 + 1:02} Jan 2026 {number % 24:02}:{number % 60:02}:00 +0000"
    mail["Message-ID"] = f"<{number}@mail.example>"
    if number % 2 and number > 700:
        mail["In-Reply-To"] = mail["References"] = f"<{number - 700}@mail.example>"
    if number % 8 == 0:
        mail["List-Id"] = "<news.shop.example>"
    text = "\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(25))
    mail.set_content(f"{text}\n\nOn Monday somebody wrote:\n> " + text.replace("\n", "\n> ")[:800])
    return mail.as_bytes()


@contextmanager
def emulator(mbox: Path) -> Iterator[str]:
    """A Gmail in a process of its own, so that its CPU is nobody's."""
    command = [sys.executable, "-m", "backend", "emulator", "--port", "0", "--owner", OWNER, "--mbox", str(mbox)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        try:
            yield url.rstrip("/.")
        finally:
            process.terminate()


def _floor_ms(url: str, file: Path) -> float:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {OWNER}"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE message (id TEXT PRIMARY KEY, at INT, subject TEXT, body BLOB)")
        db.execute("CREATE TABLE participant (message TEXT, role TEXT, address TEXT)")
        started, count = time.process_time(), 0
        for ids in _listed(session, url):
            for start in range(0, len(ids), BATCH):
                count += _floor_batch(session, url, ids[start : start + BATCH], db)
        spent = time.process_time() - started
    db.close()
    return spent * 1000 / count


def _listed(session: requests.Session, url: str) -> Iterator[list[str]]:
    token = ""
    while True:
        page = session.get(f"{url}/gmail/v1/users/me/messages?maxResults=500&pageToken={token}", timeout=60).json()
        yield [m["id"] for m in page["messages"]]
        token = page.get("nextPageToken", "")
        if not token:
            return


def _floor_batch(session: requests.Session, url: str, ids: list[str], db: sqlite3.Connection) -> int:
    parts = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <{i}>\r\n\r\n"
        f"GET /gmail/v1/users/me/messages/{i}?format=full HTTP/1.1\r\n\r\n"
        for i in ids
    )
    answer = session.post(
        f"{url}/batch/gmail/v1",
        data=f"{parts}--b--",
        headers={"Content-Type": "multipart/mixed; boundary=b"},
        timeout=60,
    )
    boundary = b"--" + answer.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
    messages = [json.loads(part[part.index(b"{") :]) for part in answer.content.split(boundary) if b"{" in part]
    rows, people = [], []
    for message in messages:
        headers = {h["name"]: h["value"] for h in message["payload"]["headers"]}
        body = base64.urlsafe_b64decode(message["payload"]["body"].get("data", ""))
        rows.append((message["id"], int(message["internalDate"]), headers["Subject"], body))
        people += [(message["id"], role, headers[role]) for role in ("From", "To")]
    db.executemany("INSERT INTO message VALUES (?, ?, ?, ?)", rows)
    db.executemany("INSERT INTO participant VALUES (?, ?, ?)", people)
    db.commit()
    return len(messages)


def _pipeline_ms(url: str, folder: Path) -> float:
    db, mailbox_id = open_mailbox(f"sqlite:///{folder / 'pipeline.db'}")
    google, clock = GoogleMail(url, SystemClock()), SystemClock()
    gmail = google.open(Bearer(OWNER))
    settled: list[int] = []
    started, end = time.process_time(), End.MORE
    while end is End.MORE:
        end = drain_mailbox(db, clock, lambda _id: gmail, mailbox_id, progress=settled.append)
    spent = time.process_time() - started
    google.close()
    db.dispose()
    assert end is End.DONE
    assert sum(settled) == MESSAGES
    return spent * 1000 / MESSAGES


@dataclass
class Bearer:
    """The emulator takes an address as access token."""

    address: str

    def token(self) -> str:
        """The token."""
        return self.address

    def renew(self) -> None:
        """It never goes stale."""


def open_mailbox(database_url: str) -> tuple[Database, int]:
    """A fresh workspace with one mailbox; returns the mailbox's id."""
    db, clock = Database(database_url), SystemClock()
    upgrade(db)
    with db.write() as session:
        workspace = create_workspace(session, clock, "Acme", domain="acme.example")
        make_sales_pipeline(session, workspace.id)
        user = create_user(session, clock, workspace, email=OWNER, role=Role.REP)
        vault = Vault([base64.urlsafe_b64encode(os.urandom(32)).decode()])
        mailbox = connect_mailbox(
            session, clock, vault, user, address=OWNER, address_key=key_of(OWNER), kind=GrantKind.EMULATOR
        )
        ensure_state(session, mailbox, clock.now())
        return db, mailbox.id
