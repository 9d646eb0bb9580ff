"""The emulator's memory: one SQLite database, in a file that outlives it or in a temporary one that can spill to disk.

Every list, history page and get is answered from an index, so that a mailbox of a million messages stays quick. Raw
mail stands in a table of its own, so that scans of the rest never drag it along.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import RLock
from typing import Any

from backend.kit.clock import Clock, to_epoch_ms
from backend.kit.errors import UserError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mailbox (
    id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, history_id INTEGER NOT NULL, oldest_history INTEGER NOT NULL,
    messages_total INTEGER NOT NULL DEFAULT 0, threads_total INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS send_as (
    mailbox INTEGER NOT NULL, address TEXT NOT NULL, canonical TEXT NOT NULL, display_name TEXT NOT NULL,
    is_primary INTEGER NOT NULL, PRIMARY KEY (mailbox, address)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS send_as_by_address ON send_as (canonical);
CREATE TABLE IF NOT EXISTS label (
    mailbox INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, settings TEXT NOT NULL,
    PRIMARY KEY (mailbox, id)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS label_by_name ON label (mailbox, name COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, id INTEGER NOT NULL, thread INTEGER NOT NULL,
    date_ms INTEGER NOT NULL, size INTEGER NOT NULL, history_id INTEGER NOT NULL, labels TEXT NOT NULL,
    hidden INTEGER NOT NULL, key TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS message_by_id ON message (mailbox, id);
CREATE INDEX IF NOT EXISTS message_by_date ON message (mailbox, hidden, date_ms, seq);
CREATE INDEX IF NOT EXISTS message_by_thread ON message (mailbox, thread, date_ms);
CREATE INDEX IF NOT EXISTS message_by_key ON message (mailbox, key);
CREATE TABLE IF NOT EXISTS content (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tagged (
    mailbox INTEGER NOT NULL, label TEXT NOT NULL, date_ms INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (mailbox, label, date_ms, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS thread (
    mailbox INTEGER NOT NULL, id INTEGER NOT NULL, subject TEXT NOT NULL, messages INTEGER NOT NULL,
    PRIMARY KEY (mailbox, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trail (
    mailbox INTEGER NOT NULL, key TEXT NOT NULL, subject TEXT NOT NULL, thread INTEGER NOT NULL,
    PRIMARY KEY (mailbox, key, subject)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trail_by_thread ON trail (mailbox, thread);
CREATE TABLE IF NOT EXISTS history (
    mailbox INTEGER NOT NULL, id INTEGER NOT NULL, kind INTEGER NOT NULL, message INTEGER NOT NULL,
    thread INTEGER NOT NULL, labels TEXT NOT NULL, added TEXT NOT NULL, removed TEXT NOT NULL,
    PRIMARY KEY (mailbox, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draft (
    mailbox INTEGER NOT NULL, id TEXT NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (mailbox, id)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS draft_by_message ON draft (mailbox, message);
CREATE TABLE IF NOT EXISTS watch (
    mailbox INTEGER PRIMARY KEY, topic TEXT NOT NULL, labels TEXT NOT NULL, is_exclude INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, data TEXT NOT NULL, published_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS grant_given (
    refresh_token TEXT PRIMARY KEY, address TEXT NOT NULL, scope TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS access_token (
    token TEXT PRIMARY KEY, refresh_token TEXT NOT NULL, address TEXT NOT NULL, scope TEXT NOT NULL,
    expires_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revoked (address TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source (
    mailbox INTEGER NOT NULL, fingerprint TEXT NOT NULL, messages INTEGER NOT NULL,
    PRIMARY KEY (mailbox, fingerprint)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    sender, recipients, cc, bcc, subject, body, filename, has, list,
    content='', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER IF NOT EXISTS message_added AFTER INSERT ON message BEGIN
    UPDATE mailbox SET messages_total = messages_total + 1 WHERE id = new.mailbox;
    UPDATE thread SET messages = messages + 1 WHERE mailbox = new.mailbox AND id = new.thread;
END;
CREATE TRIGGER IF NOT EXISTS message_removed AFTER DELETE ON message BEGIN
    UPDATE mailbox SET messages_total = messages_total - 1 WHERE id = old.mailbox;
    UPDATE thread SET messages = messages - 1 WHERE mailbox = old.mailbox AND id = old.thread;
    DELETE FROM thread WHERE mailbox = old.mailbox AND id = old.thread AND messages = 0;
END;
CREATE TRIGGER IF NOT EXISTS thread_added AFTER INSERT ON thread BEGIN
    UPDATE mailbox SET threads_total = threads_total + 1 WHERE id = new.mailbox;
END;
CREATE TRIGGER IF NOT EXISTS thread_removed AFTER DELETE ON thread BEGIN
    UPDATE mailbox SET threads_total = threads_total - 1 WHERE id = old.mailbox;
    DELETE FROM trail WHERE mailbox = old.mailbox AND thread = old.id;
END;
"""

