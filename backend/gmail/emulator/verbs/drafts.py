"""users.drafts: a draft's id stays the same over edits, its message is another each time; sent, it ceases to exist."""

from __future__ import annotations

from backend.gmail.emulator import refusals
from backend.gmail.emulator.delivery import stamped
from backend.gmail.emulator.listing import list_messages
from backend.gmail.emulator.mailbox import Stored
from backend.gmail.emulator.render import hex_id, labelled_json, message_json
from backend.gmail.emulator.verbs.request import Json, Request


def create(request: Request) -> Json:
    """users.drafts.create."""
    message = _stored(request, replaced=None)
    return {"id": request.mailbox.register_draft(message), "message": labelled_json(message)}


def get(request: Request) -> Json:
    """users.drafts.get."""
    message = _message(request, request.ids["id"])
    return {"id": request.ids["id"], "message": message_json(request.mailbox, message, request.form())}


def list_page(request: Request) -> Json:
    """users.drafts.list."""
    page = list_messages(
        request.mailbox,
        query=request.text("q"),
        label_ids=["DRAFT"],
        include_spam_trash=request.flag("includeSpamTrash"),
        limit=request.page_size(),
        page_token=request.text("pageToken"),
    )
    answer: Json = {"resultSizeEstimate": page.estimate}
    if page.refs:
        answer["drafts"] = [_listed(request, message, thread) for message, thread in page.refs]
    if page.next_page_token:
        answer["nextPageToken"] = page.next_page_token
    return answer


def update(request: Request) -> Json:
    """users.drafts.update: the draft keeps its id and gets another message."""
    draft_id = request.ids["id"]
    return {"id": draft_id, "message": labelled_json(_replace(request, draft_id))}


def send(request: Request) -> Json:
    """users.drafts.send: with the message handed in, if there is one, in place of the draft's."""
    draft_id = request.body.get("id")
    if not isinstance(draft_id, str) or not draft_id:
        raise refusals.invalid("Invalid draft")
    has_new_text = request.media is not None or "raw" in _resource(request)
    message = _replace(request, draft_id) if has_new_text else _message(request, draft_id)
    raw = request.mailbox.raw(message)
    sent = request.post.send(request.mailbox, raw, thread=message.thread)
    request.mailbox.remove(message)
    return labelled_json(sent)


def delete(request: Request) -> Json:
    """users.drafts.delete: for good, past the trash."""
    request.mailbox.remove(_message(request, request.ids["id"]))
    return {}


def _listed(request: Request, message: int, thread: int) -> Json:
    sql = "SELECT id FROM draft WHERE mailbox = ? AND message = ?"
    draft_id = request.mailbox.store.value(sql, request.mailbox.id, message)
    return {"id": draft_id, "message": {"id": hex_id(message), "threadId": hex_id(thread)}}


def _message(request: Request, draft_id: str) -> Stored:
    sql = "SELECT message FROM draft WHERE mailbox = ? AND id = ?"
    found = request.mailbox.store.value(sql, request.mailbox.id, draft_id)
    if found is None:
        raise refusals.not_found()
    return request.mailbox.get(found)


def _replace(request: Request, draft_id: str) -> Stored:
    old = _message(request, draft_id)
    new = _stored(request, replaced=old)
    sql = "UPDATE draft SET message = ? WHERE mailbox = ? AND id = ?"
    request.mailbox.store.execute(sql, new.id, request.mailbox.id, draft_id)
    request.mailbox.remove(old)
    return new


def _stored(request: Request, replaced: Stored | None) -> Stored:
    """Store the message handed in, in the thread asked for, else in that of the message which it replaces."""
    resource = _resource(request)
    thread = request.thread(resource)
    if thread is None and replaced:
        thread = replaced.thread
    raw, mail = stamped(request.mailbox, request.raw(resource))
    return request.mailbox.add(raw, ["DRAFT"], date_ms=request.mailbox.store.now_ms(), thread=thread, mail=mail)


def _resource(request: Request) -> Json:
    resource = request.body.get("message", {})
    if not isinstance(resource, dict):
        raise refusals.invalid("Invalid value at 'message'")
    return resource
