"""Sequences beside a mail: choosing and starting one, steering it; each with its undo."""

from __future__ import annotations

from collections.abc import Callable

from backend.card import sequence_facts
from backend.card.cards import enrol as enrol_card
from backend.card.cards import sequence as sequence_card
from backend.card.service.asked import Asked, Changed, Done, mail_of
from backend.card.service.enrolments import enrolment_fact
from backend.card.service.visit import Visit
from backend.card.shapes import Outcome
from backend.card.store.enrolments import StartableRow, enrolments_of, startable
from backend.card.store.records import contacts_by_id, deals_by_id
from backend.kit.errors import NotFoundError
from backend.records.service import require
from backend.records.tables import Contact
from backend.sequences.people import enrolling, steering
from backend.sequences.people.enrolment_store import ledger
from backend.sequences.rights import Right, may
from backend.sequences.shapes import EventKind, Stop
from backend.sequences.tables import Enrolment
from backend.sequences.wording import step_words, words

TAKEN_BACK = "taken_back"
LEDGER_LINES = 6


def open_sequence(visit: Visit, asked: Asked) -> Outcome:
    """Push where a person stands in a sequence, and what was done or left so far."""
    enrolment = steering.require_enrolment(visit.session, visit.actor, asked.id("enrolment"))
    rows = enrolments_of(visit.session, visit.workspace_id, enrolment.contact_id, visit.now)
    row = next((row for row in rows if row.id == enrolment.id), None)
    contact = contacts_by_id(visit.session, visit.workspace_id, [enrolment.contact_id]).get(enrolment.contact_id)
    if row is None:
        raise NotFoundError("That ended long ago; its ledger is in Enlace.")
    name = contact.name if contact else enrolment.email
    standing = sequence_facts.Standing(name, enrolment_fact(visit, row), _lines(visit, enrolment))
    mail = mail_of(visit, asked)
    return Outcome(push=sequence_card.card(standing, mail.fact if mail else None, visit.words))


def _lines(visit: Visit, enrolment: Enrolment) -> tuple[sequence_facts.LedgerLine, ...]:
    _ = visit.words.gettext
    latest = reversed(ledger(visit.session, enrolment.id)[-LEDGER_LINES:])
    return tuple(
        sequence_facts.LedgerLine(
            step_words.event_word(EventKind(line.kind), _), line.at, words.reason_words(line.reason, _)
        )
        for line in latest
    )


def choose(visit: Visit, asked: Asked) -> Outcome:
    """Push the sequences that a person can be enrolled in."""
    contact = require(visit.session, visit.workspace_id, asked.id("record"), Contact)
    mail = mail_of(visit, asked)
    choices: tuple[sequence_facts.Startable, ...] = ()
    is_allowed = may(visit.session, visit.actor, Right.ENROL)
    if is_allowed:
        rows = startable(visit.session, visit.workspace_id, contact.id, enrol_card.MAX_SEQUENCES)
        choices = tuple(_choice(visit, row) for row in rows)
    picker = enrol_card.Picker(
        record=str(contact.id),
        name=contact.name,
        choices=choices,
        is_allowed=is_allowed,
        deal=asked.parameters.get("deal", ""),
        is_draft=asked.is_draft,
        sequences_url=visit.url("/sequences"),
    )
    return Outcome(push=enrol_card.card(picker, mail.fact if mail else None, visit.words))


def _choice(visit: Visit, row: StartableRow) -> sequence_facts.Startable:
    _, plural = visit.words.gettext, visit.words.ngettext
    days = sum(step.get("days", 0) for step in row.steps if step["kind_of_step"] == "wait")
    steps = plural("%(num)s step", "%(num)s steps", len(row.steps))
    detail = (
        _("%(steps)s in %(days)s", steps=steps, days=plural("%(num)s day", "%(num)s days", days)) if days else steps
    )
    refusal = _("is in it now") if row.is_running else _("was in it before") if _was_in(row) else ""
    return sequence_facts.Startable(str(row.id), row.name, detail, refusal)


def _was_in(row: StartableRow) -> bool:
    """What was taken back at once does not count."""
    return row.run > 0 and row.reason != TAKEN_BACK


def start(visit: Visit, asked: Asked) -> Done:
    """Put a person into a sequence; its first step is due at once. Whoever is in it by now stays as they are."""
    contact = require(visit.session, visit.workspace_id, asked.id("record"), Contact, will_change=True)
    rows = startable(visit.session, visit.workspace_id, contact.id, enrol_card.MAX_SEQUENCES)
    row = next((row for row in rows if row.id == asked.id("sequence")), None)
    if row is None:
        raise NotFoundError("That sequence is not here; it may have been retired.")
    text = visit.words.gettext("%(name)s is in “%(sequence)s” now.", name=contact.name, sequence=row.name)
    if row.is_running:
        return Done(text)
    enrolment = enrolling.enrol(
        visit.session, visit.clock, visit.actor, row.id, contact.id,
        deal_id=_deal_id(visit, asked), again=not _was_in(row),
    )  # fmt: skip
    return Done(text, (Changed.ENROLLED, (enrolment.id,)))


def _deal_id(visit: Visit, asked: Asked) -> int | None:
    deal_id = asked.find_id("deal")
    rows = deals_by_id(visit.session, visit.workspace_id, [deal_id]) if deal_id is not None else []
    return rows[0].id if rows else None


def take_back(visit: Visit, enrolment_id: int) -> None:
    """Undo an enrolment: what has not left does not leave, and the person can be enrolled anew."""
    enrolment = steering.require_enrolment(visit.session, visit.actor, enrolment_id)
    why = Stop(TAKEN_BACK, f"user {visit.actor.user_id}")
    enrolling.stop(visit.session, enrolment, visit.now, why)


def pause(visit: Visit, asked: Asked) -> Done:
    """Let somebody stand still."""
    return _steer(visit, asked, steering.pause, visit.words.gettext("Paused; nothing is sent."), Changed.PAUSED)


def resume(visit: Visit, asked: Asked) -> Done:
    """Let somebody go on."""
    return _steer(visit, asked, steering.resume, visit.words.gettext("It goes on."), Changed.RESUMED)


def stop(visit: Visit, asked: Asked) -> Done:
    """End it for somebody; that stays so."""
    return _steer(visit, asked, steering.stop, visit.words.gettext("Stopped; nothing more is sent."), None)


def skip_mail(visit: Visit, asked: Asked) -> Done:
    """Leave out somebody's next mail."""
    said = visit.words.gettext("The next mail is left out.")
    return _steer(visit, asked, steering.skip_next, said, Changed.SKIPPED)


def send_after_all(visit: Visit, asked: Asked) -> Done:
    """Do not leave it out after all."""
    said = visit.words.gettext("The next mail is sent after all.")
    return _steer(visit, asked, steering.skip_no_more, said, Changed.UNSKIPPED)


Steering = Callable[..., Enrolment]


def _steer(visit: Visit, asked: Asked, steer: Steering, said: str, changed: Changed | None) -> Done:
    enrolment = steer(visit.session, visit.clock, visit.actor, asked.id("enrolment"))
    return Done(said, (changed, (enrolment.id,)) if changed else None)
