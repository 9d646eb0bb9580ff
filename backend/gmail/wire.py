"""Gmail's JSON turned into shapes; the real client and the in-process emulator read the same JSON through it.

Every function takes the decoded JSON of one answer and raises `Transient` when it is not what Gmail would send
(truncated, foreign): such an answer says nothing about the mailbox and must be asked for again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from backend.gmail.errors import Transient
from backend.gmail.shapes import (
    Change,
    Draft,
    GmailMessage,
    GmailThread,
    HistoryEvent,
    HistoryPage,
    Label,
    MessagePage,
    MessageRef,
    Profile,
    SendAs,
    Watch,
)
from backend.kit.clock import from_epoch_ms

Json = Mapping[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


def _expecting_gmail(read: Callable[P, T]) -> Callable[P, T]:
    """Turn a missing key or a wrong type into `Transient`: the answer was not Gmail's."""

    @wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Transient(f"{read.__name__}: not Gmail's answer ({type(error).__name__})") from error

    return guarded


@_expecting_gmail
def profile(answer: Json) -> Profile:
    """`users.getProfile`."""
    return Profile(
        address=answer["emailAddress"],
        messages_total=int(answer.get("messagesTotal", 0)),
        threads_total=int(answer.get("threadsTotal", 0)),
        history_id=str(answer["historyId"]),
    )


@_expecting_gmail
def message_page(answer: Json) -> MessagePage:
    """`users.messages.list`; an empty mailbox has no `messages` key."""
    return MessagePage(
        refs=tuple(message_ref(m) for m in answer.get("messages", ())),
        next_page_token=answer.get("nextPageToken"),
        estimate=int(answer.get("resultSizeEstimate", 0)),
    )


@_expecting_gmail
def message_ref(answer: Json) -> MessageRef:
    """Anything with `id` and `threadId`."""
    return MessageRef(answer["id"], answer.get("threadId", ""))


@_expecting_gmail
def message(answer: Json) -> GmailMessage:
    """`users.messages.get` in any format."""
    raw = answer.get("raw")
    return GmailMessage(
        id=answer["id"],
        thread_id=answer["threadId"],
        label_ids=tuple(answer.get("labelIds", ())),
        history_id=str(answer.get("historyId", "")),
        internal_date_ms=int(answer.get("internalDate", 0)),
        size_estimate=int(answer.get("sizeEstimate", 0)),
        snippet=answer.get("snippet", ""),
        payload=answer.get("payload"),
        raw=None if raw is None else decode_base64url(raw),
    )


@_expecting_gmail
def thread(answer: Json) -> GmailThread:
    """`users.threads.get`."""
    return GmailThread(answer["id"], tuple(message(m) for m in answer.get("messages", ())))


@_expecting_gmail
def history_page(answer: Json) -> HistoryPage:
    """`users.history.list`; a page may have a `nextPageToken` and no `history`."""
    records = sorted(answer.get("history", ()), key=_record_id)
    events = tuple(event for record in records for event in _events(record))
    return HistoryPage(events, str(answer["historyId"]), answer.get("nextPageToken"))


def _events(record: Json) -> Iterator[HistoryEvent]:
    for change in Change:
        for entry in record.get(change, ()):
            labels = entry.get("labelIds") or entry["message"].get("labelIds", ())
            yield HistoryEvent(change, message_ref(entry["message"]), tuple(labels), _record_id(record))


def _record_id(record: Json) -> int:
    return int(record.get("id", 0))


@_expecting_gmail
def labels(answer: Json) -> tuple[Label, ...]:
    """`users.labels.list`."""
    return tuple(Label(x["id"], x["name"], x.get("type", "user")) for x in answer.get("labels", ()))


@_expecting_gmail
def draft(answer: Json) -> Draft:
    """`users.drafts.get`, `create` or `update`."""
    return Draft(answer["id"], message_ref(answer["message"]))


@_expecting_gmail
def send_as(answer: Json) -> tuple[SendAs, ...]:
    """`users.settings.sendAs.list`; the primary address needs no verification and has no status."""
    return tuple(
        SendAs(
            address=x["sendAsEmail"],
            display_name=x.get("displayName", ""),
            is_primary=bool(x.get("isPrimary", False)),
            is_verified=bool(x.get("isPrimary", False)) or x.get("verificationStatus") == "accepted",
        )
        for x in answer.get("sendAs", ())
    )


@_expecting_gmail
def watch(answer: Json) -> Watch:
    """`users.watch`; `expiration` is in milliseconds since 1970."""
    expires: datetime = from_epoch_ms(int(answer["expiration"]))
    return Watch(str(answer["historyId"]), expires)


def decode_base64url(data: str) -> bytes:
    """Decode base64url with or without its padding. Raises `Transient` for anything else."""
    try:
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError) as error:
        raise Transient("body is not base64url") from error
