"""Why, and why not: everything that sequences and campaigns sent to one person or did not, with what each rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.outbox.tables import Suppression
from backend.records.tables import ContactAddress
from backend.sequences.people.ledger_store import LedgerLine, read_ledgers
from backend.sequences.people.list_store import PersonView, Wanted, list_people
from backend.sequences.tables import Enrolment, LeftOut, Sequence

MOST_JOURNEYS = 50


@dataclass(frozen=True, slots=True)
class Barred:
    """An address to which nothing is sent any more."""

    email: str
    ground: str
    evidence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Omitted:
    """A campaign that left the person out."""

    campaign: str
    reason: str
    evidence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonLedger:
    """The whole of it. `hidden`: how often colleagues enrolled the person, whose lines only they and managers see."""

    barred: tuple[Barred, ...]
    omitted: tuple[Omitted, ...]
    journeys: tuple[tuple[PersonView, list[LedgerLine]], ...]
    hidden: int


def ledger_of(session: Session, actor: Actor, contact_id: int) -> PersonLedger:
    """Read it for a contact of the workspace; the latest enrolment first, each one's lines in their order."""
    people = list_people(session, actor, Wanted(contact_id=contact_id, limit=MOST_JOURNEYS))
    lines = read_ledgers(session, actor, [person.id for person in people])
    return PersonLedger(
        barred=_barred(session, actor.workspace_id, contact_id),
        omitted=_omitted(session, actor, contact_id),
        journeys=tuple((person, lines.get(person.id, [])) for person in people),
        hidden=_enrolments(session, actor.workspace_id, contact_id) - len(people) if not actor.sees_all else 0,
    )


def _barred(session: Session, workspace_id: int, contact_id: int) -> tuple[Barred, ...]:
    a, s = ContactAddress, Suppression
    query = (
        select(a.email, s.ground, s.evidence, s.at)
        .join(s, (s.workspace_id == a.workspace_id) & (s.address_key == a.address_key))
        .where(a.workspace_id == workspace_id, a.contact_id == contact_id)
    )
    return tuple(Barred(*row) for row in session.execute(query))


def _omitted(session: Session, actor: Actor, contact_id: int) -> tuple[Omitted, ...]:
    out = LeftOut
    query = (
        select(Sequence.name, out.reason, out.evidence, out.at)
        .join(Sequence, Sequence.id == out.sequence_id)
        .where(out.workspace_id == actor.workspace_id, out.contact_id == contact_id)
        .order_by(out.at.desc())
    )
    own = query if actor.sees_all else query.where(Sequence.user_id == actor.user_id)
    return tuple(Omitted(*row) for row in session.execute(own.limit(MOST_JOURNEYS)))


def _enrolments(session: Session, workspace_id: int, contact_id: int) -> int:
    where = (Enrolment.workspace_id == workspace_id, Enrolment.contact_id == contact_id)
    return min(session.scalar(select(func.count()).select_from(Enrolment).where(*where)) or 0, MOST_JOURNEYS)
