"""users.messages and its attachments."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable

from backend.gmail.emulator import refusals
from backend.gmail.emulator.labels import check_labels
from backend.gmail.emulator.listing import list_messages
from backend.gmail.emulator.mailbox import HIDING, Mailbox, Stored
from backend.gmail.emulator.reading import Envelope
from backend.gmail.emulator.render import hex_id, labelled_json, message_json, read_id
from backend.gmail.emulator.verbs.request import Json, Request
from backend.gmail.mime import read_headers
from backend.gmail.payload import attachment_of

_BATCH_LIMIT = 1000


def list_page(request: Request) -> Json:
    """users.messages.list."""
    page = list_messages(
        request.mailbox,
        query=request.text("q"),
        label_ids=request.many("labelIds"),
        include_spam_trash=request.flag("includeSpamTrash"),
        limit=request.page_size(),
        page_token=request.text("pageToken"),
    )
    answer: Json = {"resultSizeEstimate": page.estimate}
    if page.refs:
        answer["messages"] = [{"id": hex_id(message), "threadId": hex_id(thread)} for message, thread in page.refs]
    if page.next_page_token:
        answer["nextPageToken"] = page.next_page_token
    return answer


def get(request: Request) -> Json:
    """users.messages.get."""
    return message_json(request.mailbox, request.message(), request.form(), request.many("metadataHeaders"))


def attachment(request: Request) -> Json:
    """users.messages.attachments.get."""
    message = request.mailbox.get(read_id(request.ids["messageId"]))
    found = attachment_of(request.mailbox.raw(message), request.ids["id"])
    if found is None:
        raise refusals.invalid("Invalid attachment token")
    return {"size": len(found), "data": base64.urlsafe_b64encode(found).decode("ascii")}


def send(request: Request) -> Json:
    """users.messages.send."""
    thread = request.thread(request.body)
    return labelled_json(request.post.send(request.mailbox, request.raw(request.body), thread=thread))


def insert(request: Request) -> Json:
    """users.messages.insert: into this mailbox only, as IMAP APPEND does; dated now unless asked otherwise."""
    return _stored_as_is(request, default_source="receivedTime")


def import_message(request: Request) -> Json:
    """users.messages.import: like mail that arrives, but dated by its header."""
    return _stored_as_is(request, default_source="dateHeader")


def _stored_as_is(request: Request, *, default_source: str) -> Json:
    labels = request.strings("labelIds")
    check_labels(request.mailbox, labels, fixed_allowed=frozenset({"SENT"}))
    raw, thread = request.raw(request.body), request.thread(request.body)
    now_ms = request.mailbox.store.now_ms()
    is_by_header = (request.text("internalDateSource") or default_source) == "dateHeader"
    mail = Envelope(read_headers(raw))
    written = mail.date_ms if is_by_header else None
    date_ms = now_ms if written is None else written
    message = request.mailbox.add(raw, labels, date_ms=date_ms, thread=thread, mail=mail)
    return labelled_json(message)


def modify(request: Request) -> Json:
    """users.messages.modify."""
    add, remove = label_change(request)
    return labelled_json(relabel(request.mailbox, request.message(), add=add, remove=remove))


def batch_modify(request: Request) -> Json:
    """users.messages.batchModify: ids that are not there are passed over in silence, as Gmail does."""
    add, remove = label_change(request)
    for message in _named(request):
        relabel(request.mailbox, message, add=add, remove=remove)
    return {}


def batch_delete(request: Request) -> Json:
    """users.messages.batchDelete: gives no guarantee that the messages were there."""
    for message in _named(request):
        request.mailbox.remove(message)
    return {}


def trash(request: Request) -> Json:
    """users.messages.trash."""
    return labelled_json(relabel(request.mailbox, request.message(), add=["TRASH"]))


def untrash(request: Request) -> Json:
    """users.messages.untrash."""
    return labelled_json(request.mailbox.relabel(request.message(), remove=["TRASH"]))


def delete(request: Request) -> Json:
    """users.messages.delete: for good, past the trash."""
    request.mailbox.remove(request.message())
    return {}


def label_change(request: Request) -> tuple[list[str], list[str]]:
    """Return the labels that a modify adds and removes. Raises a 400 for labels that cannot be changed."""
    add, remove = request.strings("addLabelIds"), request.strings("removeLabelIds")
    check_labels(request.mailbox, [*add, *remove])
    return add, remove


def relabel(mailbox: Mailbox, message: Stored, *, add: Collection[str] = (), remove: Collection[str] = ()) -> Stored:
    """Change labels; what goes to the trash or to spam leaves the inbox."""
    leaves_inbox = not HIDING.isdisjoint(add) and "INBOX" not in add
    return mailbox.relabel(message, add=add, remove=[*remove, "INBOX"] if leaves_inbox else remove)


def _named(request: Request) -> Iterable[Stored]:
    """Return the messages of the body's `ids` that are there. Raises a 400 for over a thousand."""
    ids = request.strings("ids")
    if len(ids) > _BATCH_LIMIT:
        raise refusals.invalid(f"Too many message IDs. Limit: {_BATCH_LIMIT}")
    for message_id in dict.fromkeys(map(read_id, ids)):
        try:
            yield request.mailbox.get(message_id)
        except refusals.Refusal:
            continue
