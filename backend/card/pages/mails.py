"""The page that stands in for Gmail in the demo: the reader's mail, and beside it the card that the add-on shows.

It knows who reads by the session instead of an identity token; everything else is the add-on's own way: the same
service, and the card as Google would get it (`workspace_json`), drawn by `preview`.
"""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.card import service
from backend.card.cards import trouble
from backend.card.cards.trouble import Trouble
from backend.card.pages.room import act, blueprint, draw, visit_of
from backend.card.shapes import Outcome
from backend.card.store.inbox import Show, own_mail, own_mails
from backend.linking.shapes import Reason
from backend.mail.conversations import bare_subject
from backend.mail.quotes import split_reply
from backend.mail.shapes import Role
from backend.timeline.service import look_at_mail
from backend.web.house import house

ROWS = 60

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
        seen_id = service.look_of(service.open_by_id(visit_of(session), str(message_id)))
    if seen_id is not None:
        with house().db.write() as session:
            look_at_mail(session, house().clock, current_actor(), seen_id)
    return shown


@blueprint.get("/preview/trouble")
@needs()
def mails_trouble() -> str:
    """Show every card that says what went wrong, as the add-on shows them."""
    with house().db.read() as session:
        words, url = visit_of(session).words, house().public_url
    drawn = [draw(trouble.card(kind, words, url=url, reference="7f3a"), _root_url(None)) for kind in Trouble]
    return render_template("card/troubles.html", panels=drawn)


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
    outcome = act(name)
    if outcome.open_link:
        return redirect(outcome.open_link.url)
    with house().db.read() as session:
        card = outcome.push or outcome.update
        drawn = draw(card, _root_url(message_id), outcome) if card else _root(session, message_id, outcome)
        return _shown(session, view, message_id, drawn)


def _root(session: Session, message_id: int | None, outcome: Outcome | None = None) -> Markup:
    visit = visit_of(session)
    mail = None if message_id is None else service.open_by_id(visit, str(message_id))
    return draw(service.root_card(visit, mail), _root_url(message_id), outcome)


def _root_url(message_id: int | None) -> str:
    return url_for("preview.mails") + ("/home" if message_id is None else f"/mail/{message_id}")


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
        service.open_by_id(visit_of(session), str(message_id))  # raises where they may not know of it
        return {"mail": None, "is_elsewhere": True}
    to = [p.address for p in mail.people if p.role in {Role.TO, Role.CC}]
    reply_subject = f"Re: {bare_subject(mail.subject)}"
    return {"mail": mail, "to": to, "reply": split_reply(mail.text), "reply_subject": reply_subject}


def _asked_show() -> Show:
    asked = request.args.get("show", "")
    return Show(asked) if asked in set(Show) else Show.ALL
