"""What people do to deals and links while mail comes in, each chosen by a number from what there is.

`facts.py` reads what they said, in words that hold for another store too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.linking.learning import relink_concerned
from backend.linking.shapes import Scope
from backend.linking.tables import Link, LinkBatch, Question, Veto
from backend.linking.undo import (
    answer_question,
    lift_veto,
    link_by_hand,
    reopen_question,
    undo_relink,
    unlink,
)
from backend.mail.tables import Message
from backend.records.editing import Editor
from backend.records.shapes import NewDeal
from backend.records.store.writing import first_pipeline
from backend.records.tables import ContactAddress, Deal, Record, Stage
from tests.cast import Office

T = TypeVar("T")
MOST_PEOPLE = 2
SUBJECTS = ("Topic 1", "Topic 2", "Warehouse", "Offer")  # deals are called as mails are, now and then


@dataclass(frozen=True)
class Hands:
    """Somebody of the team at work in the CRM; where there is nothing to choose from, nothing happens."""

    office: Office
    actor: Actor

    deeds: ClassVar = (
        "open_deal",
        "move_deal",
        "change_people",
        "delete_deal",
        "unlink",
        "lift",
        "link",
        "answer",
        "undo_relinking",
    )

    def do(self, what: str, number: int) -> None:
        """Do one of `deeds`."""
        getattr(self, what)(number)

    # Deals

    def open_deal(self, number: int) -> None:
        """Open a deal for one or two contacts, or for a company alone; some are older than they are typed in."""
        with self.office.db.write() as session:
            people, companies = _contacts(session), _records(session, "company")
            name = f"{SUBJECTS[number % len(SUBJECTS)]}, deal {session.scalar(select(func.count(Deal.id)))}"
            pipeline = first_pipeline(session, self.office.workspace_id)
            assert pipeline is not None
            is_for_company = bool(companies) and number % 4 == 0
            new = NewDeal(
                name,
                pipeline.id,
                company_id=companies[number % len(companies)] if is_for_company else None,
                contact_ids=() if is_for_company else _some(people, number),
                created_at=self.office.clock.now() - timedelta(days=number % 3 * 40),
            )
            self._editor(session).add_deal(new)

    def move_deal(self, number: int) -> None:
        """Move a deal to another stage, which may close it or open it again."""
        with self.office.db.write() as session:
            if deal := _pick(_deals(session), number):
                stages = select(Stage.id).where(Stage.pipeline_id == deal.pipeline_id).order_by(Stage.position)
                stage_id = _pick(session.scalars(stages).all(), number // 7)
                self._editor(session).change(deal, {"stage_id": stage_id})

    def change_people(self, number: int) -> None:
        """Let others take part in a deal."""
        with self.office.db.write() as session:
            if deal := _pick(_deals(session), number):
                self._editor(session).change(deal, {"contact_ids": _some(_contacts(session), number // 5)})

    def delete_deal(self, number: int) -> None:
        """Delete a deal."""
        with self.office.db.write() as session:
            if deal := _pick(_deals(session), number):
                self._editor(session).delete(deal)

    # Links

    def unlink(self, number: int) -> None:
        """Take a link back, as far as may be."""
        scope = list(Scope)[number % len(Scope)]
        with self.office.db.write() as session:
            if link := _pick(_links(session), number):
                unlink(session, self.office.clock, self.actor, link.message_id, link.record_id, scope)

    def lift(self, number: int) -> None:
        """Take such an undo back."""
        with self.office.db.write() as session:
            if veto_id := _pick(session.scalars(select(Veto.id).order_by(Veto.id)).all(), number):
                lift_veto(session, self.office.clock, self.actor, veto_id)

    def link(self, number: int) -> None:
        """Link a mail to any record by hand."""
        with self.office.db.write() as session:
            mail = _pick(session.scalars(select(Message.id).order_by(Message.fingerprint)).all(), number)
            record = _pick([*_records(session, "deal"), *_contacts(session)], number // 3)
            if mail and record:
                link_by_hand(session, self.office.clock, self.actor, mail, record)

    def answer(self, number: int) -> None:
        """Answer a question, or take an answer back."""
        with self.office.db.write() as session:
            query = select(Question).order_by(Question.conversation_id)
            if question := _pick(session.scalars(query).all(), number):
                if question.answered_at is not None:
                    reopen_question(session, self.office.clock, self.actor, question.conversation_id)
                else:
                    living = {deal.id for deal in _deals(session)}
                    offered = [c["deal_id"] for c in question.candidates if c["deal_id"] in living]
                    deal_id = _pick([None, *offered], number // 3)
                    answer_question(session, self.office.clock, self.actor, question.conversation_id, deal_id)

    def undo_relinking(self, number: int) -> None:
        """Undo what a new or changed record did to the links."""
        with self.office.db.write() as session:
            batches = session.scalars(select(LinkBatch.id).where(LinkBatch.undone_at.is_(None)).order_by(LinkBatch.id))
            if batch_id := _pick(batches.all(), number):
                undo_relink(session, self.office.clock, self.actor, batch_id)

    def _editor(self, session: Session) -> Editor:
        return Editor(session, self.office.clock, self.actor, relink_concerned)


def _contacts(session: Session) -> Sequence[int]:
    """Contacts whom nobody deleted, by address: their ids tell when they were made."""
    query = select(ContactAddress.contact_id).join(Record, Record.id == ContactAddress.contact_id)
    return session.scalars(query.where(Record.deleted_at.is_(None)).order_by(ContactAddress.address_key)).all()


def _records(session: Session, kind: str) -> Sequence[int]:
    query = select(Record.id).where(Record.kind == kind, Record.deleted_at.is_(None))
    return session.scalars(query.order_by(Record.name)).all()


def _deals(session: Session) -> Sequence[Deal]:
    return session.scalars(select(Deal).where(Deal.deleted_at.is_(None)).order_by(Deal.name)).all()


def _links(session: Session) -> Sequence[Any]:
    query = select(Link.message_id, Link.record_id).join(Message, Message.id == Link.message_id)
    living = query.join(Record, Record.id == Link.record_id).where(
        Link.undone_at.is_(None), Record.deleted_at.is_(None)
    )
    return session.execute(living.order_by(Message.fingerprint, Record.name)).all()


def _some(several: Sequence[int], number: int) -> tuple[int, ...]:
    """One or two of them."""
    if not several:
        return ()
    start = number % len(several)
    return tuple(several[start : start + 1 + number % MOST_PEOPLE])


def _pick(several: Sequence[T], number: int) -> T | None:
    return several[number % len(several)] if several else None
