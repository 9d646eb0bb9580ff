"""Labels: Gmail's own, and those that people make."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from backend.gmail.emulator import refusals
from backend.gmail.emulator.mailbox import Mailbox, stored

Json = dict[str, Any]

CATEGORIES = ("CATEGORY_PERSONAL", "CATEGORY_SOCIAL", "CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS")
SYSTEM = ("CHAT", "SENT", "INBOX", "IMPORTANT", "TRASH", "DRAFT", "SPAM", *CATEGORIES, "STARRED", "UNREAD")
# What only Gmail itself puts on a message.
FIXED = frozenset({"CHAT", "SENT", "DRAFT"})

_SETTINGS = ("messageListVisibility", "labelListVisibility", "color")
_NAME_LIMIT = 225


def all_labels(mailbox: Mailbox) -> list[Json]:
    """Every label as `labels.list` shows it: Gmail's own, then the others in the order in which they were made."""
    sql = "SELECT id, name, settings FROM label WHERE mailbox = ? ORDER BY length(id), id"
    own = mailbox.store.rows(sql, mailbox.id)
    return [*({"id": name, "name": name, "type": "system"} for name in SYSTEM), *(_shown(*row) for row in own)]


def get_label(mailbox: Mailbox, label_id: str) -> Json:
    """One label, without its counts. Raises a 404."""
    if label_id in SYSTEM:
        return {"id": label_id, "name": label_id, "type": "system"}
    sql = "SELECT id, name, settings FROM label WHERE mailbox = ? AND id = ?"
    found = mailbox.store.row(sql, mailbox.id, label_id)
    if found is None:
        raise refusals.not_found()
    return _shown(*found)


def counts(mailbox: Mailbox, label_id: str) -> Json:
    """Count the label's messages and threads, all and unread."""
    sql = """SELECT count(*), count(DISTINCT m.thread), count(u.seq), count(DISTINCT iif(u.seq IS NULL, NULL, m.thread))
        FROM tagged t JOIN message m ON m.seq = t.seq LEFT JOIN tagged u ON u.mailbox = t.mailbox
        AND u.label = 'UNREAD' AND u.date_ms = t.date_ms AND u.seq = t.seq WHERE t.mailbox = ? AND t.label = ?"""
    (row,) = mailbox.store.rows(sql, mailbox.id, label_id)
    return dict(zip(("messagesTotal", "threadsTotal", "messagesUnread", "threadsUnread"), row, strict=True))


def create_label(mailbox: Mailbox, body: Json) -> Json:
    """Make a label. Raises 409 where the name is taken, 400 where it is none."""
    name = _checked_name(mailbox, body, own_id="")
    label_id = f"Label_{mailbox.store.next_number(f'label of {mailbox.id}')}"
    settings = json.dumps(_settings(body))
    mailbox.store.execute("INSERT INTO label VALUES (?, ?, ?, ?)", mailbox.id, label_id, name, settings)
    return get_label(mailbox, label_id)


def change_label(mailbox: Mailbox, label_id: str, body: Json, *, is_patch: bool) -> Json:
    """Rename or restyle a label. Gmail's own cannot be changed (400)."""
    before = get_label(mailbox, label_id)
    _refuse_system(label_id)
    merged = {**before, **body} if is_patch else body
    name = _checked_name(mailbox, merged, own_id=label_id)
    sql = "UPDATE label SET name = ?, settings = ? WHERE mailbox = ? AND id = ?"
    mailbox.store.execute(sql, name, json.dumps(_settings(merged)), mailbox.id, label_id)
    return get_label(mailbox, label_id)


def delete_label(mailbox: Mailbox, label_id: str) -> None:
    """Delete a label and take it off every message."""
    get_label(mailbox, label_id)
    _refuse_system(label_id)
    sql = """SELECT m.seq, m.id, thread, m.date_ms, size, history_id, labels FROM tagged t JOIN message m USING (seq)
        WHERE t.mailbox = ? AND t.label = ?"""
    for row in mailbox.store.rows(sql, mailbox.id, label_id):
        mailbox.relabel(stored(row), remove=[label_id])
    mailbox.store.execute("DELETE FROM label WHERE mailbox = ? AND id = ?", mailbox.id, label_id)


def check_labels(mailbox: Mailbox, label_ids: Iterable[str], *, fixed_allowed: frozenset[str] = frozenset()) -> None:
    """Raise a 400 for a label that is not there, or that only Gmail itself may put on a message."""
    for label_id in label_ids:
        if label_id in FIXED - fixed_allowed:
            raise refusals.invalid(f"Invalid label: {label_id}")
        if label_id not in SYSTEM and find_label_id(mailbox, label_id) != label_id:
            raise refusals.invalid(f"Invalid label: {label_id}")


def find_label_id(mailbox: Mailbox, name: str) -> str | None:
    """Find a label by its id or by its name as search writes it: in any case, dashes for blanks and slashes."""
    if name.upper() in SYSTEM:
        return name.upper()
    wanted = _as_searched(name)
    sql = "SELECT id, name FROM label WHERE mailbox = ?"
    for label_id, label_name in mailbox.store.rows(sql, mailbox.id):
        if label_id == name or _as_searched(label_name) == wanted:
            return str(label_id)
    return None


def label_named(mailbox: Mailbox, name: str) -> str:
    """Return the id of the label of that name, made where there is none."""
    sql = "SELECT id FROM label WHERE mailbox = ? AND name = ? COLLATE NOCASE"
    found = mailbox.store.value(sql, mailbox.id, name)
    return str(found or create_label(mailbox, {"name": name})["id"])


def _as_searched(name: str) -> str:
    return re.sub(r"[\s/&]+", "-", name.strip()).casefold()


def _checked_name(mailbox: Mailbox, body: Json, *, own_id: str) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _NAME_LIMIT:
        raise refusals.invalid("Invalid label name")
    sql = "SELECT 1 FROM label WHERE mailbox = ? AND name = ? COLLATE NOCASE AND id != ?"
    if name.upper() in SYSTEM or mailbox.store.row(sql, mailbox.id, name, own_id):
        raise refusals.Refusal(409, "aborted", "Label name exists or conflicts")
    return name


def _refuse_system(label_id: str) -> None:
    if label_id in SYSTEM:
        raise refusals.invalid("Invalid delete or update request: system label")


def _settings(body: Json) -> Json:
    return {name: body[name] for name in _SETTINGS if name in body}


def _shown(label_id: str, name: str, settings: str) -> Json:
    return {"id": label_id, "name": name, "type": "user", **json.loads(settings)}
