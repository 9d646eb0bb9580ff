"""A mail being written, and beside it the card of Gmail's compose window: what it inserts lands in the draft.

Nothing is sent or stored: the draft is on the page alone, as far as it was shown.
"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import needs
from backend.card import service
from backend.card.facts import Do
from backend.card.pages.room import act, blueprint, draw, visit_of
from backend.card.shapes import Card, Insert, Outcome
from backend.mail.headers import LONGEST_VALUE
from backend.web.house import house


@blueprint.get("/preview/compose")
@needs()
def compose() -> str:
    """Show an empty draft to whom the query says, and its card."""
    with house().db.read() as session:
        drawn = _root(session)
    return str(drawn) if "HX-Request" in request.headers else _page(drawn, subject=request.args.get("subject", ""))


@blueprint.post("/preview/compose/actions/<name>")
@needs()
def compose_act(name: str) -> str | Response:
    """Do what the card asks for; what it inserts is put into the draft."""
    outcome = act(name)
    if outcome.open_link:
        return redirect(outcome.open_link.url)
    with house().db.read() as session:
        card = outcome.push or outcome.update
        drawn = _drawn(card, outcome) if card else _root(session, outcome)
    return _shown(drawn, outcome.insert)


def _shown(drawn: Markup, insert: Insert | None) -> str:
    """To htmx the panel alone, with what goes into the draft beside it; else the whole page."""
    subject = insert.subject if insert and insert.subject else request.form.get("subject", "")
    html = Markup(insert.html) if insert else Markup()  # noqa: S704 - a template's text, escaped where it was filled in
    if "HX-Request" not in request.headers:
        return _page(drawn, subject=subject, html=html)
    return str(drawn) + (render_template("card/inserted.html", subject=insert.subject, html=html) if insert else "")


def _page(drawn: Markup, *, subject: str, html: Markup = Markup()) -> str:  # noqa: B008 - never changed
    return render_template("card/compose.html", panel=drawn, to=_to(), subject=subject, html=html)


def _root(session: Session, outcome: Outcome | None = None) -> Markup:
    shown = service.act(visit_of(session), Do.COMPOSE, service.Asked({}, {"to": _to()})).push
    assert shown is not None
    return _drawn(shown, outcome)


def _drawn(card: Card, outcome: Outcome | None) -> Markup:
    here = url_for("preview.compose")
    return draw(card, here, outcome, root_url=url_for("preview.compose", to=_to()), hidden={"to": _to()})


def _to() -> str:
    return request.values.get("to", "")[:LONGEST_VALUE]
