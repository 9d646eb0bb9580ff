"""users.getProfile, users.watch, users.stop and users.settings.sendAs."""

from __future__ import annotations

from datetime import timedelta

from backend.gmail.emulator import refusals
from backend.gmail.emulator.labels import check_labels
from backend.gmail.emulator.store import Row
from backend.gmail.emulator.verbs.request import Json, Request

WATCH_LIFE = timedelta(days=7)


def profile(request: Request) -> Json:
    """users.getProfile."""
    sql = "SELECT address, messages_total, threads_total, history_id FROM mailbox WHERE id = ?"
    (row,) = request.mailbox.store.rows(sql, request.mailbox.id)
    address, messages, threads, history_id = row
    totals = {"messagesTotal": messages, "threadsTotal": threads}
    return {"emailAddress": address, **totals, "historyId": str(history_id)}


def watch(request: Request) -> Json:
    """users.watch: renewing is watching again; another topic while one is watched is refused, as Gmail does."""
    mailbox, topic = request.mailbox, request.body.get("topicName")
    if not isinstance(topic, str) or not topic.startswith("projects/") or "/topics/" not in topic:
        raise refusals.invalid("Invalid topicName does not match projects/<project>/topics/*")
    labels = request.strings("labelIds")
    check_labels(mailbox, labels, fixed_allowed=frozenset({"SENT", "DRAFT", "CHAT"}))
    now_ms = mailbox.store.now_ms()
    sql = "SELECT topic FROM watch WHERE mailbox = ? AND expires_ms > ?"
    if mailbox.store.value(sql, mailbox.id, now_ms) not in {None, topic}:
        raise refusals.invalid(
            "Only one user push notification client allowed per developer (call /stop then try again)"
        )
    behaviour = request.body.get("labelFilterBehavior") or request.body.get("labelFilterAction")
    is_exclude = str(behaviour).lower() == "exclude"
    expires_ms = now_ms + WATCH_LIFE // timedelta(milliseconds=1)
    row = (mailbox.id, topic, " ".join(labels), is_exclude, expires_ms)
    mailbox.store.execute("INSERT OR REPLACE INTO watch VALUES (?, ?, ?, ?, ?)", *row)
    return {"historyId": str(mailbox.history_id()), "expiration": str(expires_ms)}


def stop(request: Request) -> Json:
    """users.stop: also where nothing was watched."""
    request.mailbox.store.execute("DELETE FROM watch WHERE mailbox = ?", request.mailbox.id)
    return {}


_SEND_AS = "SELECT address, display_name, is_primary FROM send_as WHERE mailbox = ?"


def send_as_list(request: Request) -> Json:
    """users.settings.sendAs.list: the primary address first."""
    rows = request.mailbox.store.rows(_SEND_AS + " ORDER BY is_primary DESC, address", request.mailbox.id)
    return {"sendAs": [_send_as(row) for row in rows]}


def send_as_get(request: Request) -> Json:
    """users.settings.sendAs.get."""
    found = request.mailbox.store.row(_SEND_AS + " AND address = ?", request.mailbox.id, request.ids["sendAsEmail"])
    if found is None:
        raise refusals.not_found()
    return _send_as(found)


def send_as_create(request: Request) -> Json:
    """users.settings.sendAs.create: verified at once, since nobody waits for a mail with a link here."""
    address, name = request.body.get("sendAsEmail"), request.body.get("displayName", "")
    if not isinstance(address, str) or "@" not in address or not isinstance(name, str):
        raise refusals.invalid("Invalid sendAsEmail")
    sql = "SELECT 1 FROM send_as WHERE mailbox = ? AND address = ?"
    if request.mailbox.store.row(sql, request.mailbox.id, address.lower()):
        raise refusals.Refusal(409, "alreadyExists", "Requested entity already exists")
    request.mailbox.add_alias(address, name)
    return _send_as((address.lower(), name, False))


def _send_as(row: Row) -> Json:
    address, display_name, is_primary = row
    answer: Json = {"sendAsEmail": address, "displayName": display_name, "replyToAddress": "", "signature": ""}
    if is_primary:
        return {**answer, "isPrimary": True, "isDefault": True}
    return {**answer, "treatAsAlias": True, "verificationStatus": "accepted"}
