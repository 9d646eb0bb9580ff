"""The pages that stand in for Gmail share this: a blueprint, the reader's visit, a click done, a card drawn."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor
from backend.card import service
from backend.card.desk import card_desk
from backend.card.preview import panel
from backend.card.reader import words_for
from backend.card.seals import Seals
from backend.card.service import Visit
from backend.card.shapes import Card, Outcome
from backend.card.workspace_json import card_json
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.nav import Way, open_way

blueprint = Blueprint("preview", __name__, template_folder="../templates")
open_way(blueprint, Way("preview", _l("Card preview"), "mail", "preview.mails", 115))


def visit_of(session: Session) -> Visit:
    """The visit of whoever is signed in."""
    clock, actor = house().clock, current_actor()
    words = words_for(clock.now(), (str(get_locale()),), (actor.timezone,))
    return Visit(session, clock, actor, words, Seals(card_desk().secret, actor.user_id), house().public_url)


def draw(
    card: Card,
    base_url: str,
    outcome: Outcome | None = None,
    *,
    root_url: str = "",
    hidden: Mapping[str, str] | None = None,
) -> Markup:
    """Draw a card; what was pushed, and what took the place of something pushed, has an arrow back to `root_url`.

    Its actions post to `base_url`/actions, with the `hidden` fields.
    """
    is_pushed = outcome is not None and (outcome.push or outcome.update) is not None and outcome.pop is None
    return panel(
        card_json(card, f"{base_url}/actions"),
        words_for(house().clock.now(), (str(get_locale()),), (current_actor().timezone,)),
        icons_url=url_for("web.static", filename="icons.svg"),
        csrf_token=generate_csrf(),
        notification=outcome.notification if outcome else "",
        back_url=(root_url or base_url) if is_pushed else "",
        hidden=hidden or {},
    )


def act(name: str) -> Outcome:
    """Do what a click asks for, as the add-on would; what is refused is the outcome's notice."""
    do, db = service.find_action(name), house().db
    try:
        with db.write() if service.changes_something(do) else db.read() as session:
            return service.act(visit_of(session), do, service.Asked(request.args, request.form))
    except (NotFoundError, ForbiddenError):
        raise
    except UserError as error:
        return Outcome(notification=sentence_of(error))
