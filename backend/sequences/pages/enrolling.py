"""Enrolling from a contact's page, from the list of contacts with its filter, or by addresses.

Before anything starts everybody is looked at: who can be enrolled, who cannot and why, which fields have nothing to
say. The same look is taken again when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.store import mailboxes
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.mail.address_lines import LONGEST_LIST, AddressLine, read_lines
from backend.records.store.reading import deals_of_contact, get_contact, get_deal
from backend.sequences.authoring import sequence_store
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.campaigns import audience_store
from backend.sequences.campaigns.checking import Checked, check
from backend.sequences.campaigns.shapes import Audience
from backend.sequences.pages.one import require_view
from backend.sequences.pages.room import blueprint
from backend.sequences.people import list_store
from backend.sequences.people.batches import enrol_in_batches
from backend.sequences.people.enrolling import enrol
from backend.sequences.rights import Right, require_right
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.toasts import toast

MOST_NAMED = 30  # for each reason
MOST_LINES = 500  # of a list that did not come in


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a request is about. `contact_id`: this one person; `lines`: a list of addresses; else a filter."""

    words: str = ""
    owner: str = ""
    company_id: int | None = None
    contact_id: int | None = None
    lines: tuple[AddressLine, ...] = ()
    text: str = ""
    again: bool = False

    @property
    def is_filter(self) -> bool:
        """Whether the contacts' list is meant."""
        return self.contact_id is None and not self.lines


@blueprint.get("/enrol")
@needs()
def show_choice() -> str:
    """Choose the sequence first, for the people whom the address names."""
    with house().db.read() as session:
        found = [each for each in list_store.list_sequences(session, current_actor()) if each.state == "in_use"]
    return render_template("sequences/choose.html", sequences=found, asked=request.args.to_dict())


@blueprint.get("/<int:sequence_id>/enrol")
@needs()
def show_enrol(sequence_id: int) -> str:
    """Choose the people; whom the address names are looked at already."""
    is_asked = any(name in request.args for name in ("q", "owner", "company", "contact"))
    return _page(sequence_id, _choice(request.args), is_asked=is_asked)


@blueprint.post("/<int:sequence_id>/enrol")
@needs()
def enrol_people(sequence_id: int) -> str | Response | tuple[str, int]:
    """Look at everybody who was chosen, or enrol those who can be."""
    choice = _choice(request.form)
    try:
        if request.form.get("do") != "enrol":
            return _page(sequence_id, choice, is_asked=True)
        return _enrol_one(sequence_id, choice) if choice.contact_id else _enrol_many(sequence_id, choice)
    except ConflictError as error:
        return _page(sequence_id, choice, is_asked=True, problem=sentence_of(error)), 409


def _enrol_one(sequence_id: int, choice: Choice) -> Response:
    assert choice.contact_id is not None
    with house().db.write() as session:
        deal_id = request.form.get("deal", type=int)
        if deal_id and get_deal(session, current_actor().workspace_id, deal_id) is None:
            raise NotFoundError(gettext("That deal is not here; it may have been deleted."))
        enrolment = enrol(
            session, house().clock, current_actor(), sequence_id, choice.contact_id, again=choice.again,
            deal_id=deal_id, mailbox_id=request.form.get("mailbox", type=int),
        )  # fmt: skip
        enrolment_id = enrolment.id
    undo = url_for("sequences.do", enrolment_id=enrolment_id, act="stop")
    toast(gettext("Enrolled; the first mail lies in your Gmail drafts before it leaves."), undo=undo)
    return redirect(url_for("sequences.show_person", enrolment_id=enrolment_id))


