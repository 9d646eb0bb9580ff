"""Pages of messages and of history: always from an index, never the whole mailbox."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from backend.gmail.emulator import refusals
from backend.gmail.emulator.mailbox import Kind, Mailbox
from backend.gmail.emulator.query import Condition, Search, has_label, parse
from backend.gmail.emulator.reading import search_words
from backend.gmail.emulator.store import Row
from backend.gmail.payload import payload_of

# Gmail's own estimate is hardly ever more than this once there is a further page.
_ESTIMATE_WITH_MORE = 201
_INDEX_CHUNK = 500
_INDEX = """INSERT INTO words (rowid, sender, recipients, cc, bcc, subject, body, filename, has, list)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


@dataclass(frozen=True, slots=True)
class Page:
    """Message and thread ids, newest first; the token of the next page; Gmail's poor estimate of the whole."""

    refs: list[tuple[int, int]]
    next_page_token: str | None
    estimate: int


def list_messages(
    mailbox: Mailbox,
    *,
    query: str = "",
    label_ids: Sequence[str] = (),
    include_spam_trash: bool = False,
    limit: int = 100,
    page_token: str = "",
    one_per_thread: bool = False,
) -> Page:
    """Return a page, newest first by internalDate. Raises a 400 for a token that is not from this very listing."""
    search = parse(query, mailbox)
    search.labels += label_ids
    search.includes_hidden |= include_spam_trash or not {"TRASH", "SPAM"}.isdisjoint(label_ids)
    purpose = json.dumps([query, list(label_ids), include_spam_trash, one_per_thread])
    position = _position(page_token, purpose)
    if search.needs_words:
        index_words(mailbox)
    rows = _select(mailbox, search, position, limit + 1, one_per_thread=one_per_thread)
    has_more = len(rows) > limit
    rows = rows[:limit]
    token = _token(purpose, rows[-1][2:]) if has_more else None
    estimate = _ESTIMATE_WITH_MORE if has_more or page_token else len(rows)
    return Page([(row[0], row[1]) for row in rows], token, estimate)


def _select(
    mailbox: Mailbox, search: Search, position: tuple[int, int] | None, limit: int, *, one_per_thread: bool
) -> list[Row]:
    """Read (id, thread, date_ms, seq), newest first, after a position."""
    tables, order, conditions = _plan(mailbox, search)
    if one_per_thread:
        conditions.append(_is_newest_of_thread(mailbox, search))
    if position:
        conditions.append(Condition(f"({order[0]}, {order[1]}) < (?, ?)", position))
    found = _all(conditions)
    sql = f"""SELECT m.id, m.thread, m.date_ms, m.seq FROM {tables} WHERE {found.sql}
        ORDER BY {order[0]} DESC, {order[1]} DESC LIMIT ?"""  # noqa: S608 - our own SQL; values are bound
    return mailbox.store.rows(sql, *found.values, limit)


def _plan(mailbox: Mailbox, search: Search) -> tuple[str, tuple[str, str], list[Condition]]:
    """Choose the index to read along: the words', the first label's, or that by date.

    A plus keeps SQLite from walking the mailbox by date where few messages are left by the words.
    """
    visible = [] if search.includes_hidden else [Condition("m.hidden = 0")]
    labels = list(map(has_label, search.labels))
    if search.is_selective:
        begin = [Condition("+m.mailbox = ?", (mailbox.id,))]
        return "message m", ("+m.date_ms", "+m.seq"), [*begin, *search.conditions, *labels, *visible]
    if search.labels:
        begin = [Condition("d.mailbox = ? AND d.label = ?", (mailbox.id, search.labels[0]))]
        tables = "tagged d CROSS JOIN message m ON m.seq = d.seq"
        return tables, ("d.date_ms", "d.seq"), [*begin, *labels[1:], *visible, *search.conditions]
    begin = [Condition("m.mailbox = ?", (mailbox.id,))]
    return "message m", ("m.date_ms", "m.seq"), [*begin, *visible, *search.conditions]


