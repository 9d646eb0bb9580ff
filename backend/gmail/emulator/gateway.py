"""The emulator's door in process: `backend.gmail.gateway.Gmail` without a wire, but with every refusal of it.

The JSON is read by the same `wire`, and refusals by the same `refusals`, as the real client uses.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar

from backend.gmail import wire
from backend.gmail.emulator.calls import Call, Json
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.refusals import Refusal, Wire
from backend.gmail.errors import AuthRevoked, GmailError, HistoryExpired, NotFound, Rejected, Transient
from backend.gmail.gateway import BATCH_LIMIT
from backend.gmail.refusals import refusal
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

T = TypeVar("T")


class EmulatorGmail:
    """`gateway.Gmail` for one mailbox of an emulator."""

    def __init__(self, emulator: Emulator, address: str) -> None:
        self._emulator = emulator
        self._address = address

    def profile(self) -> Profile:
        """`users.getProfile`."""
        return wire.profile(self._ask("getProfile"))

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
        asked = {
            "q": [query] if query else [],
            "labelIds": list(label_ids),
            "pageToken": [page_token] if page_token else [],
            "includeSpamTrash": [str(include_spam_trash).lower()],
            "maxResults": [str(max_results)],
        }
        return wire.message_page(self._ask("messages.list", query=asked))

    def get_messages(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """Many gets; each may fail by itself."""
        return self._get_all(ids, lambda i: (self._get(i, form, in_batch=True),))

    def get_threads(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """Many threads; each may fail by itself."""
        return self._get_all(ids, lambda i: self._get_thread(i, form, in_batch=True).messages)

    def get_message(self, message_id: str, form: Format = Format.FULL) -> GmailMessage:
        """`users.messages.get`."""
        return self._get(message_id, form, in_batch=False)

    def get_thread(self, thread_id: str, form: Format = Format.FULL) -> GmailThread:
        """`users.threads.get`."""
        return self._get_thread(thread_id, form, in_batch=False)

    def history(self, start_history_id: str, page_token: str | None = None) -> HistoryPage:
        """`users.history.list`; here a 404 means that the historyId is too old."""
        asked = {
            "startHistoryId": [start_history_id],
            "maxResults": ["500"],
            "pageToken": [page_token] if page_token else [],
        }
        try:
            return wire.history_page(self._ask("history.list", query=asked))
        except NotFound as error:
            raise HistoryExpired(error.detail) from error

    def labels(self) -> tuple[Label, ...]:
        """`users.labels.list`."""
        return wire.labels(self._ask("labels.list"))

    def attachment(self, message_id: str, attachment_id: str) -> bytes:
        """`users.messages.attachments.get`."""
        ids = {"messageId": message_id, "id": attachment_id}
        return wire.decode_base64url(self._ask("messages.attachments.get", ids=ids)["data"])

    def send_as(self) -> tuple[SendAs, ...]:
        """`users.settings.sendAs.list`."""
        return wire.send_as(self._ask("settings.sendAs.list"))

    def modify(self, message_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """`users.messages.modify`."""
        body = {"addLabelIds": list(add), "removeLabelIds": list(remove)}
        self._ask("messages.modify", ids={"id": message_id}, body=body)

    def create_draft(self, raw: bytes, *, thread_id: str | None = None) -> Draft:
        """`users.drafts.create`."""
        message = {"raw": base64.urlsafe_b64encode(raw).decode("ascii")}
        if thread_id is not None:
            message["threadId"] = thread_id
        return wire.draft(self._ask("drafts.create", body={"message": message}))

    def get_draft(self, draft_id: str) -> Draft:
        """`users.drafts.get`."""
        return wire.draft(self._ask("drafts.get", ids={"id": draft_id}, query={"format": [Format.MINIMAL]}))

    def list_drafts(self) -> tuple[Draft, ...]:
        """`users.drafts.list`, all its pages."""
        return tuple(self._each_draft())

    def delete_draft(self, draft_id: str) -> None:
        """`users.drafts.delete`."""
        self._ask("drafts.delete", ids={"id": draft_id})

    def send_draft(self, draft_id: str) -> MessageRef:
        """`users.drafts.send`."""
        return wire.message_ref(self._ask("drafts.send", body={"id": draft_id}))

    def watch(self, topic: str, label_ids: Sequence[str] = ()) -> Watch:
        """`users.watch`."""
        return wire.watch(self._ask("watch", body={"topicName": topic, "labelIds": list(label_ids)}))

    def stop(self) -> None:
        """`users.stop`."""
        self._ask("stop")

    def _get(self, message_id: str, form: Format, *, in_batch: bool) -> GmailMessage:
        asked = {"format": [form.value]}
        return wire.message(self._ask("messages.get", ids={"id": message_id}, query=asked, in_batch=in_batch))

    def _get_thread(self, thread_id: str, form: Format, *, in_batch: bool) -> GmailThread:
        asked = {"format": [form.value]}
        return wire.thread(self._ask("threads.get", ids={"id": thread_id}, query=asked, in_batch=in_batch))

    def _get_all(self, ids: Sequence[str], get: Callable[[str], Iterable[GmailMessage]]) -> Fetched:
        if len(ids) > BATCH_LIMIT:
            raise Rejected(f"a batch of {len(ids)}; Gmail takes {BATCH_LIMIT}")
        if not ids:
            return Fetched()
        messages: dict[str, GmailMessage] = {}
        errors: dict[str, Exception] = {}

        def all_parts() -> None:
            for wanted in ids:
                try:
                    messages.update((m.id, m) for m in get(wanted))
                except GmailError as error:
                    errors[wanted] = error

        self._entered("batch", lambda: self._emulator.around_batch(self._address, all_parts))
        return Fetched(messages, errors)

    def _each_draft(self) -> Iterator[Draft]:
        token: str | None = None
        while True:
            asked = {"maxResults": ["500"], "pageToken": [token] if token else []}
            page = self._ask("drafts.list", query=asked)
            yield from map(wire.draft, page.get("drafts", ()))
            token = page.get("nextPageToken")
            if token is None:
                return

    def _ask(
        self,
        verb: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, Sequence[str]] | None = None,
        body: Json | None = None,
        in_batch: bool = False,
    ) -> Json:
        """Call a verb."""
        call = Call(self._address, verb, ids or {}, query or {}, body or {}, in_batch=in_batch)
        return self._entered(verb, lambda: self._emulator.call(call))

    def _entered(self, verb: str, ask: Callable[[], T]) -> T:
        """Ask; a 401 is met once more with a fresh token, as the real client does, unless the grant is gone."""
        try:
            return ask()
        except Refusal as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise self._error(refused, verb) from refused
        if self._emulator.is_revoked(self._address):
            raise AuthRevoked("invalid_grant")
        try:
            return ask()
        except Refusal as refused:
            raise self._error(refused, verb) from refused

    def _error(self, refused: Refusal, verb: str) -> GmailError:
        if refused.wire is not Wire.JSON:
            return Transient(f"{verb}: {refused.wire}")
        headers = {} if refused.retry_after_s is None else {"retry-after": str(refused.retry_after_s)}
        body = json.dumps(refused.as_json()).encode()
        now, is_send = self._emulator.clock.now(), verb == "drafts.send"
        return refusal(refused.status, headers, body, now=now, sending=is_send)