def _enrol_many(sequence_id: int, choice: Choice) -> str:
    """What came of everybody: those enrolled counted, the others named with the reason, of a list line by line."""
    with house().db.read() as session:
        view = require_view(session, sequence_id)
        checked, known = _look(session, sequence_id, choice)
    done = enrol_in_batches(
        house().db, house().clock, current_actor(), sequence_id, [person.contact_id for person in checked.fit],
        again=choice.again, mailbox_id=request.form.get("mailbox", type=int),
    )  # fmt: skip
    why = {each.person.contact_id: each.reason for out in checked.out.values() for each in out}
    lines = [(line, _of_line(line, known, why, done.refused)) for line in choice.lines]
    return render_template(
        "sequences/enrolled.html", sequence=view, done=done, checked=checked, most_named=MOST_NAMED,
        lines=[(line, said) for line, said in lines if said][:MOST_LINES],
    )  # fmt: skip


def _of_line(line: AddressLine, known: Mapping[str, int], why: Mapping[int, str], refused: Mapping[int, str]) -> str:
    """Why a line's person was not enrolled; "" where they were."""
    contact_id = known.get(line.key)
    if contact_id is None:
        return "no_contact" if line.key else "no_address_on_line"
    return why.get(contact_id) or refused.get(contact_id, "")


def _page(sequence_id: int, choice: Choice, *, is_asked: bool, problem: str = "") -> str:
    actor = current_actor()
    with house().db.read() as session:
        view = require_view(session, sequence_id)
        require_right(session, actor, Right.ENROL)
        checked = _look(session, sequence_id, choice)[0] if is_asked else None
        contact = get_contact(session, actor.workspace_id, choice.contact_id) if choice.contact_id else None
        deals = deals_of_contact(session, actor.workspace_id, choice.contact_id) if choice.contact_id else []
        own = [
            box for box in mailboxes(session, actor.workspace_id, user_id=actor.user_id) if box.status != "disconnected"
        ]
        companies = audience_store.company_choices(session, actor.workspace_id)
    return render_template(
        "sequences/enrol.html", sequence=view, choice=choice, checked=checked, contact=contact, deals=deals,
        mailboxes=own, companies=companies, most_named=MOST_NAMED, problem=problem,
    )  # fmt: skip


def _look(session: Session, sequence_id: int, choice: Choice) -> tuple[Checked, dict[str, int]]:
    """Everybody who was chosen, looked at, and whose contact each address of a list is. Raises `UserError`."""
    actor = current_actor()
    version = sequence_store.current_version(session, require_sequence(session, actor.workspace_id, sequence_id))
    if version is None:
        raise UserError(gettext("Nothing of this sequence is published yet; publish it first."))
    audience, known = _audience(session, choice)
    own = next((box.id for box in mailboxes(session, actor.workspace_id, user_id=actor.user_id)), None)
    return check(
        session, house().clock, actor, sequence_id, version.definition, audience, again=choice.again, mailbox_id=own,
    ), known  # fmt: skip


def _audience(session: Session, choice: Choice) -> tuple[Audience, dict[str, int]]:
    actor = current_actor()
    if choice.contact_id:
        return Audience(contact_ids=(choice.contact_id,)), {}
    if choice.lines:
        known = audience_store.known_contacts(session, actor.workspace_id, (line.key for line in choice.lines))
        unknown = tuple(dict.fromkeys(line.email for line in choice.lines if line.key and line.key not in known))
        return Audience(contact_ids=tuple(dict.fromkeys(known.values())), unknown=unknown), known
    owner_id = actor.user_id if choice.owner == "me" else None
    return Audience(words=choice.words, owner_id=owner_id, company_id=choice.company_id), {}


def _choice(given: Mapping[str, str]) -> Choice:
    text = _listed(given)
    return Choice(
        words=given.get("q", ""),
        owner=given.get("owner", ""),
        company_id=_id(given.get("company", "")),
        contact_id=_id(given.get("contact", "")),
        lines=tuple(read_lines(text)),
        text=text,
        again="again" in given,
    )


def _listed(given: Mapping[str, str]) -> str:
    """Addresses from the box and from the file, whatever its encoding."""
    upload = request.files.get("file")
    content = upload.read(LONGEST_LIST) if upload else b""
    return f"{given.get('addresses', '')}\n{content.decode('utf-8-sig', 'replace')}"[:LONGEST_LIST].strip()


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004 - as web.ids bounds them
