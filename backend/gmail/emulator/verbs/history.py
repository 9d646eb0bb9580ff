"""users.history."""

from __future__ import annotations

from backend.gmail.emulator import refusals
from backend.gmail.emulator.listing import list_history
from backend.gmail.emulator.mailbox import Kind
from backend.gmail.emulator.render import hex_id
from backend.gmail.emulator.store import Row
from backend.gmail.emulator.verbs.request import Json, Request

_KINDS = {
    "messageAdded": Kind.ADDED,
    "messageDeleted": Kind.DELETED,
    "labelAdded": Kind.LABELS_ADDED,
    "labelRemoved": Kind.LABELS_REMOVED,
}
_ALL = Kind.ADDED | Kind.DELETED | Kind.LABELS_ADDED | Kind.LABELS_REMOVED


def list_page(request: Request) -> Json:
    """users.history.list: one record a change; `historyId` is the mailbox's present one on every page."""
    rows, token = list_history(
        request.mailbox,
        _start(request),
        kinds=_kinds(request),
        label_id=request.text("labelId"),
        limit=request.page_size(),
        page_token=request.text("pageToken"),
    )
    answer: Json = {"historyId": str(request.mailbox.history_id())}
    if rows:
        answer["history"] = [_record(row) for row in rows]
    if token:
        answer["nextPageToken"] = token
    return answer


def _start(request: Request) -> int:
    """Return startHistoryId. Raises a 400 where it is missing or no number; one that Gmail cannot know is a 404."""
    text = request.text("startHistoryId")
    if not (text.isascii() and text.isdecimal()):
        raise refusals.invalid("Missing/invalid parameter: startHistoryId" if text else "Missing startHistoryId")
    if int(text) > request.mailbox.history_id():
        raise refusals.not_found()
    return int(text)


def _kinds(request: Request) -> Kind:
    names = request.many("historyTypes")
    if unknown := set(names) - set(_KINDS):
        raise refusals.invalid(f"Invalid value at 'history_types': {min(unknown)}")
    kinds = Kind(0)
    for name in names:
        kinds |= _KINDS[name]
    return kinds or _ALL


def _record(row: Row) -> Json:
    history_id, kind, message, thread, labels, added, removed = row
    ref = {"id": hex_id(message), "threadId": hex_id(thread)}
    shown = {"message": {**ref, **({"labelIds": labels.split()} if labels else {})}}
    record: Json = {"id": str(history_id), "messages": [ref]}
    if kind & Kind.ADDED:
        record["messagesAdded"] = [shown]
    if kind & Kind.DELETED:
        record["messagesDeleted"] = [shown]
    if kind & Kind.LABELS_ADDED:
        record["labelsAdded"] = [{**shown, "labelIds": added.split()}]
    if kind & Kind.LABELS_REMOVED:
        record["labelsRemoved"] = [{**shown, "labelIds": removed.split()}]
    return record
