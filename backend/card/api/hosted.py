"""The doors of the add-on that Google's servers call: `POST /addon/http/{home,today,mail,compose,actions/<name>}`.

Two tokens come with each event. `systemIdToken` (the Authorization header) says that Google calls for this very
add-on: its audience is the address that was called, its bearer the add-on's service account. `userIdToken` says who
reads. What the reader has not allowed yet is asked for (granular consent). Google shows nothing of an answer other than
200, so that past this point what went wrong is a card too.
Source: https://developers.google.com/workspace/add-ons/guides/alternate-runtimes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, request
from flask_babel import gettext
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from backend.accounts.guards import without_csrf
from backend.accounts.shapes import Actor
from backend.accounts.store import mailboxes
from backend.card import service
from backend.card.api.knock import (
    LARGEST_BODY,
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
from backend.card.events import COMPOSE, EMAIL, METADATA, Event, missing_scopes, read_event
from backend.card.facts import Do
from backend.card.glimpse import Glimpse, read_headers
from backend.card.shapes import Card, Cards, Outcome
from backend.card.workspace_json import action_answer, scope_request, trigger_answer
from backend.db import MAY_GIVE_UP, is_given_up
from backend.gmail.errors import GmailError, PermissionDenied, Transient
from backend.gmail.gateway import UNITS
from backend.gmail.glance import OpenMessage, read_open_message
from backend.gmail.identity import IdentityRefused
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.sync.buckets import Urgency
from backend.sync.limited import paid
from backend.web.house import house
from backend.web.problems import problem

TRIGGERS = {"home", "mail", "compose"}  # they answer with cards; clicks and the menu with what is to be done
NEEDED = {"mail": (METADATA,), "compose": (COMPOSE,), Do.INSERT_TEMPLATE: (COMPOSE,), Do.INSERT_REFERENCE: (COMPOSE,)}

blueprint = Blueprint("card_hosted", __name__, url_prefix="/addon/http")
without_csrf(blueprint)


@blueprint.before_request
def refuse_strangers() -> Response | None:
    """Let Google's servers in, for a reader in whom Google vouches; else 401, 503, or a request for what is missing."""
    request.max_content_length = LARGEST_BODY
    if not (card_desk().audience and card_desk().caller):
        return problem(503, gettext("The add-on that Google calls is not set up here; see docs/install-addon.md."))
    try:
        return _admit()
    except IdentityRefused as error:
        return refused(error)
    except Transient:
        return problem(503, gettext("Google's certificates cannot be read just now; try again in a minute."))


def _admit() -> Response | None:
    desk = card_desk()
    if identify(bearer(), house().public_url + request.path).email != desk.caller:
        raise IdentityRefused("The identity token was made for somebody else.")
    event = g.addon_event = read_event(request.get_json())
    door = str((request.view_args or {}).get("name") or request.path.rpartition("/")[2])
    missing = missing_scopes(event, NEEDED.get(door, ()))
    if missing or not event.user_token:
        return _json(scope_request(missing or (EMAIL,)))
    g.addon_email = identify(event.user_token, desk.audience).email
    return None


@blueprint.post("/home")
def home() -> Response:
    """The homepage."""
    with card_desk().db.read() as session:
        actor = find_reader(session, g.addon_email)
        return _shown(service.root_card(visit_of(session, actor, _event().reader), None) if actor else _stranger())


@blueprint.post("/today")
def today() -> Response:
    """Answer “Today” of the add-on's menu: the homepage over whatever is open; phones do not show it by themselves."""
    with card_desk().db.read() as session:
        actor = find_reader(session, g.addon_email)
        card = service.root_card(visit_of(session, actor, _event().reader), None) if actor else _stranger()
        return _done(Outcome(push=card))


@blueprint.post("/mail")
def mail() -> Response:
    """The card of the open mail. What the store has by Gmail's id is shown at once; else Gmail tells the headers."""
    event = _event()
    with card_desk().db.read() as session:
        actor = find_reader(session, g.addon_email)
        if actor is None:
            return _shown(_stranger())
        visit = visit_of(session, actor, event.reader)
        known = service.open_by_glimpse(visit, Glimpse(event.message_id, "", "", ()))
        if isinstance(known, service.OpenMail) and known.is_stored:
            return _shown(service.root_card(visit, known))
    return _unsynced(actor, event)


