"""Campaigns in the browser: the list, writing one, looking at it person by person before it starts, and its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import ForbiddenError, NotFoundError, UserError
from backend.mail.address_lines import LONGEST_LIST
from backend.sequences.campaigns import audience_store, service, store
from backend.sequences.campaigns.shapes import Audience, CampaignView, Stand, Text
from backend.sequences.people.list_store import Wanted as PeopleWanted
from backend.sequences.people.list_store import list_people
from backend.sequences.shapes import EnrolmentState
from backend.sequences.texts import rules as texts
from backend.sequences.texts import store as templates
from backend.sequences.texts.service import ready_template
from backend.sequences.wording.words import reason_words, state_word
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.ids import row_id
from backend.web.nav import Place, Way, open_way
from backend.web.pagination import cut_page, decode_cursor
from backend.web.toasts import toast

ROWS = 50

blueprint = Blueprint("campaigns", __name__, url_prefix="/campaigns", template_folder="../templates")
open_way(
    blueprint,
    Way("campaigns", lazy_gettext("Campaigns"), "mail", "campaigns.show", 82),
    Way("new_campaign", lazy_gettext("Campaign"), "mail", "campaigns.show_new", 50, Place.CREATE),
)


@blueprint.app_template_filter("sending_state")
def say_state(state: EnrolmentState) -> str:
    """How somebody stands, in the visitor's language."""
    return state_word(state, gettext)


@blueprint.app_template_filter("sending_reason")
def say_why(reason: str) -> str:
    """Why a mail waits or does not leave, in the visitor's language."""
    return reason_words(reason, gettext)


@blueprint.get("")
@needs()
def show() -> str:
    """List them, the youngest first."""
    mark = request.args.get("after", "")
    before_id = decode_cursor(mark, int)[0] if mark else None
    with house().db.read() as session:
        found = store.campaigns(session, current_actor(), before_id=before_id, limit=ROWS + 1)
    return render_template("campaigns/campaigns.html", page=cut_page(found, ROWS, lambda it: (it.id,)))


@blueprint.get("/new")
@needs()
def show_new() -> str:
    """The empty form; a filter of the contacts' list comes along in the address."""
    audience = Audience(
        words=request.args.get("q", ""),
        owner_id=current_actor().user_id if request.args.get("owner") == "me" else None,
        company_id=request.args.get("company", type=row_id),
    )
    return _form(None, "", Text(), audience)


@blueprint.post("/new")
@needs()
def add() -> tuple[str, int] | str | Response:
    """Keep a new one as a draft."""
    return _save(None)


@blueprint.get("/<int:campaign_id>/edit")
@needs()
def show_edit(campaign_id: int) -> str:
    """The form of a draft."""
    with house().db.read() as session:
        found = service.require(session, current_actor(), campaign_id)
    return _form(campaign_id, found.name, found.text, found.audience)


@blueprint.post("/<int:campaign_id>/edit")
@needs()
def change(campaign_id: int) -> tuple[str, int] | str | Response:
    """Keep what was written."""
    return _save(campaign_id)


@blueprint.get("/<int:campaign_id>")
@needs()
def show_one(campaign_id: int) -> str:
    """A draft: who would get it, who would not and why, until when. Afterwards: how far it came."""
    actor = current_actor()
    with house().db.read() as session:
        campaign = service.require(session, actor, campaign_id)
        if campaign.stand is not Stand.DRAFT:
            return _show_started(session, campaign)
        found = service.check(session, house().clock, actor, campaign)
        expected = service.expect(session, house().clock, actor, found.fit)
        has_mailbox = service.own_mailbox(session, actor) is not None
        preview = _preview(session, campaign)
    reasons = _by_reason((each.person.contact_id, each.person.name, each.reason, each.evidence) for each in found.out)
    return render_template(
        "campaigns/check.html", campaign=campaign, fit=len(found.fit), reasons=reasons, out=len(found.out),
        expected=expected, has_mailbox=has_mailbox, is_own=campaign.user_id == actor.user_id, **preview,
    )  # fmt: skip


def _show_started(session: Session, campaign: CampaignView) -> str:
    """How far it came, and the people on its list, fifty at a time."""
    state, before_id = request.args.get("state", ""), request.args.get("before", type=row_id)
    wanted = PeopleWanted(
        sequence_id=campaign.id,
        state=EnrolmentState(state) if state in set(EnrolmentState) else None,
        before_id=before_id,
        limit=ROWS + 1,
    )
    page = cut_page(list_people(session, current_actor(), wanted), ROWS, lambda it: (it.id,))
    kept = store.left_out(session, campaign.id)
    reasons = _by_reason((each.contact_id, each.name, each.reason, each.evidence) for each in kept)
    return render_template(
        "campaigns/campaign.html", campaign=campaign, reasons=reasons, people=page.items, wanted=wanted,
        next_id=page.items[-1].id if page.next_cursor else None, states=list(EnrolmentState),
    )  # fmt: skip


