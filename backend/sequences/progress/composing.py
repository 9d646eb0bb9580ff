"""The words of a step's mails, for several people at once: texts filled in, and the thread that a reply goes into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from backend.kit.errors import UserError
from backend.outbox.shapes import Anchor, Letter, Sending
from backend.outbox.source import UnfitError
from backend.outbox.store import orders_of
from backend.sequences.authoring.definitions import Definition, Mail
from backend.sequences.people import enrolment_store
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.progress.cases import Versions
from backend.sequences.texts import rules
from backend.sequences.texts.fields import values_of


def compose(session: Session, versions: Versions, sendings: Sequence[Sending]) -> dict[int, Letter | UnfitError]:
    """What each mail says, by the order's id; an `UnfitError` names the fields without a value."""
    enrolments = enrolment_store.enrolments(session, [sending.source_id for sending in sendings])
    values = values_of(session, list(enrolments.values())) if enrolments else {}
    texts = {s.id: versions.of(session, enrolments[s.source_id].version_id) for s in sendings}
    anchors = _anchors(session, [s for s in sendings if _step(texts[s.id], s).is_reply])
    found: dict[int, Letter | UnfitError] = {}
    for sending in sendings:
        try:
            found[sending.id] = _letter(texts[sending.id], sending, values[sending.source_id], anchors.get(sending.id))
        except UnfitError as error:
            found[sending.id] = error
    return found


def _step(definition: Definition, sending: Sending) -> Mail:
    step = definition.steps[sending.step]
    assert isinstance(step, Mail)
    return step


def _letter(definition: Definition, sending: Sending, known: Mapping[str, str], anchor: Anchor | None) -> Letter:
    step = _step(definition, sending)
    variant = step.variants[sending.variant]
    subject = variant.subject or _opening(definition, sending.step)
    text = _filled(variant.body, known)
    html = rules.as_html(text) if step.is_html else ""
    return Letter("" if anchor else rules.one_line(_filled(subject, known)), rules.as_plain(text), html, anchor)


def _opening(definition: Definition, step: int) -> str:
    """The subject before a reply's: its mail was skipped, so that the reply itself opens the thread."""
    subjects = [each.variants[0].subject for each in definition.steps[:step] if isinstance(each, Mail)]
    return next((subject for subject in reversed(subjects) if subject), "")


def _filled(source: str, values: Mapping[str, str]) -> str:
    try:
        filled = rules.fill(source, values)
    except UserError as error:
        raise UnfitError("bad_template", str(error)) from error
    if filled.missing:
        raise UnfitError("missing_field", ", ".join(filled.missing))
    return filled.text


def _anchors(session: Session, sendings: Sequence[Sending]) -> dict[int, Anchor]:
    """The last mail that left for the same enrolment; its thread is known in the mailbox that it left from."""
    if not sendings:
        return {}
    earlier: dict[int, list[Sending]] = defaultdict(list)
    for order in orders_of(session, SOURCE, {sending.source_id for sending in sendings}):
        if order.sent_at is not None and order.thread_id:
            earlier[order.source_id].append(order)
    lasts = {s.id: max(mails, key=lambda m: (m.sent_at, m.id)) for s in sendings if (mails := earlier[s.source_id])}
    return {s.id: _anchor(lasts[s.id], s) for s in sendings if s.id in lasts}


def _anchor(last: Sending, sending: Sending) -> Anchor:
    thread_id = last.thread_id if last.mailbox_id == sending.mailbox_id else ""
    return Anchor(thread_id, last.rfc_id, last.subject, last.references)
