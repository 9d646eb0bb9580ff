"""What both doors do alike: read who knocks from Google's tokens, and open a visit for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.wrappers import Response

from backend.accounts.service import to_actor
from backend.accounts.shapes import Actor
from backend.accounts.store import find_user_by_email
from backend.card import service
from backend.card.cards import trouble
from backend.card.cards.trouble import Trouble
from backend.card.desk import card_desk
from backend.card.reader import words_for
from backend.card.seals import Seals
from backend.card.service import Visit
from backend.card.shapes import Card
from backend.card.words import Words
from backend.gmail.identity import Identity, IdentityRefused, verify_identity_token
from backend.timeline.service import look_at_mail
from backend.web.house import house
from backend.web.problems import problem

LARGEST_BODY = 1_000_000  # bytes
_BEARER = "bearer "

Asked = Mapping[str, Any]


def bearer() -> str:
    """The token of the request's Authorization header. Raises `IdentityRefused` where there is none."""
    sent = request.headers.get("Authorization", "")
    if not sent.lower().startswith(_BEARER):
        raise IdentityRefused("An identity token is missing.")
    return sent[len(_BEARER) :].strip()


def identify(token: str, audience: str) -> Identity:
    """Whom a token vouches for before `audience`. Raises `IdentityRefused` or `Transient`."""
    return verify_identity_token(token, audience=audience, certificates=card_desk().certificates, clock=house().clock)


def refused(error: IdentityRefused) -> Response:
    """Answer 401, without a word about who or what exists."""
    answer = problem(401, str(error))
    answer.www_authenticate = WWWAuthenticate("bearer")
    return answer


def find_reader(session: Session, email: str) -> Actor | None:
    """The user with this address who may come in; None for "", for nobody, and for who was shut out."""
    user = find_user_by_email(session, email) if email else None
    return to_actor(user) if user is not None and user.disabled_at is None else None


def visit_of(session: Session, actor: Actor, asked: Asked) -> Visit:
    """A reader's visit, in the language and zone that Gmail told, else in those that they chose here."""
    clock = house().clock
    words = words_for(clock.now(), (asked["locale"], actor.locale), (asked["timezone"], actor.timezone))
    return Visit(session, clock, actor, words, Seals(card_desk().secret, actor.user_id), house().public_url)


def write_down_look(actor: Actor, mail: service.OpenMail | service.LockedMail | None) -> None:
    """Leave a trace of a card that shows private mail by its owner's leave."""
    message_id = service.look_of(mail)
    if message_id is not None:
        with house().db.write() as session:
            look_at_mail(session, house().clock, actor, message_id)


def words_of(asked: Asked) -> Words:
    """The words of somebody whom we do not know."""
    return words_for(house().clock.now(), (asked["locale"],), (asked["timezone"],))


def not_connected_card(asked: Asked) -> Card:
    """What somebody sees for whom nobody has made a user."""
    return trouble.card(Trouble.NOT_CONNECTED, words_of(asked), url=house().public_url)
