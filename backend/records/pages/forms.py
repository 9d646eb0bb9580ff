"""The forms that make a contact, a company or a deal; what is refused stands above the form with all that was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import redirect, render_template, request
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import UserError
from backend.mail.addresses import registrable_domain
from backend.records import service
from backend.records.pages.room import blueprint
from backend.records.pages.team import acting_editor
from backend.records.pages.typed import CURRENCIES, Field, typed, typed_company, typed_currency
from backend.records.paths import folder_of, record_path
from backend.records.shapes import NewCompany, NewContact, NewDeal, Origin, Relinked
from backend.records.store.reading import Wanted, get_contact, list_companies, list_pipelines
from backend.records.tables import Record
from backend.web.house import house
from backend.web.i18n import read_money, sentence_of
from backend.web.toasts import toast

Maker = Callable[[Session], tuple[Record, Relinked]]
Answer = str | Response | tuple[str, int]


_CONTACT = (
    Field("name", _l("Name"), required=True),
    Field("email", _l("E-mail"), "email", _l("The company follows from the address, unless it is free mail.")),
    Field("title", _l("Job")),
    Field("phone", _l("Phone"), "tel"),
)
_COMPANY = (
    Field("name", _l("Name"), required=True),
    Field("domain", _l("Mail domain"), hint=_l("As in nordwind.example; mail from there belongs to this company.")),
    Field("industry", _l("Industry")),
    Field("city", _l("City")),
    Field("country", _l("Country"), hint=_l("Two letters, as in ES.")),
)
_DEAL = (
    Field("name", _l("Name"), required=True),
    Field("company", _l("Company"), "company", _l("Begin to type and choose one of the team's companies.")),
    Field("amount", _l("Amount"), "money"),
    Field("expected_close", _l("Closes"), "date"),
    Field("stage_id", _l("Stage"), "stage"),
    Field("source", _l("Source"), hint=_l("The fair, campaign or person that it came from.")),
)


@blueprint.route("/contacts/new", methods=["GET", "POST"])
@needs()
def new_contact() -> Answer:
    """Make a contact."""
    return _form("contact", gettext("New contact"), _CONTACT, _make_contact)


@blueprint.route("/companies/new", methods=["GET", "POST"])
@needs()
def new_company() -> Answer:
    """Make a company."""
    return _form("company", gettext("New company"), _COMPANY, _make_company)


@blueprint.route("/deals/new", methods=["GET", "POST"])
@needs()
def new_deal() -> Answer:
    """Make a deal; `?contact_id=` lets a contact take part in it."""
    return _form("deal", gettext("New deal"), _DEAL, _make_deal)


@blueprint.get("/companies/options")
@needs()
def company_options() -> str:
    """Offer companies whose name begins like what was typed, as a datalist's options."""
    with house().db.read() as session:
        found = list_companies(session, current_actor().workspace_id, Wanted(words=typed("company"), limit=12))
    return render_template("records/options.html", names=[company.record.name for company in found])


def _form(kind: str, title: str, fields: tuple[Field, ...], make: Maker) -> Answer:
    problem = ""
    if request.method == "POST":
        try:
            with house().db.write() as session:
                record, relinked = make(session)
                path, name = record_path(kind, record.id), record.name
        except UserError as error:
            problem = sentence_of(error)
        else:
            _say_added(name, relinked)
            return redirect(path)
    with house().db.read() as session:
        pipelines = list_pipelines(session, current_actor().workspace_id)
    page = render_template(
        "records/form.html", title=title, fields=fields, problem=problem, pipelines=pipelines, currencies=CURRENCIES,
        cancel=f"/{folder_of(kind)}", values=request.values, now={},
    )  # fmt: skip
    return (page, 400) if problem else page


def _say_added(name: str, relinked: Relinked) -> None:
    """Say what was added and how much earlier mail followed; a tap on Undo takes those links back."""
    if not relinked.added:
        toast(gettext("%(name)s was added.", name=name))
        return
    text = ngettext(
        "%(name)s was added; %(num)s link to earlier mail made.",
        "%(name)s was added; %(num)s links to earlier mail made.",
        relinked.added,
        name=name,
    )
    toast(text, undo=f"/relinkings/{relinked.batch_id}/undo")


def _make_contact(session: Session) -> tuple[Record, Relinked]:
    email, editor = typed("email"), acting_editor(session)
    addresses = service.contact_from_address(email, "", Origin.MANUAL).addresses if email else ()
    first, _, last = typed("name").partition(" ")
    new = NewContact(
        name=typed("name"), addresses=addresses, first_name=first, last_name=last, title=typed("title"),
        phone=typed("phone"), owner_id=editor.actor.user_id,
    )  # fmt: skip
    return editor.add_contact(new)


def _make_company(session: Session) -> tuple[Record, Relinked]:
    editor, domain = acting_editor(session), registrable_domain(typed("domain").lower())
    new = NewCompany(
        name=typed("name"), domains=(domain,) if domain else (), industry=typed("industry"), city=typed("city"),
        country=_country(), owner_id=editor.actor.user_id,
    )  # fmt: skip
    return editor.add_company(new)


def _make_deal(session: Session) -> tuple[Record, Relinked]:
    editor, contact_id = acting_editor(session), request.values.get("contact_id", type=int)
    stage_id, pipeline_id = _stage_and_pipeline(session)
    is_known = contact_id is not None and get_contact(session, editor.actor.workspace_id, contact_id) is not None
    new = NewDeal(
        name=typed("name"), pipeline_id=pipeline_id, stage_id=stage_id, company_id=typed_company(session),
        contact_ids=(contact_id,) if is_known and contact_id else (), source=typed("source"),
        owner_id=editor.actor.user_id,
        amount_minor=read_money(typed("amount"), typed_currency()), currency=typed_currency(),
        expected_close=_expected_close(),
    )  # fmt: skip
    return editor.add_deal(new)


def _stage_and_pipeline(session: Session) -> tuple[int | None, int]:
    stage_id = request.form.get("stage_id", type=int)
    for pipeline_id, _name, stages in list_pipelines(session, current_actor().workspace_id):
        if stage_id is None or any(stage.id == stage_id for stage in stages):
            return stage_id, pipeline_id
    raise UserError(gettext("That stage is gone; reload the page and choose again."))


def _expected_close() -> date | None:
    try:
        return date.fromisoformat(typed("expected_close")) if typed("expected_close") else None
    except ValueError as error:
        raise UserError(gettext("That is not a date; write it as 2026-12-31.")) from error


def _country() -> str:
    country = typed("country").upper()
    if country and not (len(country) == len("ES") and country.isascii() and country.isalpha()):
        raise UserError(gettext("Write the country in two letters, as in ES."))
    return country
