"""`POST /push/gmail`: Pub/Sub's push of Gmail's notices, believed only with the subscription's own identity token.

The hint is stored before it is acknowledged (2xx). What proves itself and cannot be read is acknowledged too, because
Pub/Sub would send it again for days; who does not prove himself is told nothing.
Source: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request

from backend.accounts.guards import without_csrf
from backend.gmail.errors import Transient
from backend.gmail.identity import IdentityRefused, verify_identity_token
from backend.sync.hints import read_hint, take_hints
from backend.sync.push_desk import push_desk
from backend.web.house import house

log = structlog.get_logger(__name__)

LARGEST_BODY = 64_000  # bytes; a notice has some three hundred
_BEARER = "bearer "

blueprint = Blueprint("push", __name__)
without_csrf(blueprint)


@blueprint.post("/push/gmail")
def push() -> Response:
    """Store the hint of one notice, then acknowledge it."""
    request.max_content_length = LARGEST_BODY
    if refused := _refuse_strangers():
        return Response(status=refused)
    body = request.get_json(silent=True)
    hint = read_hint(body.get("message") if isinstance(body, dict) else None)
    if hint is None:
        log.warning("push_unreadable")
        return Response(status=204)
    with house().db.write() as session:
        news = take_hints(session, [hint], house().clock.now())
    log.info("push_taken", news=news)
    return Response(status=204)


def _refuse_strangers() -> int | None:
    """The status for one who does not prove to be our subscription; None for one who does.

    403: a token of Google's, but somebody else's; 503: certificates cannot be had, so Pub/Sub shall try again.
    """
    desk, sent = push_desk(), request.headers.get("Authorization", "")
    if not desk.audience or not desk.caller or not sent.lower().startswith(_BEARER):
        return 401
    token = sent[len(_BEARER) :].strip()
    try:
        caller = verify_identity_token(
            token, audience=desk.audience, certificates=desk.certificates, clock=house().clock
        ).email
    except IdentityRefused as error:
        log.warning("push_refused", why=str(error))
        return 401
    except Transient:
        return 503
    if caller != desk.caller:
        log.warning("push_refused", why="The token is another service account's.")
        return 403
    return None
