"""The doors of the Apps Script: `POST /addon/v1/context` for a card, `POST /addon/v1/actions/<name>` for a click.

Who asks is told by Google's identity token (`gmail.identity`), anew with every request. Answers are the view model
(`shapes`); the add-on shows a card of ours on an error too, and words of its own where we send problem+json.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager

from flask import Blueprint, g, request
from flask_babel import gettext
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import without_csrf
from backend.card import service
from backend.card.api.knock import (
    LARGEST_BODY,
    Asked,
    bearer,
    find_reader,
    identify,
    not_connected_card,
    refused,
    visit_of,
    words_of,
    write_down_look,
)
from backend.card.cards import trouble
from backend.card.cards.trouble import Trouble
from backend.card.desk import card_desk
from backend.card.glimpse import read_headers
from backend.card.schemas import ActionAsked, ContextAsked, ReaderAsked
from backend.card.shapes import Cards, Outcome
from backend.db import MAY_GIVE_UP, is_given_up
from backend.gmail.errors import Transient
from backend.gmail.identity import IdentityRefused
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.web.house import house
from backend.web.problems import problem

CONTEXT, ACTION = ContextAsked(), ActionAsked()  # making one takes longer than reading a request with it
_HEADERS = ("gmail_id", "message_id", "from_", "to", "cc", "subject")

blueprint = Blueprint("card_api", __name__, url_prefix="/addon/v1")
without_csrf(blueprint)


@blueprint.before_request
def refuse_strangers() -> Response | None:
    """Let only those in whom Google vouches for before this installation; an unread body costs nothing."""
    request.max_content_length = LARGEST_BODY
    audience = card_desk().audience
    if not audience:
        return problem(503, gettext("The add-on is not set up here; an admin sets ENLACE_ADDON_AUDIENCE."))
    try:
        g.addon_email = identify(bearer(), audience).email
    except IdentityRefused as error:
        return refused(error)
    except Transient:
        return problem(503, gettext("Google's certificates cannot be read just now; try again in a minute."))
    return None


@blueprint.post("/context")
def context() -> Response:
    """Answer with the card of the open mail, or with the homepage where none is open."""
    asked = _body(CONTEXT)
    with card_desk().db.read() as session:
        actor = find_reader(session, g.addon_email)
        if actor is None:
            return _view(Cards((not_connected_card(asked),)), 403)
        visit = visit_of(session, actor, asked)
        headers = {name: asked[name] for name in _HEADERS}
        mail = service.open_by_glimpse(visit, read_headers(**headers)) if any(headers.values()) else None
        view = _view(Cards((service.root_card(visit, mail),)))
    write_down_look(actor, mail)
    return view


@blueprint.post("/actions/<name>")
def action(name: str) -> Response:
    """Do what a click asks for, with the reader's rights of this moment."""
    do, db = service.find_action(name), card_desk().db
    asked = _body(ACTION)
    opened: AbstractContextManager[Session] = db.write() if service.changes_something(do) else db.read()
    try:
        with opened as session:
            actor = find_reader(session, g.addon_email)
            if actor is None:
                return _view(Cards((not_connected_card(asked),)), 403)
            clicked = service.Asked(asked["parameters"], asked["inputs"])
            return _view(service.act(visit_of(session, actor, asked), do, clicked))
    except (NotFoundError, ForbiddenError):
        raise
    except UserError as error:
        return _view(Outcome(notification=words_of(asked).sentence_of(error)), 400)


def _body(schema: ReaderAsked) -> Asked:
    """Read the request's JSON; it is refused with 400, 413 or 422."""
    found: Asked = schema.load(request.get_json())
    return found


def tell_too_late(error: Exception) -> Response:
    """Say that the database did not answer in time, while Gmail still waits; nothing was changed."""
    if not is_given_up(error):
        raise error
    asked = CONTEXT.load(request.get_json(), partial=True)
    card = trouble.card(Trouble.TIMED_OUT, words_of(asked), url=house().public_url)
    shown = Outcome(push=card) if request.path.rpartition("/")[0].endswith("actions") else Cards((card,))
    return _view(shown, 504)


for _kind in MAY_GIVE_UP:
    blueprint.register_error_handler(_kind, tell_too_late)


@blueprint.errorhandler(ValidationError)
def refuse_unreadable(error: ValidationError) -> Response:
    """Name the members that cannot be read."""
    return problem(422, gettext("This is not what the add-on sends; update it."), errors=error.messages)


def _view(view: Cards | Outcome, status: int = 200) -> Response:
    text = json.dumps(view.to_json(), ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, mimetype="application/json")
