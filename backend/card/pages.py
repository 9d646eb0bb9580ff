"""The page that stands in for Gmail in the demo: the reader's mail, and beside it the card that the add-on shows.

It knows who reads by the session instead of an identity token; everything else is the add-on's own way: the same
service, and the card as Google would get it (`workspace_json`), drawn by `preview`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.card import service
from backend.card.desk import card_desk
from backend.card.preview import panel
from backend.card.reader import words_for
from backend.card.seals import Seals
from backend.card.service import Visit
from backend.card.shapes import Card, Outcome
from backend.card.store.inbox import Show, own_mail, own_mails
from backend.card.workspace_json import card_json
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.linking.shapes import Reason
from backend.mail.quotes import split_reply
from backend.mail.shapes import Role
from backend.timeline.service import look_at_mail
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.nav import Way, open_way

ROWS = 60

blueprint = Blueprint("preview", __name__, template_folder="templates")
open_way(blueprint, Way("preview", _l("Card preview"), "mail", "preview.mails", 115))

SHOW_WORDS = {
    Show.ALL: _l("All"),
    Show.LINKED: _l("Linked"),
    Show.STRANGERS: _l("Strangers"),
    Show.ASIDE: _l("Left out"),
    Show.INTERNAL: _l("Internal"),
    Show.LOCKED: _l("Locked"),
}

REASON_WORDS = {
    Reason.NOBODY_KNOWN: _l("stranger"),
    Reason.BULK: _l("newsletter"),
    Reason.INTERNAL: _l("internal"),
    Reason.PRIVATE: _l("private"),
    Reason.EXCLUDED: _l("left out"),
    Reason.VETOED: _l("unlinked"),
}


@blueprint.get("/preview")
@needs()
def mails() -> str:
    """List the reader's mail."""
    with house().db.read() as session:
        return _page(session, "list", None, _root(session, None))


@blueprint.get("/preview/home")
@needs()
def mails_home() -> str:
    """Show the add-on's homepage."""
    with house().db.read() as session:
        return _shown(session, "home", None, _root(session, None))


@blueprint.get("/preview/mail/<int:message_id>")
@needs()
def mails_mail(message_id: int) -> str:
    """Show a mail with its card; one that its owner let the reader see leaves a trace, as in the add-on."""
    with house().db.read() as session:
        shown = _shown(session, "mail", message_id, _root(session, message_id))
        seen_id = service.look_of(service.open_by_id(_visit(session), str(message_id)))
    if seen_id is not None:
        with house().db.write() as session:
            look_at_mail(session, house().clock, current_actor(), seen_id)
    return shown


@blueprint.post("/preview/home/actions/<name>")
@needs()
def mails_home_act(name: str) -> str | Response:
    """Do what the homepage's card asks for."""
    return _act(name, "home", None)


@blueprint.post("/preview/mail/<int:message_id>/actions/<name>")
@needs()
def mails_mail_act(message_id: int, name: str) -> str | Response:
    """Do what a mail's card asks for."""
    return _act(name, "mail", message_id)


def _act(name: str, view: str, message_id: int | None) -> str | Response:
    """Act as the add-on would, then show what Gmail would show: the answer's card, or the root with a notice."""
    do = service.find_action(name)
    db = house().db
    try:
        with db.write() if service.changes_something(do) else db.read() as session:
            outcome = service.act(_visit(session), do, service.Asked(request.args, request.form))
    except (NotFoundError, ForbiddenError):
        raise
    except UserError as error:
        outcome = Outcome(notification=sentence_of(error))
    if outcome.open_link:
        return redirect(outcome.open_link.url)
    with db.read() as session:
        card = outcome.push or outcome.update
        drawn = _draw(card, message_id, outcome) if card else _root(session, message_id, outcome)
        return _shown(session, view, message_id, drawn)


def _visit(session: Session) -> Visit:
    clock, actor = house().clock, current_actor()
    words = words_for(clock.now(), (str(get_locale()),), (actor.timezone,))
    return Visit(session, clock, actor, words, Seals(card_desk().secret, actor.user_id), house().public_url)


def _root(session: Session, message_id: int | None, outcome: Outcome | None = None) -> Markup:
    visit = _visit(session)
    mail = None if message_id is None else service.open_by_id(visit, str(message_id))
    return _draw(service.root_card(visit, mail), message_id, outcome)


def _draw(card: Card, message_id: int | None, outcome: Outcome | None = None) -> Markup:
    """Draw a card; what was pushed, and what took the place of something pushed, has an arrow back to the root."""
    is_pushed = outcome is not None and (outcome.push or outcome.update) is not None and outcome.pop is None
    return panel(
        card_json(card, url_for("preview.mails", _external=False) + _below(message_id) + "/actions"),
        words_for(house().clock.now(), (str(get_locale()),), (current_actor().timezone,)),
        icons_url=url_for("web.static", filename="icons.svg"),
        csrf_token=generate_csrf(),
        notification=outcome.notification if outcome else "",
        back_url=_root_url(message_id) if is_pushed else "",
    )


def _below(message_id: int | None) -> str:
    return "/home" if message_id is None else f"/mail/{message_id}"


def _root_url(message_id: int | None) -> str:
    return url_for("preview.mails") + _below(message_id)


def _shown(session: Session, view: str, message_id: int | None, drawn: Markup) -> str:
    """The panel alone for htmx, the whole page for a browser without it."""
    return str(drawn) if "HX-Request" in request.headers else _page(session, view, message_id, drawn)


def _page(session: Session, view: str, message_id: int | None, drawn: Markup) -> str:
    show = _asked_show()
    return render_template(
        "card/page.html",
        view=view,
        panel=drawn,
        show=show,
        show_words=SHOW_WORDS,
        mails=own_mails(session, current_actor(), show, ROWS),
        reason_words=REASON_WORDS,
        **_mail_parts(session, message_id),
    )


def _mail_parts(session: Session, message_id: int | None) -> dict[str, Any]:
    if message_id is None:
        return {"mail": None}
    mail = own_mail(session, current_actor(), message_id)
    if mail is None:
        service.open_by_id(_visit(session), str(message_id))  # raises where they may not know of it
        return {"mail": None, "is_elsewhere": True}
    to = [p.address for p in mail.people if p.role in {Role.TO, Role.CC}]
    return {"mail": mail, "to": to, "reply": split_reply(mail.text)}


def _asked_show() -> Show:
    asked = request.args.get("show", "")
    return Show(asked) if asked in set(Show) else Show.ALL
