"""Looking at a sequence before it runs: its mails with a real contact, its versions and what differs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import ndiff
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import NotFoundError
from backend.records.shapes import ContactView
from backend.records.store.reading import Wanted, deals_of_contact, get_contact, list_contacts
from backend.sequences.authoring import drafts
from backend.sequences.authoring.previews import StepPreview, missing_fields, preview, values_of
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.pages.html import html_page
from backend.sequences.pages.one import require_view
from backend.sequences.pages.room import blueprint
from backend.sequences.people import list_store
from backend.sequences.texts.rules import fill
from backend.sequences.wording.step_words import lines_of
from backend.web.house import house
from backend.web.i18n import sentence_of

CHOICE = 8
_NUMBER = re.compile(r"^\d+\. ")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a definition: `mark` is + for one that came, - for one that went, "" for one that stayed."""

    mark: str
    text: str


@blueprint.get("/<int:sequence_id>/preview")
@needs()
def show_preview(sequence_id: int) -> str:
    """The mails as `?contact=` would read them, else the first contact that a search for `?q=` finds."""
    actor, words = current_actor(), request.args.get("q", "")
    with house().db.read() as session:
        sequence = require_view(session, sequence_id)
        definition = drafts.in_work(session, require_sequence(session, actor.workspace_id, sequence_id))
        choice = list_contacts(session, actor.workspace_id, Wanted(words=words, sort="recent", limit=CHOICE))
        contact = _contact(session, choice)
        seen = _seen(session, definition, contact) if contact else []
    return render_template(
        "sequences/preview.html",
        sequence=sequence,
        contact=contact,
        choice=choice,
        words=words,
        seen=seen,
        step_count=len(definition.get("steps", ())),
        missing=missing_fields(seen),
        said=sentence_of,
    )


@blueprint.get("/<int:sequence_id>/preview/<int:place>/<int:which>/html")
@needs()
def show_html(sequence_id: int, place: int, which: int) -> Response:
    """One wording of the mail at a place, both from 0, as its HTML part shows it to `?contact=`."""
    actor = current_actor()
    with house().db.read() as session:
        definition = drafts.in_work(session, require_sequence(session, actor.workspace_id, sequence_id))
        contact = _contact(session, [])
        try:
            body = str(definition["steps"][place]["variants"][which]["body"])
        except (IndexError, KeyError) as error:
            raise NotFoundError(gettext("That mail is not here; its sequence was changed.")) from error
        if contact is None:
            raise NotFoundError(gettext("That contact is not here; it may have been deleted."))
        deals = deals_of_contact(session, actor.workspace_id, contact.record.id)
        values = values_of(session, actor, contact, next(iter(deals), None))
    return html_page(fill(body, values).text)


def _contact(session: Session, choice: list[ContactView]) -> ContactView | None:
    wanted = request.args.get("contact", type=int)
    found = get_contact(session, current_actor().workspace_id, wanted) if wanted else None
    return found or next((each for each in choice if each.emails), next(iter(choice), None))


def _seen(session: Session, definition: Mapping[str, Any], contact: ContactView) -> list[StepPreview]:
    """With the contact's latest open deal, as somebody who enrols them for a deal would see it."""
    deals = deals_of_contact(session, current_actor().workspace_id, contact.record.id)
    return preview(session, current_actor(), definition, contact, next(iter(deals), None))


@blueprint.get("/<int:sequence_id>/versions")
@needs()
def show_versions(sequence_id: int) -> str:
    """Every version, and what it changed."""
    with house().db.read() as session:
        sequence = require_view(session, sequence_id)
        every = list_store.versions(session, current_actor(), sequence_id)
    older = [*(version.definition for version in every[1:]), {}]
    shown = [(version, differences(before, version.definition)) for version, before in zip(every, older, strict=True)]
    return render_template("sequences/versions.html", sequence=sequence, versions=shown)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[DiffLine]:
    """What went and what came, line by line; only lines near a change. A step that only moved on has not changed."""
    old, new = (lines_of(each, gettext, ngettext) for each in (before, after))
    lines = list(_compared(old, new))
    near = {place + by for place, line in enumerate(lines) if line.mark for by in (-1, 0, 1)}
    return [line for place, line in enumerate(lines) if place in near]


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffLine]:
    """Both, compared without the numbers of their steps, and shown with them."""
    went, came = iter(old), iter(new)
    for line in ndiff([_NUMBER.sub("", each) for each in old], [_NUMBER.sub("", each) for each in new]):
        if line.startswith("- "):
            yield DiffLine("-", next(went))
        elif line.startswith("+ "):
            yield DiffLine("+", next(came))
        elif line.startswith("  "):
            next(went)
            yield DiffLine("", next(came))