def _unsynced(actor: Actor, event: Event) -> Response:
    """No transaction is open while Gmail is asked; where it does not answer, the card says so."""
    open_message = OpenMessage(event.message_id, event.oauth_token, event.message_token)
    try:
        found = _look(actor, open_message)
    except PermissionDenied:
        return _json(scope_request((METADATA,)))
    except GmailError:
        return _shown(trouble.card(Trouble.GOOGLE_OFFLINE, words_of(event.reader), url=house().public_url))
    headers = {"from_": found["From"], "to": found["To"], "cc": found["Cc"], "subject": found["Subject"]}
    glimpse = read_headers(gmail_id=event.message_id, message_id=found["Message-ID"], **headers)
    with card_desk().db.read() as session:
        visit = visit_of(session, actor, event.reader)
        opened = service.open_by_glimpse(visit, glimpse)
        shown = _shown(service.root_card(visit, opened))
    write_down_look(actor, opened)
    return shown


def _look(actor: Actor, message: OpenMessage) -> Mapping[str, str]:
    """Read the headers: a call that a person waits for, counted in the quota of their mailbox.

    Whose mailbox is not connected here is counted by themselves, under a number that no mailbox has.
    """
    desk = card_desk()
    with desk.db.read() as session:
        own = mailboxes(session, actor.workspace_id, user_id=actor.user_id)
    mailbox_id = next((box.id for box in own if box.address == actor.email), -actor.user_id)
    meter = desk.limiter.meter(mailbox_id, Urgency.PERSON)
    return paid(meter, UNITS["get"], lambda: read_open_message(desk.gmail_api_url, message, house().clock))


@blueprint.post("/compose")
def compose() -> Response:
    """What can be put into the mail that is being written."""
    with card_desk().db.read() as session:
        actor = find_reader(session, g.addon_email)
        if actor is None:
            return _shown(_stranger())
        asked = service.Asked({}, {"to": ", ".join(_event().recipients)})
        outcome = service.act(visit_of(session, actor, _event().reader), Do.COMPOSE, asked)
        return _shown(outcome.push or _stranger())


@blueprint.post("/actions/<name>")
def action(name: str) -> Response:
    """Do what a click asks for, with the reader's rights of this moment."""
    do, event, db = service.find_action(name), _event(), card_desk().db
    with db.write() if service.changes_something(do) else db.read() as session:
        actor = find_reader(session, g.addon_email)
        if actor is None:
            return _done(Outcome(push=_stranger()))
        asked = service.Asked(event.parameters, event.inputs)
        return _done(service.act(visit_of(session, actor, event.reader), do, asked))


@blueprint.errorhandler(UserError)
def tell(error: UserError) -> Response:
    """What the reader can mend is a toast; what is not there, or not theirs, is a card with the way out."""
    kinds = {NotFoundError: Trouble.GONE, ForbiddenError: Trouble.NO_PERMISSION}
    kind = kinds.get(type(error))
    return _failed(kind) if kind else _done(Outcome(notification=words_of(_event().reader).sentence_of(error)))


def tell_too_late(error: Exception) -> Response:
    """Say that the database did not answer in time, while Gmail still waits; nothing was changed."""
    if not is_given_up(error):
        raise error
    return _failed(Trouble.TIMED_OUT)


for _kind in MAY_GIVE_UP:
    blueprint.register_error_handler(_kind, tell_too_late)


@blueprint.errorhandler(500)
def confess(_error: Exception) -> Response:
    """Whatever nobody foresaw is logged by Flask, and said as a card."""
    return _failed(Trouble.FAILED)


@blueprint.errorhandler(ValidationError)
def refuse_unreadable(error: ValidationError) -> Response:
    """Google's servers do not send that: whoever did gets no card."""
    return problem(422, gettext("This is not an add-on's event."), errors=error.messages)


def _failed(kind: Trouble) -> Response:
    card = trouble.card(kind, words_of(_event().reader), url=house().public_url)
    is_trigger = request.path.rpartition("/")[2] in TRIGGERS
    return _shown(card) if is_trigger else _done(Outcome(push=card))


def _event() -> Event:
    event: Event = g.addon_event
    return event


def _stranger() -> Card:
    return not_connected_card(_event().reader)


def _shown(card: Card) -> Response:
    return _json(trigger_answer(Cards((card,)), _actions_url()))


def _done(outcome: Outcome) -> Response:
    return _json(action_answer(outcome, _actions_url()))


def _actions_url() -> str:
    return f"{house().public_url}{blueprint.url_prefix}/actions"


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False, separators=(",", ":")), mimetype="application/json")
