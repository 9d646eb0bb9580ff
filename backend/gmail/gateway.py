"""The one door to Gmail: the verbs that we need, in Gmail's words, bound to one mailbox.

Every verb may raise `AuthRevoked`, `PermissionDenied`, `RateLimited` or `Transient` of `backend.gmail.errors`; what it
may raise besides stands with it. No verb repeats a call that changes something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

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

# What each verb costs of a mailbox's 6,000 units a minute (Gmail's table since May 2026).
UNITS = {
    "profile": 1,
    "list": 5,
    "get": 20,
    "thread": 40,
    "history": 2,
    "labels": 1,
    "attachment": 20,
    "modify": 5,
    "draft_create": 10,
    "draft_get": 5,
    "draft_list": 5,
    "draft_delete": 10,
    "send": 100,
    "send_as": 1,
    "watch": 100,
    "stop": 50,
}

# Gmail refuses batches of over 100 parts; it answers 429s to cold ones of that size.
BATCH_LIMIT = 100


class Gmail(Protocol):
    """One mailbox. Not safe to share between threads: make one per thread."""

    def profile(self) -> Profile:
        """Address, totals and the present historyId."""
        ...

    def list_messages(
        self,
        *,
        query: str | None = None,
        label_ids: Sequence[str] = (),
        page_token: str | None = None,
        include_spam_trash: bool = False,
        max_results: int = 500,
    ) -> MessagePage:
        """One page of ids, usually newest first. Raises `Rejected` for a page token that Gmail does not know."""
        ...

    def get_messages(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """Many messages in one round trip; at most `BATCH_LIMIT` ids. An id's own failure stands in `errors`.

        Raises only what concerns the whole batch.
        """
        ...

    def get_threads(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """All messages of many threads in one round trip; `errors` by thread. At most `BATCH_LIMIT` threads."""
        ...

    def get_message(self, message_id: str, form: Format = Format.FULL) -> GmailMessage:
        """One message. Raises `NotFound`."""
        ...

    def get_thread(self, thread_id: str, form: Format = Format.FULL) -> GmailThread:
        """A thread with its messages. Raises `NotFound`."""
        ...

    def history(self, start_history_id: str, page_token: str | None = None) -> HistoryPage:
        """What changed after `start_history_id`. Raises `HistoryExpired`."""
        ...

    def labels(self) -> tuple[Label, ...]:
        """All labels, system and user."""
        ...

    def attachment(self, message_id: str, attachment_id: str) -> bytes:
        """The decoded bytes. Raises `NotFound`."""
        ...

    def send_as(self) -> tuple[SendAs, ...]:
        """Every address that the mailbox sends from."""
        ...

    def modify(self, message_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Add and remove label ids. Raises `NotFound`, or `Rejected` for an unknown label."""
        ...

    def create_draft(self, raw: bytes, *, thread_id: str | None = None) -> Draft:
        """Store RFC 5322 bytes as a draft, in a thread where given. Never repeated by itself."""
        ...

    def get_draft(self, draft_id: str) -> Draft:
        """A draft's present message. Raises `NotFound` once it is sent or deleted."""
        ...

    def list_drafts(self) -> tuple[Draft, ...]:
        """All drafts of the mailbox."""
        ...

    def delete_draft(self, draft_id: str) -> None:
        """Delete for good. Raises `NotFound`."""
        ...

    def send_draft(self, draft_id: str) -> MessageRef:
        """Send a draft; it ceases to exist and a message appears in SENT. Never repeated by itself.

        Raises `NotFound` (sent or deleted before), `SendingRefused`.
        """
        ...

    def watch(self, topic: str, label_ids: Sequence[str] = ()) -> Watch:
        """Ask for push notices to a Pub/Sub topic; lapses after seven days."""
        ...

    def stop(self) -> None:
        """End push notices."""
        ...
