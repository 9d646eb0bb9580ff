"""The real client: Gmail's verbs spoken to Google's servers, or to the emulator's address, over HTTPS.

The plain verbs are built by google-api-python-client from the API's description that lies in its wheel; messages in
bulk go through `batch`. All travel over one connection pool that never sends anything twice by itself: httplib2, the
client's own transport, silently repeats a request whose connection broke, which for a send means two deliveries.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import httplib2
from googleapiclient.discovery import build_from_document

from backend.gmail import wire
from backend.gmail.batch import CONTENT_TYPE, Part, read_batch, write_batch
from backend.gmail.errors import AuthRevoked, GmailError, HistoryExpired, NotFound, Rejected, Transient
from backend.gmail.gateway import BATCH_LIMIT
from backend.gmail.line import Access, Line, Pool
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
from backend.kit.clock import Clock

_ME = {"userId": "me"}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a batch gets: its collection's path, and the messages in one answer."""

    path: str
    read: Callable[[Mapping[str, Any]], Iterable[GmailMessage]]


_MESSAGES = _Kind("messages", lambda answer: (wire.message(answer),))
_THREADS = _Kind("threads", lambda answer: wire.thread(answer).messages)


class GoogleMail:
    """The way to Gmail's servers, shared by every mailbox and thread of a process: connections and the API's form."""

    def __init__(self, api_url: str, clock: Clock) -> None:
        self._api_url = api_url.rstrip("/")
        self._clock = clock
        self._pool = Pool()
        self._verbs = _describe(self._api_url)

    def open(self, access: Access) -> GoogleGmail:
        """Return a gateway to the mailbox that `access` enters; one per thread."""
        return GoogleGmail(Line(access, self._pool, self._clock), self._verbs, self._api_url)

    def close(self) -> None:
        """Close every kept connection."""
        self._pool.close()