Row = tuple[Any, ...]

# Message ids look like Gmail's of late 2026: sixteen hexadecimal digits that grow.
_FIRST_MESSAGE_ID = 0x19A0_0000_0000_0000
_NOISE_BITS = 24


class Store:
    """One connection and one lock: every call is a transaction of its own, and nested ones join the outermost."""

    def __init__(self, path: Path | None, *, clock: Clock, seed: int) -> None:
        """Open or make the state. Raises `UserError` where the file is something else.

        A file keeps the seed that it was made with.
        """
        self.clock = clock
        self._lock = RLock()
        # The mailboxes that the running transaction changes, with the labels that are touched: for push notices.
        self.changed: dict[int, set[str]] = {}
        # How far each name was counted; `_counted` are those that the running transaction counted on.
        self._numbers: dict[str, int] = {}
        self._counted: set[str] = set()
        # An empty name is SQLite's private temporary database: in memory while small, on disk when it grows.
        self._connection = sqlite3.connect(path or "", isolation_level=None, check_same_thread=False)
        # A file must outlive a kill in the midst of a change; what is temporary need not.
        journal = "TRUNCATE" if path else "MEMORY"
        try:
            self._connection.executescript(
                f"PRAGMA synchronous = OFF; PRAGMA journal_mode = {journal}; PRAGMA cache_size = -65536;" + _SCHEMA
            )
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise UserError(f"{path} is not an emulator's state ({error}). Name another file for --state.") from error
        self.execute("INSERT OR IGNORE INTO meta VALUES ('seed', ?)", seed)
        self.seed = int(self.value("SELECT value FROM meta WHERE name = 'seed'"))

    def close(self) -> None:
        """Close the database; a temporary one is gone then."""
        with self._lock:
            self._connection.close()

    def reading(self) -> AbstractContextManager[bool]:
        """Hold the lock, so that nothing changes between two questions."""
        return self._lock

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; keep everything, or nothing where the block raises."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
                self._keep_numbers()
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                self.changed.clear()
                self._numbers.clear()
                self._counted.clear()
                raise

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement."""
        with self._lock:
            return self._connection.execute(sql, values)

    def execute_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run one statement with each of the rows."""
        with self._lock:
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """Return the first row of a query, None where there is none."""
        with self._lock:
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row, None where there is none."""
        found = self.row(sql, *values)
        return None if found is None else found[0]

    def now_ms(self) -> int:
        """Return the clock's time as Gmail counts it: milliseconds since 1970."""
        return to_epoch_ms(self.clock.now())

    def next_number(self, name: str) -> int:
        """Count: 1, 2, 3, … a name. It is written down as the transaction ends."""
        key = f"next {name}"
        with self.transaction():
            if key not in self._numbers:
                self._numbers[key] = int(self.value("SELECT value FROM meta WHERE name = ?", key) or 0)
            self._numbers[key] += 1
            self._counted.add(key)
            return self._numbers[key]

    def _keep_numbers(self) -> None:
        if self._counted:
            rows = [(key, self._numbers[key]) for key in sorted(self._counted)]
            self.execute_many("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)
            self._counted.clear()

    def new_message(self) -> tuple[int, int]:
        """Return the number of a new message, which no other ever has, and its id.

        The id grows, looks like Gmail's, and is the same for the same seed and sequence of calls.
        """
        number = self.next_number("message")
        noise = self.noise("message", number, _NOISE_BITS)
        return number, _FIRST_MESSAGE_ID + (number << _NOISE_BITS) + noise

    def noise(self, name: str, number: int, bits: int) -> int:
        """Return `bits` (at most 64) of randomness that depend on seed, name and number alone."""
        digest = blake2b(f"{self.seed} {name} {number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) >> (64 - bits)
