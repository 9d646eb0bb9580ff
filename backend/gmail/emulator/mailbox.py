"""One mailbox: its messages, their labels and threads, and the history that every change leaves.

All verbs come down to `add`, `remove` and `relabel`; each writes its history record, so that history cannot disagree
with what the mailbox holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag

from backend.gmail.emulator import refusals
from backend.gmail.emulator.reading import Envelope, canonical
from backend.gmail.emulator.store import Row, Store
from backend.gmail.mime import read_headers

HIDING = frozenset({"TRASH", "SPAM"})
_FIRST_HISTORY_ID = 1_000
_HISTORY_STEP_BITS = 5


class Kind(IntFlag):
    """What a history record tells; one change may tell several."""

    ADDED = 1
    DELETED = 2
    LABELS_ADDED = 4
    LABELS_REMOVED = 8


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as the mailbox keeps it, without its bytes."""

    seq: int
    id: int
    thread: int
    date_ms: int
    size: int
    history_id: int
    labels: tuple[str, ...]


_COLUMNS = "seq, id, thread, date_ms, size, history_id, labels"


def open_mailbox(store: Store, address: str, *, display_name: str = "") -> Mailbox:
    """Return the mailbox of that address, made empty where it does not exist yet."""
    address = address.strip().lower()
    with store.transaction():
        found = store.value("SELECT id FROM mailbox WHERE address = ?", address)
        if found is None:
            first = _FIRST_HISTORY_ID + store.noise(address, 0, 12)
            sql = "INSERT INTO mailbox (address, history_id, oldest_history) VALUES (?, ?, ?) RETURNING id"
            found = store.value(sql, address, first, first)
            mailbox = Mailbox(store, found, address)
            mailbox.add_alias(address, display_name, is_primary=True)
        return Mailbox(store, found, address)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox of the store. All methods expect to run inside `Store.transaction`."""

    store: Store
    id: int
    address: str

    def add_alias(self, address: str, display_name: str = "", *, is_primary: bool = False) -> None:
        """Let the mailbox send from an address, and receive what is sent to it."""
        row = (self.id, address.lower(), canonical(address), display_name, is_primary)
        self.store.execute("INSERT OR REPLACE INTO send_as VALUES (?, ?, ?, ?, ?)", *row)

    def owns(self, address: str) -> bool:
        """Whether mail to that address arrives here."""
        sql = "SELECT 1 FROM send_as WHERE mailbox = ? AND canonical = ?"
        return self.store.row(sql, self.id, canonical(address)) is not None

    # Changes

    def add(
        self,
        raw: bytes,
        labels: Iterable[str],
        *,
        date_ms: int,
        thread: int | None = None,
        trail: str = "",
        mail: Envelope | None = None,
    ) -> Stored:
        """Store a message. `thread`: the thread asked for; it is taken where the subject agrees, as Gmail does.

        `trail`: a name that all mails of one thread share, where somebody else (Google Takeout) has threaded them.
        `mail`: what the headers say, where the caller has read them already.
        """
        mail = mail or Envelope(read_headers(raw))
        seq, message_id = self.store.new_message()
        joined = self._join(mail, message_id, thread, trail)
        held = tuple(sorted(set(labels)))
        history_id = self._record(Kind.ADDED, message_id, joined, held)
        place = (seq, self.id, message_id, joined)
        facts = (date_ms, len(raw), history_id, " ".join(held), _is_hidden(held), mail.key)
        self.store.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *place, *facts)
        self.store.execute("INSERT INTO content VALUES (?, ?)", seq, raw)
        self._tag(seq, date_ms, held)
        return Stored(seq, message_id, joined, date_ms, len(raw), history_id, held)

    def remove(self, message: Stored) -> None:
        """Delete for good; a draft of it is gone too."""
        store = self.store
        store.execute("DELETE FROM draft WHERE mailbox = ? AND message = ?", self.id, message.id)
        self._untag(message, message.labels)
        store.execute("DELETE FROM content WHERE seq = ?", message.seq)
        store.execute("DELETE FROM message WHERE seq = ?", message.seq)
        self._record(Kind.DELETED, message.id, message.thread, message.labels)

    def relabel(self, message: Stored, *, add: Collection[str] = (), remove: Collection[str] = ()) -> Stored:
        """Change labels; what changes nothing leaves no history, as at Gmail."""
        added = tuple(sorted(set(add) - set(message.labels)))
        removed = tuple(sorted(set(remove) & set(message.labels) - set(add)))
        if not added and not removed:
            return message
        held = tuple(sorted({*message.labels, *added} - set(removed)))
        self._untag(message, removed)
        self._tag(message.seq, message.date_ms, added)
        kind = (Kind.LABELS_ADDED if added else Kind(0)) | (Kind.LABELS_REMOVED if removed else Kind(0))
        history_id = self._record(kind, message.id, message.thread, held, added, removed)
        sql = "UPDATE message SET labels = ?, hidden = ?, history_id = ? WHERE seq = ?"
        self.store.execute(sql, " ".join(held), _is_hidden(held), history_id, message.seq)
        return self.get(message.id)

    def register_draft(self, message: Stored) -> str:
        """Make a stored message a draft, and return the draft's id."""
        draft_id = f"r{self.store.noise('draft', message.id, 63) + 1}"
        self.store.execute("INSERT INTO draft VALUES (?, ?, ?)", self.id, draft_id, message.id)
        return draft_id

    # Questions

    def get(self, message_id: int) -> Stored:
        """One message. Raises a 404."""
        sql = f"SELECT {_COLUMNS} FROM message WHERE mailbox = ? AND id = ?"  # noqa: S608 - our own column names
        found = self.store.row(sql, self.id, message_id)
        if found is None:
            raise refusals.not_found()
        return stored(found)

    def thread(self, thread_id: int) -> list[Stored]:
        """Return a thread's messages, oldest first. Raises a 404."""
        sql = f"SELECT {_COLUMNS} FROM message WHERE mailbox = ? AND thread = ? ORDER BY date_ms, seq"  # noqa: S608
        found = [stored(row) for row in self.store.rows(sql, self.id, thread_id)]
        if not found:
            raise refusals.not_found()
        return found

    def raw(self, message: Stored) -> bytes:
        """Return the message's bytes."""
        return bytes(self.store.value("SELECT raw FROM content WHERE seq = ?", message.seq))

    def history_id(self) -> int:
        """Return the present historyId."""
        return int(self.store.value("SELECT history_id FROM mailbox WHERE id = ?", self.id))

    # Threads

    def _join(self, mail: Envelope, message_id: int, asked: int | None, trail: str) -> int:
        """Find the message's thread, or begin one that bears its id; and leave a trail for what follows."""
        thread = self._asked_thread(mail, asked) or self._trail_thread(mail, trail) or message_id
        if thread == message_id:
            self.store.execute("INSERT INTO thread VALUES (?, ?, ?, 0)", self.id, thread, mail.subject)
        keys = {(key, mail.subject) for key in (mail.key, *mail.references) if key}
        keys |= {(trail, "")} if trail else set()
        rows = [(self.id, key, subject, thread) for key, subject in sorted(keys)]
        self.store.execute_many("INSERT OR IGNORE INTO trail VALUES (?, ?, ?, ?)", rows)
        return thread

    def _asked_thread(self, mail: Envelope, asked: int | None) -> int | None:
        if asked is None:
            return None
        subject = self.store.value("SELECT subject FROM thread WHERE mailbox = ? AND id = ?", self.id, asked)
        if subject is None:
            raise refusals.not_found()
        return asked if subject == mail.subject else None

    def _trail_thread(self, mail: Envelope, trail: str) -> int | None:
        """Return the oldest thread that a Message-ID of this mail leads to and whose subject agrees."""
        sql = "SELECT thread FROM trail WHERE mailbox = ? AND key = ? AND subject = ?"
        if trail:
            found: int | None = self.store.value(sql, self.id, trail, "")
            return found
        threads = [self.store.value(sql, self.id, key, mail.subject) for key in (mail.key, *mail.references) if key]
        return min((thread for thread in threads if thread is not None), default=None)

    # Labels and history

    def _tag(self, seq: int, date_ms: int, labels: Sequence[str]) -> None:
        rows = [(self.id, label, date_ms, seq) for label in labels]
        self.store.execute_many("INSERT INTO tagged VALUES (?, ?, ?, ?)", rows)

    def _untag(self, message: Stored, labels: Sequence[str]) -> None:
        sql = "DELETE FROM tagged WHERE mailbox = ? AND label = ? AND date_ms = ? AND seq = ?"
        self.store.execute_many(sql, [(self.id, label, message.date_ms, message.seq) for label in labels])

    def _record(
        self,
        kind: Kind,
        message: int,
        thread: int,
        labels: Sequence[str],
        *changed: Sequence[str],
    ) -> int:
        """Write one history record and return its id; ids grow by uneven steps, as Gmail's do.

        `changed`: the labels added and those removed, where labels changed.
        """
        added, removed = changed or ((), ())
        step = 1 + self.store.noise("history", message ^ int(kind), _HISTORY_STEP_BITS)
        sql = "UPDATE mailbox SET history_id = history_id + ? WHERE id = ? RETURNING history_id"
        history_id = int(self.store.value(sql, step, self.id))
        values = (self.id, history_id, int(kind), message, thread, " ".join(labels), " ".join(added), " ".join(removed))
        self.store.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
        self.store.changed.setdefault(self.id, set()).update(labels, added, removed)
        return history_id


def stored(row: Row) -> Stored:
    """Read a row of `_COLUMNS`."""
    seq, message_id, thread, date_ms, size, history_id, labels = row
    return Stored(seq, message_id, thread, date_ms, size, history_id, tuple(labels.split()))


def _is_hidden(labels: Collection[str]) -> bool:
    return not HIDING.isdisjoint(labels)
