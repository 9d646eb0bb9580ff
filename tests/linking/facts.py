"""What people said about deals and links, read from one store and told to another one that holds the same mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend.linking.service import linker_for
from backend.linking.store import put_hand_link
from backend.linking.tables import Link, Question, Veto
from backend.mail.store import load_messages
from backend.mail.tables import Message
from backend.records.service import Team, make_deal
from backend.records.shapes import NewDeal
from backend.records.store.writing import reference_of
from backend.records.tables import ContactAddress, Deal, DealPerson, Record, StageChange
from tests.cast import Office

MAIL_SCOPES = {"mail", "thread"}


@dataclass(frozen=True)
class ToldDeal:
    """A deal with its whole course; people by address, the company by name."""

    name: str
    reference: str
    people: tuple[str, ...]
    company: str
    created_at: datetime
    stage: int
    stage_entered_at: datetime
    closed_at: datetime | None
    moves: tuple[tuple[int | None, int, datetime], ...]


@dataclass(frozen=True)
class Facts:
    """Mails and conversations go by a mail's fingerprint, records by name or first address.

    `vetoes`: (record, scope, value); `refused` and `by_hand`: (mail, record); `answers`: (mail, deal or "").
    """

    deals: tuple[ToldDeal, ...]
    vetoes: tuple[tuple[str, str, str], ...]
    refused: tuple[tuple[str, str], ...]
    by_hand: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]


def facts_of(office: Office) -> Facts:
    """Read what people said."""
    with office.db.read() as session:
        names, prints = _names(session), _prints(session)
        threads = _threads(session)
        values = {"mail": {str(i): p for i, p in prints.items()}, "thread": {str(i): p for i, p in threads.items()}}
        links = session.scalars(select(Link)).all()
        answered = session.scalars(select(Question).where(Question.answered_at.is_not(None)))
        return Facts(
            deals=tuple(_told(session, deal) for deal in session.scalars(select(Deal).order_by(Deal.id))),
            vetoes=tuple(
                (names[v.record_id], v.scope, values[v.scope].get(v.value, "") if v.scope in values else v.value)
                for v in session.scalars(select(Veto))
            ),
            refused=tuple((prints[x.message_id], names[x.record_id]) for x in links if x.undone_by[:5] == "user:"),
            by_hand=tuple(
                (prints[x.message_id], names[x.record_id]) for x in links if x.rule == "hand" and x.undone_at is None
            ),
            answers=tuple(
                (threads[q.conversation_id], names.get(q.answer_id or 0, "")) for q in answered
                if q.conversation_id in threads
            ),
        )  # fmt: skip


def tell(office: Office, facts: Facts) -> None:
    """Tell a store that holds the same mail, and no deals yet, and let it decide everything afresh."""
    with office.db.write() as session:
        contacts = {name: i for i, name in _names(session).items()}
        for deal in facts.deals:
            contacts[deal.name] = _make(session, office, deal, contacts)
        teller = _Teller(session, office, contacts)
        for record, scope, value in facts.vetoes:
            teller.forbid(record, scope, value)
        for mail, record in facts.refused:
            teller.refuse(mail, record)
        for mail, record in facts.by_hand:
            teller.link(mail, record)
        for mail, record in facts.answers:
            teller.answer(mail, record)
        session.flush()
        linker_for(session, office.workspace_id, office.clock).refresh(session, list(_prints(session)))


class _Teller:
    def __init__(self, session: Session, office: Office, records: dict[str, int]) -> None:
        self.session, self.office, self.records = session, office, records
        self.mails = {print_: i for i, print_ in _prints(session).items()}
        self.user_id = next(iter(office.actors.values())).user_id

    def forbid(self, record: str, scope: str, value: str) -> None:
        if record not in self.records or (scope in MAIL_SCOPES and value not in self.mails):
            return
        if scope in MAIL_SCOPES:
            value = str(self.mails[value] if scope == "mail" else self._thread(value))
        known = select(Veto.id).where(Veto.record_id == self.records[record], Veto.scope == scope, Veto.value == value)
        if self.session.scalar(known) is None:
            self.session.add(
                Veto(
                    workspace_id=self.office.workspace_id, record_id=self.records[record], scope=scope, value=value,
                    user_id=self.user_id, at=self.office.clock.now(),
                )
            )  # fmt: skip

    def refuse(self, mail: str, record: str) -> None:
        self._put(mail, record, undone_by=f"user:{self.user_id}", undone_at=self.office.clock.now())

    def link(self, mail: str, record: str) -> None:
        self._put(mail, record)

    def _put(self, mail: str, record: str, **values: Any) -> None:
        if mail in self.mails and record in self.records:
            ws, now, key = self.office.workspace_id, self.office.clock.now(), (self.mails[mail], self.records[record])
            (message,) = load_messages(self.session, ws, [key[0]])
            put_hand_link(self.session, ws, message, key[1], {}, now)
            link = self.session.scalars(select(Link).where(Link.message_id == key[0], Link.record_id == key[1])).one()
            for name, value in values.items():
                setattr(link, name, value)

    def answer(self, mail: str, deal: str) -> None:
        if mail in self.mails and (not deal or deal in self.records):
            conversation_id, now = self._thread(mail), self.office.clock.now()
            self.session.execute(delete(Question).where(Question.conversation_id == conversation_id))
            self.session.add(
                Question(
                    workspace_id=self.office.workspace_id, conversation_id=conversation_id, candidates=[], asked_at=now,
                    answered_at=now, answer_id=self.records[deal] if deal else None, user_id=self.user_id,
                )
            )  # fmt: skip

    def _thread(self, mail: str) -> int:
        return self.session.scalars(select(Message.conversation_id).where(Message.fingerprint == mail)).one()


def _told(session: Session, deal: Deal) -> ToldDeal:
    names = _names(session)
    people = session.scalars(select(DealPerson.contact_id).where(DealPerson.deal_id == deal.id))
    moves = session.scalars(select(StageChange).where(StageChange.deal_id == deal.id).order_by(StageChange.id))
    return ToldDeal(
        name=deal.name,
        reference="" if deal.deleted_at else reference_of(session, deal),
        people=tuple(sorted(names[i] for i in people)),
        company=names.get(deal.company_id or 0, ""),
        created_at=deal.created_at,
        stage=deal.stage_id,
        stage_entered_at=deal.stage_entered_at,
        closed_at=deal.closed_at,
        moves=tuple((m.from_stage_id, m.to_stage_id, m.at) for m in moves),
    )


def _make(session: Session, office: Office, told: ToldDeal, contacts: dict[str, int]) -> int:
    """Stages have the same ids in every office of the cast. A deleted deal is deleted here too."""
    pipeline_id = 1
    people = tuple(contacts[name] for name in told.people if name in contacts)
    company_id = contacts.get(told.company) if told.company else None
    new = NewDeal(
        told.name, pipeline_id, company_id=company_id, contact_ids=people, created_at=told.created_at,
        reference=told.reference or f"X-{told.name}",
    )  # fmt: skip
    deal = make_deal(session, Team(office.workspace_id, office.clock), new, "D")
    session.execute(delete(StageChange).where(StageChange.deal_id == deal.id))
    for came_from, to, at in told.moves:
        session.add(
            StageChange(
                workspace_id=office.workspace_id, deal_id=deal.id, from_stage_id=came_from, to_stage_id=to, at=at
            )
        )
    deal.stage_id, deal.stage_entered_at, deal.closed_at = told.stage, told.stage_entered_at, told.closed_at
    deal.deleted_at = None if told.reference else office.clock.now()
    session.flush()
    return deal.id


def _names(session: Session) -> dict[int, str]:
    """A contact goes by its first address, because its name may be written in several ways."""
    names = {row.id: row.name for row in session.execute(select(Record.id, Record.name))}
    by_id = select(ContactAddress.contact_id, ContactAddress.address_key).order_by(ContactAddress.id.desc())
    return names | {row.contact_id: row.address_key for row in session.execute(by_id)}


def _prints(session: Session) -> dict[int, str]:
    return {row.id: row.fingerprint for row in session.execute(select(Message.id, Message.fingerprint))}


def _threads(session: Session) -> dict[int, str]:
    """A mail's fingerprint for each conversation."""
    query = select(Message.conversation_id, Message.fingerprint).order_by(Message.fingerprint)
    return {row.conversation_id: row.fingerprint for row in session.execute(query)}
