"""users.threads."""

from __future__ import annotations

from backend.gmail.emulator.listing import list_messages
from backend.gmail.emulator.mailbox import Mailbox, Stored
from backend.gmail.emulator.reading import snippet_of
from backend.gmail.emulator.render import hex_id, labelled_json, message_json, read_id
from backend.gmail.emulator.verbs.messages import label_change, relabel
from backend.gmail.emulator.verbs.request import Json, Request
from backend.gmail.payload import payload_of
from backend.gmail.shapes import Format


def list_page(request: Request) -> Json:
    """users.threads.list: threads of which a message fits, the most recent first."""
    page = list_messages(
        request.mailbox,
        query=request.text("q"),
        label_ids=request.many("labelIds"),
        include_spam_trash=request.flag("includeSpamTrash"),
        limit=request.page_size(),
        page_token=request.text("pageToken"),
        one_per_thread=True,
    )
    answer: Json = {"resultSizeEstimate": page.estimate}
    if page.refs:
        answer["threads"] = [_summary(request.mailbox, thread) for _, thread in page.refs]
    if page.next_page_token:
        answer["nextPageToken"] = page.next_page_token
    return answer


def get(request: Request) -> Json:
    """users.threads.get; raw is no format of threads and counts as full."""
    form = Format.FULL if request.form() is Format.RAW else request.form()
    messages = _messages(request)
    only = request.many("metadataHeaders")
    shown = [message_json(request.mailbox, message, form, only) for message in messages]
    return {"id": hex_id(messages[0].thread), "historyId": _history_id(messages), "messages": shown}


def modify(request: Request) -> Json:
    """users.threads.modify."""
    add, remove = label_change(request)
    return _changed([relabel(request.mailbox, message, add=add, remove=remove) for message in _messages(request)])


def trash(request: Request) -> Json:
    """users.threads.trash."""
    return _changed([relabel(request.mailbox, message, add=["TRASH"]) for message in _messages(request)])


def untrash(request: Request) -> Json:
    """users.threads.untrash."""
    return _changed([request.mailbox.relabel(message, remove=["TRASH"]) for message in _messages(request)])


def delete(request: Request) -> Json:
    """users.threads.delete: every message of it, for good."""
    for message in _messages(request):
        request.mailbox.remove(message)
    return {}


def _messages(request: Request) -> list[Stored]:
    return request.mailbox.thread(read_id(request.ids["id"]))


def _summary(mailbox: Mailbox, thread: int) -> Json:
    messages = mailbox.thread(thread)
    snippet = snippet_of(payload_of(mailbox.raw(messages[-1])))
    return {"id": hex_id(thread), "snippet": snippet, "historyId": _history_id(messages)}


def _changed(messages: list[Stored]) -> Json:
    return {"id": hex_id(messages[0].thread), "messages": [labelled_json(message) for message in messages]}


def _history_id(messages: list[Stored]) -> str:
    return str(max(message.history_id for message in messages))
