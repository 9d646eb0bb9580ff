"""The add-on's two doors: `POST /addon/v1/context` for a card, `POST /addon/v1/actions/<name>` for a click.

Who asks is told by Google's identity token (`gmail.identity`), anew with every request. Answers are the view model
(`shapes`); the add-on shows a card of ours on an error too, and words of its own where we send problem+json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from flask import Blueprint, g, request
from flask_babel import gettext
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.wrappers import Response

from backend.accounts.guards import without_csrf
from backend.accounts.service import to_actor
from backend.accounts.shapes import Actor
from backend.accounts.store import find_user_by_email
from backend.card import service
from backend.card.cards import trouble
from backend.card.cards.trouble import Trouble
from backend.card.desk import card_desk
from backend.card.glimpse import read_headers
from backend.card.reader import words_for
from backend.card.schemas import ActionAsked, ContextAsked, ReaderAsked
from backend.card.seals import Seals
from backend.card.service import Visit
from backend.card.shapes import Cards, Outcome
from backend.gmail.errors import Transient
from backend.gmail.identity import IdentityRefused, verify_identity_token
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.web.house import house
from backend.web.problems import problem

LARGEST_BODY = 1_000_000  # bytes
_BEARER = "bearer "
_HEADERS = ("gmail_id", "message_id", "from_", "to", "cc", "subject")

blueprint = Blueprint("card_api", __name__, url_prefix="/addon/v1")
without_csrf(blueprint)

Asked = Mapping[str, Any]


@blueprint.before_request
def refuse_strangers() -> Response | None:
    """Let only those in whom Google vouches for before this installation; an unread body costs nothing."""
    request.max_content_length = LARGEST_BODY
    if not card_desk().audience:
        return problem(503, gettext("The add-on is not set up here; an admin sets ENLACE_ADDON_AUDIENCE."))
    try:
        g.addon_email = _identified()
    except IdentityRefused as error:
        answer = problem(401, str(error))
        answer.www_authenticate = WWWAuthenticate("bearer")
        return answer
    except Transient:
        return problem(503, gettext("Google's certificates cannot be read just now; try again in a minute."))
    return None


def _identified() -> str:
    """The address that the request's token vouches for; "" where Google has not verified any."""
    sent = request.headers.get("Authorization", "")
    if not sent.lower().startswith(_BEARER):
        raise IdentityRefused("An identity token is missing.")
    desk = card_desk()
    token = sent[len(_BEARER) :].strip()
    return verify_identity_token(
        token, audience=desk.audience, certificates=desk.certificates, clock=house().clock
    ).email


@blueprint.post("/context")
def context() -> Response:
    """Answer with the card of the open mail, or with the homepage where none is open."""
    asked = _body(ContextAsked())
    with house().db.read() as session:
        actor = _reader(session)
        if actor is None:
            return _not_connected(asked)
        visit = _visit(session, actor, asked)
        headers = {name: asked[name] for name in _HEADERS}
        mail = service.open_by_glimpse(visit, read_headers(**headers)) if any(headers.values()) else None
        return _view(Cards((service.root_card(visit, mail),)))


@blueprint.post("/actions/<name>")
def action(name: str) -> Response:
    """Do what a click asks for, with the reader's rights of this moment."""
    do = service.find_action(name)
    asked = _body(ActionAsked())
    opened: AbstractContextManager[Session] = house().db.write() if service.changes_something(do) else house().db.read()
    try:
        with opened as session:
            actor = _reader(session)
            if actor is None:
                return _not_connected(asked)
            clicked = service.Asked(asked["parameters"], asked["inputs"])
            return _view(service.act(_visit(session, actor, asked), do, clicked))
    except (NotFoundError, ForbiddenError):
        raise
    except UserError as error:
        return _view(Outcome(notification=str(error)), 400)


def _reader(session: Session) -> Actor | None:
    user = find_user_by_email(session, g.addon_email) if g.addon_email else None
    return to_actor(user) if user is not None and user.disabled_at is None else None


def _visit(session: Session, actor: Actor, asked: Asked) -> Visit:
    clock = house().clock
    words = words_for(clock.now(), (asked["locale"], actor.locale), (asked["timezone"], actor.timezone))
    return Visit(session, clock, actor, words, Seals(card_desk().secret, actor.user_id), house().public_url)


def _not_connected(asked: Asked) -> Response:
    words = words_for(house().clock.now(), (asked["locale"],), (asked["timezone"],))
    card = trouble.card(Trouble.NOT_CONNECTED, words, url=house().public_url)
    return _view(Cards((card,)), 403)


def _body(schema: ReaderAsked) -> Asked:
    """Read the request's JSON; it is refused with 400, 413 or 422."""
    found: Asked = schema.load(request.get_json())
    return found


@blueprint.errorhandler(ValidationError)
def refuse_unreadable(error: ValidationError) -> Response:
    """Name the members that cannot be read."""
    return problem(422, gettext("This is not what the add-on sends; update it."), errors=error.messages)


def _view(view: Cards | Outcome, status: int = 200) -> Response:
    text = json.dumps(view.to_json(), ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, mimetype="application/json")
