"""A gateway whose every call is paid for, so that none escapes the count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from backend.gmail.errors import RateLimited
from backend.gmail.gateway import UNITS, Gmail
from backend.gmail.shapes import (
    Draft,
    Fetched,
    Format,
    GmailMessage,
    GmailThread,
    HistoryPage,
    Label,
    MessagePage,
    MessageRef,
    Profile,
    SendAs,
    Watch,
)
from backend.sync.limiter import Meter

T = TypeVar("T")


def paid(meter: Meter, units: int, call: Callable[[], T]) -> T:
    """Call after paying; what the call itself is refused for is told to everybody."""
    meter.pay(units)
    try:
        return call()
    except RateLimited as error:
        meter.refused(error)
        raise


class LimitedGmail:
    """`gateway.Gmail` over another; each verb may raise `limiter.OutOfUnits`, which is a `RateLimited`."""

    def __init__(self, gmail: Gmail, meter: Meter) -> None:
        self._gmail = gmail
        self.meter = meter

    def profile(self) -> Profile:
        """`users.getProfile`."""
        return self._paid("profile", self._gmail.profile)

    def list_messages(
        self,
        *,
        query: str | None = None,
        label_ids: Sequence[str] = (),
        page_token: str | None = None,
        include_spam_trash: bool = False,
        max_results: int = 500,
    ) -> MessagePage:
        """`users.messages.list`."""
        return self._paid(
            "list",
            lambda: self._gmail.list_messages(
                query=query,
                label_ids=label_ids,
                page_token=page_token,
                include_spam_trash=include_spam_trash,
                max_results=max_results,
            ),
        )

    def get_messages(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """Many gets in one batch; a refusal of single ones is heeded as one of the whole."""
        fetched = self._paid("get", lambda: self._gmail.get_messages(ids, form), times=len(ids))
        self._heed(len(ids), list(fetched.errors.values()))
        return fetched

    def get_message(self, message_id: str, form: Format = Format.FULL) -> GmailMessage:
        """`users.messages.get`."""
        return self._paid("get", lambda: self._gmail.get_message(message_id, form))

    def get_thread(self, thread_id: str, form: Format = Format.FULL) -> GmailThread:
        """`users.threads.get`."""
        return self._paid("thread", lambda: self._gmail.get_thread(thread_id, form))

    def get_threads(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """Many threads in one batch; likewise."""
        fetched = self._paid("thread", lambda: self._gmail.get_threads(ids, form), times=len(ids))
        self._heed(len(ids), list(fetched.errors.values()))
        return fetched

    def history(self, start_history_id: str, page_token: str | None = None) -> HistoryPage:
        """`users.history.list`."""
        return self._paid("history", lambda: self._gmail.history(start_history_id, page_token))

    def labels(self) -> tuple[Label, ...]:
        """`users.labels.list`."""
        return self._paid("labels", self._gmail.labels)

    def attachment(self, message_id: str, attachment_id: str) -> bytes:
        """`users.messages.attachments.get`."""
        return self._paid("attachment", lambda: self._gmail.attachment(message_id, attachment_id))

    def send_as(self) -> tuple[SendAs, ...]:
        """`users.settings.sendAs.list`."""
        return self._paid("send_as", self._gmail.send_as)

    def modify(self, message_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """`users.messages.modify`."""
        self._paid("modify", lambda: self._gmail.modify(message_id, add=add, remove=remove))

    def create_draft(self, raw: bytes, *, thread_id: str | None = None) -> Draft:
        """`users.drafts.create`."""
        return self._paid("draft_create", lambda: self._gmail.create_draft(raw, thread_id=thread_id))

    def get_draft(self, draft_id: str) -> Draft:
        """`users.drafts.get`."""
        return self._paid("draft_get", lambda: self._gmail.get_draft(draft_id))

    def list_drafts(self) -> tuple[Draft, ...]:
        """`users.drafts.list`; paid as one page, which holds 500."""
        return self._paid("draft_list", self._gmail.list_drafts)

    def delete_draft(self, draft_id: str) -> None:
        """`users.drafts.delete`."""
        self._paid("draft_delete", lambda: self._gmail.delete_draft(draft_id))

    def send_draft(self, draft_id: str) -> MessageRef:
        """`users.drafts.send`."""
        return self._paid("send", lambda: self._gmail.send_draft(draft_id))

    def watch(self, topic: str, label_ids: Sequence[str] = ()) -> Watch:
        """`users.watch`."""
        return self._paid("watch", lambda: self._gmail.watch(topic, label_ids))

    def stop(self) -> None:
        """`users.stop`."""
        self._paid("stop", self._gmail.stop)

    def _paid(self, verb: str, call: Callable[[], T], times: int = 1) -> T:
        return paid(self.meter, UNITS[verb] * times, call)

    def _heed(self, size: int, errors: Sequence[Exception]) -> None:
        refusals = [error for error in errors if isinstance(error, RateLimited)]
        if refusals:
            self.meter.refused(max(refusals, key=lambda error: error.retry_after_s or 0.0))
        elif not errors:
            self.meter.succeeded(size)