def _by_reason(out: Iterable[tuple[int, str, str, str]]) -> dict[str, list[tuple[int, str, str]]]:
    """Who is left out, (contact, name, evidence), by the reason."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for contact_id, name, reason, evidence in out:
        found.setdefault(reason, []).append((contact_id, name, evidence))
    return found


@blueprint.get("/<int:campaign_id>/preview")
@needs()
def show_preview(campaign_id: int) -> str | Response:
    """The mail as one person of the list would read it; without htmx the whole page."""
    if "HX-Request" not in request.headers:
        return redirect(url_for("campaigns.show_one", campaign_id=campaign_id, at=request.args.get("at")))
    with house().db.read() as session:
        campaign = service.require(session, current_actor(), campaign_id)
        preview = _preview(session, campaign)
    return render_template("campaigns/preview.html", campaign=campaign, **preview)


def _preview(session: Session, campaign: CampaignView) -> dict[str, object]:
    """The person at `?at`, counted from 0, with their mail; nobody beyond the end of the list."""
    actor, at = current_actor(), max(request.args.get("at", 0, type=row_id), 0)
    found = audience_store.people(session, actor.workspace_id, campaign.audience, offset=at, limit=2)
    if not found:
        return {"person": None, "at": at, "has_next": False}
    values = {**found[0].fields, **service.sender_fields(actor)}
    letter = texts.filled(campaign.text.subject, campaign.text.body, values)
    return {"person": found[0], "at": at, "has_next": len(found) > 1, "letter": letter}


@blueprint.post("/<int:campaign_id>/<any(start, pause, resume, stop):what>")
@needs()
def act(campaign_id: int, what: str) -> Response:
    """Start it, let it stand still, let it go on, or end it."""
    verbs = {"start": service.start, "pause": service.pause, "resume": service.resume, "stop": service.stop}
    with house().db.write() as session:
        verbs[what](session, house().clock, current_actor(), campaign_id)
    words = {
        "start": gettext("Started. Drafts appear in your Gmail a few minutes before they leave."),
        "pause": gettext("Paused; drafts that waited are taken back."),
        "resume": gettext("It goes on."),
        "stop": gettext("Stopped; nobody else gets it."),
    }
    undo = {"pause": url_for("campaigns.act", campaign_id=campaign_id, what="resume")}
    toast(words[what], undo=undo.get(what, ""))
    return redirect(url_for("campaigns.show_one", campaign_id=campaign_id))


@blueprint.post("/<int:campaign_id>/delete")
@needs()
def delete(campaign_id: int) -> Response:
    """Throw a draft away."""
    with house().db.write() as session:
        service.delete(session, house().clock, current_actor(), campaign_id)
    toast(gettext("The draft was deleted; nobody got anything."))
    return redirect(url_for("campaigns.show"))


def _save(campaign_id: int | None) -> tuple[str, int] | str | Response:
    """What is wrong comes back with its sentence, and nothing that was typed is lost."""
    actor, form = current_actor(), request.form
    name, text, audience, listed = form.get("name", ""), _text(), _filter(), _listed()
    try:
        if "fill" in form:
            return _form(campaign_id, name, _begun_with(form.get("template", type=row_id)) or text, audience, listed)
        with house().db.write() as session:
            audience = _audience(session, campaign_id, listed)
            if campaign_id is None:
                campaign_id = service.make(session, house().clock, actor, name, text, audience)
            else:
                service.change(session, actor, campaign_id, text, audience)
    except (NotFoundError, ForbiddenError):
        raise
    except UserError as error:
        return _form(campaign_id, name, text, audience, listed, sentence_of(error)), 400
    return redirect(url_for("campaigns.show_one", campaign_id=campaign_id))


def _audience(session: Session, campaign_id: int | None, listed: str) -> Audience:
    """To whom it goes: as the filter says, or to a list; never to a filter's people where addresses were given."""
    if request.form.get("whom") == "list":
        return replace(_addressed(session, campaign_id, listed), is_bold=_filter().is_bold)
    if listed:
        raise UserError(gettext("There are addresses, and a filter is chosen: say which of the two it goes to."))
    return _filter()


def _addressed(session: Session, campaign_id: int | None, listed: str) -> Audience:
    """The contacts of the addresses that were given; a draft whose list was left empty keeps the one that it has."""
    actor = current_actor()
    if campaign_id is not None and not listed:
        return service.require(session, actor, campaign_id).audience
    return service.audience_of(session, actor.workspace_id, listed)


def _text() -> Text:
    form = request.form
    subject, body = form.get("subject", ""), form.get("body", "").replace("\r\n", "\n")
    return Text(subject, body, "is_html" in form, form.get("template", type=row_id))


def _filter() -> Audience:
    form = request.form
    owner_id = current_actor().user_id if form.get("owner") == "me" else None
    company_id = form.get("company", type=row_id)
    return Audience(words=form.get("q", ""), owner_id=owner_id, company_id=company_id, is_bold="is_bold" in form)


def _listed() -> str:
    """Addresses from the box and from the file, whatever its encoding."""
    upload = request.files.get("file")
    content = upload.read(LONGEST_LIST) if upload else b""
    return f"{request.form.get('addresses', '')}\n{content.decode('utf-8-sig', 'replace')}"[:LONGEST_LIST].strip()


def _begun_with(template_id: int | None) -> Text | None:
    if template_id is None:
        return None
    with house().db.read() as session:
        chosen = ready_template(session, current_actor(), template_id)
        return Text(chosen.subject, chosen.body, chosen.is_html, chosen.id)


def _form(
    campaign_id: int | None, name: str, text: Text, audience: Audience, listed: str = "", problem: str = ""
) -> str:
    """The form as it was filled in; `listed` are addresses that were typed or came from a file."""
    actor, whom = current_actor(), request.form.get("whom", "")
    is_list = whom == "list" if whom else audience.contact_ids is not None
    with house().db.read() as session:
        choices = templates.templates(session, actor)
        companies = audience_store.company_choices(session, actor.workspace_id)
    return render_template(
        "campaigns/form.html", campaign_id=campaign_id, name=name, text=text, audience=audience, problem=problem,
        templates=choices, companies=companies, fields=texts.FIELDS, is_list=is_list, listed=listed,
    )  # fmt: skip