def _is_newest_of_thread(mailbox: Mailbox, search: Search) -> Condition:
    """Hold where no newer message of the thread fits as well: a thread stands once, where its newest fit stands."""
    fits = [*search.conditions, *map(has_label, search.labels)]
    fits += [] if search.includes_hidden else [Condition("m.hidden = 0")]
    among_others = _all([Condition("m.mailbox = ?", (mailbox.id,)), *fits])
    sql = f"""NOT EXISTS (SELECT 1 FROM message n WHERE n.thread = m.thread
        AND (n.date_ms, n.seq) > (m.date_ms, m.seq) AND {_MESSAGE_ALIAS.sub("n.", among_others.sql)})"""  # noqa: S608
    return Condition(sql, among_others.values)


_MESSAGE_ALIAS = re.compile(r"\bm\.")


def _all(conditions: list[Condition]) -> Condition:
    values = tuple(value for condition in conditions for value in condition.values)
    return Condition(" AND ".join(condition.sql for condition in conditions), values)


def index_words(mailbox: Mailbox) -> None:
    """Index the words of all mail that came since the last search; who never searches by words never pays for it."""
    store = mailbox.store
    done = int(store.value("SELECT value FROM meta WHERE name = 'words'") or 0)
    sql = "SELECT seq, raw FROM content WHERE seq > ? ORDER BY seq LIMIT ?"
    while rows := store.rows(sql, done, _INDEX_CHUNK):
        done = rows[-1][0]
        with store.transaction():
            store.execute_many(_INDEX, ((seq, *search_words(payload_of(raw))) for seq, raw in rows))
            store.execute("INSERT OR REPLACE INTO meta VALUES ('words', ?)", done)


def list_history(
    mailbox: Mailbox, start: int, *, kinds: Kind, label_id: str = "", limit: int = 100, page_token: str = ""
) -> tuple[list[Row], str | None]:
    """Return records after `start`, oldest first, and the token of the next page. Raises a 404 for an expired start."""
    oldest = mailbox.store.value("SELECT oldest_history FROM mailbox WHERE id = ?", mailbox.id)
    if start < oldest:
        raise refusals.not_found()
    purpose = json.dumps(["history", start, int(kinds), label_id])
    after = (_position(page_token, purpose) or (start, 0))[0]
    bears = "AND instr(' ' || labels || ' ' || added || ' ' || removed || ' ', ?)" if label_id else ""
    sql = f"""SELECT id, kind, message, thread, labels, added, removed FROM history
        WHERE mailbox = ? AND id > ? AND kind & ? {bears} ORDER BY id LIMIT ?"""  # noqa: S608 - values are bound
    label = (f" {label_id} ",) if label_id else ()
    rows = mailbox.store.rows(sql, mailbox.id, after, int(kinds), *label, limit + 1)
    has_more = len(rows) > limit
    return rows[:limit], _token(purpose, (rows[limit - 1][0], 0)) if has_more else None


def expire_history(mailbox: Mailbox, before: int | None = None) -> None:
    """Forget history before an id, by default all of it: an older startHistoryId then answers 404."""
    edge = mailbox.history_id() if before is None else before
    mailbox.store.execute("DELETE FROM history WHERE mailbox = ? AND id <= ?", mailbox.id, edge)
    mailbox.store.execute("UPDATE mailbox SET oldest_history = ? WHERE id = ?", edge, mailbox.id)


def _token(purpose: str, position: Collection[int]) -> str:
    """Make an opaque page token: where the page ended, bound to the listing that it belongs to."""
    text = ".".join([*map(str, position), _seal(purpose)])
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def _position(token: str, purpose: str) -> tuple[int, int] | None:
    if not token:
        return None
    try:
        first, second, seal = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii").split(".")
        position = int(first), int(second)
    except ValueError as error:
        raise refusals.invalid("Invalid pageToken") from error
    if seal != _seal(purpose):
        raise refusals.invalid("Invalid pageToken")
    return position


def _seal(purpose: str) -> str:
    return blake2b(purpose.encode(), digest_size=6).hexdigest()