class GoogleGmail:
    """`gateway.Gmail` for one mailbox at Google; made by `GoogleMail.open`."""

    def __init__(self, line: Line, verbs: _Verbs, api_url: str) -> None:
        self._line = line
        self._http = _Http(line)
        self._verbs = verbs
        self._api_url = api_url

    def profile(self) -> Profile:
        """`users.getProfile`."""
        return wire.profile(self._ask(self._verbs.users.getProfile(**_ME)))

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
        given = {"q": query, "labelIds": list(label_ids) or None, "pageToken": page_token}
        options = {"includeSpamTrash": include_spam_trash, "maxResults": max_results, **_present(given)}
        return wire.message_page(self._ask(self._verbs.messages.list(**_ME, **options)))

    def get_messages(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """`users.messages.get` in one batch."""
        return self._get_all(ids, form, _MESSAGES)

    def get_threads(self, ids: Sequence[str], form: Format = Format.FULL) -> Fetched:
        """`users.threads.get` in one batch."""
        return self._get_all(ids, form, _THREADS)

    def get_message(self, message_id: str, form: Format = Format.FULL) -> GmailMessage:
        """`users.messages.get`."""
        return wire.message(self._ask(self._verbs.messages.get(**_ME, id=message_id, format=form.value)))

    def get_thread(self, thread_id: str, form: Format = Format.FULL) -> GmailThread:
        """`users.threads.get`."""
        return wire.thread(self._ask(self._verbs.threads.get(**_ME, id=thread_id, format=form.value)))

    def history(self, start_history_id: str, page_token: str | None = None) -> HistoryPage:
        """`users.history.list`; here a 404 means that the historyId is too old."""
        options = {"startHistoryId": start_history_id, "maxResults": 500, **_present({"pageToken": page_token})}
        try:
            return wire.history_page(self._ask(self._verbs.history.list(**_ME, **options)))
        except NotFound as error:
            raise HistoryExpired(error.detail) from error

    def labels(self) -> tuple[Label, ...]:
        """`users.labels.list`."""
        return wire.labels(self._ask(self._verbs.labels.list(**_ME)))

    def attachment(self, message_id: str, attachment_id: str) -> bytes:
        """`users.messages.attachments.get`."""
        answer = self._ask(self._verbs.attachments.get(**_ME, messageId=message_id, id=attachment_id))
        return wire.decode_base64url(answer.get("data", ""))

    def send_as(self) -> tuple[SendAs, ...]:
        """`users.settings.sendAs.list`."""
        return wire.send_as(self._ask(self._verbs.send_as.list(**_ME)))

    def modify(self, message_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """`users.messages.modify`."""
        body = {"addLabelIds": list(add), "removeLabelIds": list(remove)}
        self._ask(self._verbs.messages.modify(**_ME, id=message_id, body=body))

    def create_draft(self, raw: bytes, *, thread_id: str | None = None) -> Draft:
        """`users.drafts.create`."""
        message = {"raw": base64.urlsafe_b64encode(raw).decode("ascii"), **_present({"threadId": thread_id})}
        return wire.draft(self._ask(self._verbs.drafts.create(**_ME, body={"message": message})))

    def get_draft(self, draft_id: str) -> Draft:
        """`users.drafts.get`."""
        return wire.draft(self._ask(self._verbs.drafts.get(**_ME, id=draft_id, format=Format.MINIMAL.value)))

    def list_drafts(self) -> tuple[Draft, ...]:
        """`users.drafts.list`, all its pages."""
        return tuple(self._each_draft())

    def delete_draft(self, draft_id: str) -> None:
        """`users.drafts.delete`."""
        self._ask(self._verbs.drafts.delete(**_ME, id=draft_id))

    def send_draft(self, draft_id: str) -> MessageRef:
        """`users.drafts.send`."""
        return wire.message_ref(self._ask(self._verbs.drafts.send(**_ME, body={"id": draft_id})))

    def watch(self, topic: str, label_ids: Sequence[str] = ()) -> Watch:
        """`users.watch`."""
        body = {"topicName": topic, **_present({"labelIds": list(label_ids) or None})}
        return wire.watch(self._ask(self._verbs.users.watch(**_ME, body=body)))

    def stop(self) -> None:
        """`users.stop`."""
        self._ask(self._verbs.users.stop(**_ME))

    def _ask(self, request: Any) -> dict[str, Any]:
        """Send what google-api-python-client has built, once.

        The client hands back as text what it cannot read, and the empty answer of a mere change.
        """
        try:
            answer = request.execute(http=self._http, num_retries=0)
            if isinstance(answer, str | bytes):
                answer = json.loads(answer or "{}")
        except ValueError as error:
            raise Transient("the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise Transient("the answer is not a JSON object")
        return answer

    def _get_all(self, ids: Sequence[str], form: Format, kind: _Kind) -> Fetched:
        """Get many in one batch; ids refused with 401 are asked for once more with a fresh token."""
        first = self._get_batch(ids, form, kind)
        refused = [i for i, error in first.errors.items() if isinstance(error, AuthRevoked)]
        if not refused:
            return first
        self._line.renew()
        again = self._get_batch(refused, form, kind)
        kept = {i: error for i, error in first.errors.items() if i not in refused}
        return Fetched({**first.messages, **again.messages}, {**kept, **again.errors})

    def _get_batch(self, ids: Sequence[str], form: Format, kind: _Kind) -> Fetched:
        if len(ids) > BATCH_LIMIT:
            raise Rejected(f"a batch of {len(ids)}; Gmail takes {BATCH_LIMIT}")
        if not ids:
            return Fetched()
        paths = [f"/gmail/v1/users/me/{kind.path}/{quote(i, safe='')}?format={form.value}" for i in ids]
        url = f"{self._api_url}/batch/gmail/v1"
        answer = self._line.send("POST", url, write_batch(paths), {"Content-Type": CONTENT_TYPE})
        return self._sort(ids, read_batch(answer.headers.get("content-type", ""), answer.content), kind)

    def _sort(self, ids: Sequence[str], parts: Iterator[Part], kind: _Kind) -> Fetched:
        messages: dict[str, GmailMessage] = {}
        errors: dict[str, Exception] = {i: Transient("the batch's answer lacks it") for i in ids}
        for part in parts:
            if part.number >= len(ids):
                continue
            wanted = ids[part.number]
            try:
                messages.update((m.id, m) for m in self._read(part, kind))
                errors.pop(wanted, None)
            except GmailError as error:
                errors[wanted] = error
        return Fetched(messages, errors)

    def _read(self, part: Part, kind: _Kind) -> Iterable[GmailMessage]:
        if part.status != HTTPStatus.OK:
            raise self._line.refusal(part.status, part.headers, part.body)
        try:
            return kind.read(json.loads(part.body))
        except ValueError as error:
            raise Transient("a part of the batch is not JSON") from error

    def _each_draft(self) -> Iterator[Draft]:
        token: str | None = None
        while True:
            page = self._ask(self._verbs.drafts.list(**_ME, maxResults=500, **_present({"pageToken": token})))
            yield from map(wire.draft, page.get("drafts", ()))
            token = page.get("nextPageToken")
            if token is None:
                return


@dataclass(frozen=True, slots=True)
class _Http:
    """A `Line` in the form in which google-api-python-client calls its transport (httplib2.Http)."""

    line: Line

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Send once; refusals are raised here, so that the client never sees one."""
        answer = self.line.send(method, uri, body, headers)
        return httplib2.Response({"status": str(answer.status_code)}), answer.content


@dataclass(frozen=True, slots=True)
class _Verbs:
    """The collections of Gmail's API that we use, as google-api-python-client builds them from its description."""

    users: Any
    messages: Any
    attachments: Any
    threads: Any
    history: Any
    labels: Any
    drafts: Any
    send_as: Any


def _describe(api_url: str) -> _Verbs:
    """Read the API's description from the client's wheel and move it to `api_url`.

    `client_options.api_endpoint` would not do: it moves neither batches nor mTLS, token included.
    """
    path = files("googleapiclient.discovery_cache").joinpath("documents/gmail.v1.json")
    description = json.loads(path.read_text(encoding="utf-8"))
    description.pop("mtlsRootUrl", None)
    description |= {"rootUrl": f"{api_url}/", "baseUrl": f"{api_url}/"}
    never_used = (
        httplib2.Http()
    )  # each call brings its mailbox's own; without one, the client would look for credentials
    users = build_from_document(description, http=never_used).users()
    messages = users.messages()
    return _Verbs(
        users=users,
        messages=messages,
        attachments=messages.attachments(),
        threads=users.threads(),
        history=users.history(),
        labels=users.labels(),
        drafts=users.drafts(),
        send_as=users.settings().sendAs(),
    )


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
