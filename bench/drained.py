"""One process that does nothing but sync a mailbox into an empty database, so that its CPU and memory can be told.

`python -m bench.drained GMAIL_URL DATABASE_URL` prints `{"messages", "cpu_ms", "peak_mb"}`: CPU of this process from
the first drain to the last, and the most memory that it ever held.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import GrantKind, Role
from backend.db import Database
from backend.gmail.google import GoogleMail
from backend.kit.clock import SystemClock
from backend.kit.memory import spare_what_is_loaded
from backend.mail.addresses import key_of
from backend.migrations import upgrade
from backend.records.service import make_sales_pipeline
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.store import ensure_state
from bench.correspondence import OWNER, Bearer


@dataclass(frozen=True, slots=True)
class Drained:
    """What a child process spent on a mailbox."""

    messages: int
    cpu_ms: float
    peak_mb: float

    @property
    def cpu_ms_a_message(self) -> float:
        """CPU of the client; a database server's own is not in it."""
        return self.cpu_ms / self.messages


def drained(gmail_url: str, database_url: str) -> Drained:
    """Sync the mailbox in a child process."""
    command = [sys.executable, "-m", "bench.drained", gmail_url, database_url]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Drained(**json.loads(answer.stdout.splitlines()[-1]))


def main(gmail_url: str, database_url: str) -> None:
    """Migrate, sync, print."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    db, mailbox_id = open_mailbox(database_url)
    google, clock = GoogleMail(gmail_url, SystemClock()), SystemClock()
    gmail = google.open(Bearer(OWNER))
    settled: list[int] = []
    spare_what_is_loaded()  # as the worker does
    started, end = time.process_time(), End.MORE
    while end is End.MORE:
        end = drain_mailbox(db, clock, lambda _id: gmail, mailbox_id, progress=settled.append)
    spent = time.process_time() - started
    assert end is End.DONE
    print(json.dumps({"messages": sum(settled), "cpu_ms": spent * 1000, "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    """The most memory that this process held; `getrusage` would also count what its parent held when it was forked."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


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


if __name__ == "__main__":
    main(*sys.argv[1:])
