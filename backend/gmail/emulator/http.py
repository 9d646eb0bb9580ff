"""The emulator's door over HTTP: Gmail's REST API, its batches and uploads, Google's OAuth and Pub/Sub's pull."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from random import Random
from typing import Any
from urllib.parse import parse_qs, unquote

from backend.gmail.emulator import grants, push, refusals
from backend.gmail.emulator.batches import answer_batch
from backend.gmail.emulator.calls import Call
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.exchange import Answer, Ask, html_answer, json_answer, no_such_page, refused
from backend.gmail.emulator.grants import Grant, full_grant
from backend.gmail.emulator.oauth import OAuthPages
from backend.gmail.emulator.refusals import Refusal, Wire
from backend.gmail.emulator.uploads import Uploads, read_json
from backend.gmail.emulator.verbs.table import UPLOADS, find_verb

_API = re.compile(r"(?:/resumable)?(/upload)?/gmail/v1/users/([^/]+)/(.+)")
_PUBSUB = re.compile(r"/v1/projects/[^/]+/subscriptions/[^/:]+:(pull|acknowledge)")
_BATCHES = frozenset({"/batch", "/batch/gmail/v1"})


class Door:
    """A WSGI application over one emulator.

    `any_bearer`: accept a mailbox's address as its access token, for simple clients on a laptop.
    """

    def __init__(self, emulator: Emulator, *, base_url: str, any_bearer: bool = False) -> None:
        self._emulator = emulator
        self._base_url = base_url
        self._any_bearer = any_bearer
        self._oauth = OAuthPages(emulator)
        self._uploads = Uploads()
        self._random = Random(emulator.store.seed)  # noqa: S311 - the order of a batch's answers is no secret

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as WSGI asks; a server that can spoil answers finds how in `emulator.wire`."""
        answer = self.answer(_ask(environ))
        environ["emulator.wire"] = answer.wire
        has_body = answer.status != HTTPStatus.NO_CONTENT
        headers = [*answer.headers, *([("Content-Length", str(len(answer.body)))] if has_body else [])]
        start_response(f"{answer.status} .", headers)
        return [answer.body]

    def answer(self, ask: Ask) -> Answer:
        """Answer any request; refusals included."""
        try:
            return self._route(ask)
        except Refusal as refusal:
            return refused(refusal)

    def _route(self, ask: Ask) -> Answer:
        if ask.path in _BATCHES and ask.method == "POST":
            return self._batch(ask)
        if found := _API.fullmatch(ask.path):
            return self._api(ask, is_upload=bool(found[1]), user=unquote(found[2]), rest=found[3])
        if (found := _PUBSUB.fullmatch(ask.path)) and ask.method == "POST":
            return self._pubsub(found[1], read_json(ask.body))
        if ask.path == "/":
            return html_answer("<!DOCTYPE html><title>Gmail emulator</title><p>A Gmail emulator answers here.</p>")
        return self._oauth.answer(ask, self._base_url) or no_such_page()

    def _batch(self, ask: Ask) -> Answer:
        """Answer a batch, which may itself be refused or spoilt as a whole."""
        done: list[Answer] = []
        address = self._grant(ask).address
        run = partial(answer_batch, ask, self._answer_part, self._random)
        try:
            self._emulator.around_batch(address, lambda: done.append(run()))
        except Refusal as refusal:
            if not done or refusal.wire is Wire.JSON:
                raise
            return replace(done[0], wire=refusal.wire)
        return done[0]

    def _answer_part(self, ask: Ask) -> Answer:
        found = _API.fullmatch(ask.path)
        if found is None or found[1]:
            return no_such_page()
        try:
            return self._api(ask, is_upload=False, user=unquote(found[2]), rest=found[3], in_batch=True)
        except Refusal as refusal:
            return refused(refusal)

    def _api(self, ask: Ask, *, is_upload: bool, user: str, rest: str, in_batch: bool = False) -> Answer:
        ask = _overridden(ask)
        # A resumable upload's pieces are PUT to where a POST began it.
        method = "POST" if is_upload and ask.text("upload_id") and not rest.startswith("drafts/r") else ask.method
        found = find_verb(method, rest)
        if found is None or (is_upload and found[0].name not in UPLOADS):
            return no_such_page()
        verb, ids = found
        address = self._address(self._grant(ask), user, verb.name)
        body, media = None, None
        if is_upload:
            upload = self._uploads.read(ask, self._base_url)
            if isinstance(upload, Answer):
                return upload
            body, media = upload.body, upload.media
        elif ask.method != "GET":
            body = read_json(ask.body)
        answer = self._emulator.call(Call(address, verb.name, ids, ask.query, body or {}, media, in_batch))
        return Answer(204) if verb.has_no_answer else json_answer(answer)

    def _grant(self, ask: Ask) -> Grant:
        """Return what the bearer may. Raises a 401."""
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ask.text("access_token")
        if self._any_bearer and token.lower() in self._emulator.addresses():
            return full_grant(token.lower())
        return grants.find_access_token(self._emulator.store, token)

    @staticmethod
    def _address(grant: Grant, user: str, verb: str) -> str:
        """Return the mailbox that the path means. Raises a 403 for another's, or for scopes that do not suffice."""
        if user.lower() not in {"me", grant.address}:
            raise refusals.forbidden(f"Delegation denied for {grant.address}")
        if not grant.covers(verb):
            message = "Request had insufficient authentication scopes."
            raise Refusal(403, "insufficientPermissions", message)
        return grant.address

    def _pubsub(self, verb: str, body: dict[str, Any]) -> Answer:
        store = self._emulator.store
        if verb == "acknowledge":
            push.acknowledge(store, map(str, body.get("ackIds", ())))
            return json_answer({})
        notices = push.pull(store, int(body.get("maxMessages", 100)))
        return json_answer(
            {"receivedMessages": [{"ackId": n.ack_id, "message": n.envelope["message"]} for n in notices]}
        )


def _ask(environ: dict[str, Any]) -> Ask:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in {"CONTENT_TYPE", "CONTENT_LENGTH"}
    }
    length = int(headers.get("content-length") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    path = environ.get("emulator.path") or environ["PATH_INFO"]
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return Ask(environ["REQUEST_METHOD"], path, query, headers, body)


def _overridden(ask: Ask) -> Ask:
    """Read a GET that was too long for a URL: Google's clients post its query as a form."""
    method = ask.headers.get("x-http-method-override", "").upper()
    if ask.method != "POST" or not method:
        return ask
    query = parse_qs(ask.body.decode("utf-8", "replace"), keep_blank_values=True)
    return Ask(method, ask.path, {**ask.query, **query}, ask.headers)
