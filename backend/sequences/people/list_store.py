"""Sequences and the people on the way through them, as lists show them: a rep sees their own people, managers all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox, User
from backend.outbox.tables import IS_OPEN, OutboxRow
from backend.records.tables import Record
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment, Sequence, SequenceVersion

_RECORD = Record.__table__.c
_RUNNING = (EnrolmentState.ACTIVE.value, EnrolmentState.PAUSED.value)


@dataclass(frozen=True, slots=True)
class SequenceView:
    """A sequence in a list. `number` 0: never published; `has_draft`: something is written that is not published."""

    id: int
    name: str
    number: int
    revision: int
    has_draft: bool
    is_retired: bool
    made_by: str
    created_at: datetime
    description: str = ""
    on_the_way: int = 0
    paused: int = 0
    finished: int = 0
    stopped: int = 0
    replied: int = 0
    bounced: int = 0
    sent: int = 0

    @property
    def state(self) -> str:
        """One word: draft (nobody can be enrolled yet), in_use, or retired."""
        if self.is_retired:
            return "retired"
        return "in_use" if self.number else "draft"


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version as it was published."""

    id: int
    number: int
    definition: dict[str, Any]
    published_by: str
    published_at: datetime
    on_the_way: int = 0


@dataclass(frozen=True, slots=True)
class StepCount:
    """How a version's step fares: who stands before it now, and what became of its mails."""

    waiting: int = 0
    sent: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody on the way, or past it. `next_at`: when something happens next; None: nothing is to come.

    `mail` is the `outbox.shapes.State` of the mail that is in the outbox, "" where none is; `held` says why it waits.
    """

    id: int
    sequence_id: int
    sequence_name: str
    contact_id: int
    name: str
    email: str
    rep: str
    user_id: int
    state: EnrolmentState
    reason: str
    step: int
    version: int
    next_at: datetime | None
    mail: str
    held: str
    is_skipping: bool
    run: int
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people. `before_id`: older than that enrolment; the newest come first."""

    sequence_id: int | None = None
    contact_id: int | None = None
    user_id: int | None = None
    state: EnrolmentState | None = None
    reason: str = ""
    step: int | None = None
    words: str = ""
    before_id: int | None = None
    limit: int = 50
    ids: tuple[int, ...] = field(default=())


def list_sequences(
    session: Session, actor: Actor, *, words: str = "", after_id: int = 0, limit: int | None = None, only: int = 0
) -> list[SequenceView]:
    """Sequences by id, campaigns left out; `only` one of them."""
    query = (
        select(Sequence, User.name, User.email)
        .join(User, User.id == Sequence.user_id)
        .where(Sequence.workspace_id == actor.workspace_id, Sequence.kind == "sequence", Sequence.id > after_id)
        .order_by(Sequence.id)
        .limit(limit)
    )
    if words:
        query = query.where(Sequence.name.icontains(words, autoescape=True))
    if only:
        query = query.where(Sequence.id == only)
    rows = session.execute(query).all()
    ids = [row.id for row, *_ in rows]
    people, sent = _people_counts(session, actor, ids), _sent_counts(session, actor, ids)
    return [_view(row, name or email, people[row.id], sent.get(row.id, 0)) for row, name, email in rows]


def find_sequence_view(session: Session, actor: Actor, sequence_id: int) -> SequenceView | None:
    """One of them."""
    return next(iter(list_sequences(session, actor, only=sequence_id)), None)


def _view(row: Sequence, made_by: str, people: Counter[str], sent: int) -> SequenceView:
    return SequenceView(
        id=row.id,
        name=row.name,
        number=row.number,
        revision=row.revision,
        has_draft=bool(row.draft),
        is_retired=row.retired_at is not None,
        made_by=made_by,
        created_at=row.created_at,
        description=row.description,
        on_the_way=people["active"] + people["paused"],
        **{name: people[name] for name in ("paused", "finished", "stopped", "replied", "bounced")},
        sent=sent,
    )


def _people_counts(session: Session, actor: Actor, ids: Several[int]) -> dict[int, Counter[str]]:
    """People of each sequence by state, and those stopped by a reply or a bounce by that too."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    e = Enrolment
    query = select(e.sequence_id, e.state, e.reason, func.count()).where(e.sequence_id.in_(ids), _own(actor))
    for sequence_id, state, reason, number in session.execute(query.group_by(e.sequence_id, e.state, e.reason)):
        found[sequence_id][state] += number
        if state == EnrolmentState.STOPPED and reason in {"replied", "bounced"}:
            found[sequence_id][reason] += number
    return found


def _sent_counts(session: Session, actor: Actor, ids: Several[int]) -> dict[int, int]:
    """Mails that left, of each sequence: orders stand in one queue with those of their sequence."""
    o = OutboxRow
    query = select(o.group_id, func.count()).where(o.group_id.in_(ids), o.sent_at.is_not(None), *_own_mail(actor))
    return {row[0]: row[1] for row in session.execute(query.group_by(o.group_id))}


def _own(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.sees_all else Enrolment.user_id == actor.user_id


def _own_mail(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    own = select(Mailbox.id).where(Mailbox.user_id == actor.user_id)
    return () if actor.sees_all else (OutboxRow.mailbox_id.in_(own),)


def step_counts(session: Session, actor: Actor, sequence_id: int, version_id: int) -> dict[int, StepCount]:
    """Each step of a version that somebody stands before, or of whose mails one came to an end."""
    e, o = Enrolment, OutboxRow
    is_here = (e.sequence_id == sequence_id, e.state.in_(_RUNNING), e.version_id == version_id)
    waits = select(e.step, func.count()).where(*is_here, _own(actor))
    waiting = {row[0]: row[1] for row in session.execute(waits.group_by(e.step))}
    written = (o.group_id == sequence_id, o.version_id == version_id, *_own_mail(actor))
    left = select(o.step, func.count()).where(*written, o.sent_at.is_not(None)).group_by(o.step)
    sent = {row[0]: row[1] for row in session.execute(left)}
    stayed = select(o.step, func.count()).where(*written, o.sent_at.is_(None), ~IS_OPEN).group_by(o.step)
    skipped = {row[0]: row[1] for row in session.execute(stayed)}
    return {
        step: StepCount(waiting.get(step, 0), sent.get(step, 0), skipped.get(step, 0))
        for step in {*waiting, *sent, *skipped}
    }


def versions(session: Session, actor: Actor, sequence_id: int) -> list[VersionView]:
    """Every version, newest first."""
    v = SequenceVersion
    query = (
        select(v, User.name, User.email)
        .join(User, User.id == v.user_id)
        .where(v.workspace_id == actor.workspace_id, v.sequence_id == sequence_id)
        .order_by(v.number.desc())
    )
    rows = session.execute(query).all()
    e = Enrolment
    is_running = (e.sequence_id == sequence_id, e.state.in_(_RUNNING))
    running = select(e.version_id, func.count()).where(*is_running, _own(actor))
    counts = {row[0]: row[1] for row in session.execute(running.group_by(e.version_id))}
    return [
        VersionView(row.id, row.number, row.definition, name or email, row.published_at, counts.get(row.id, 0))
        for row, name, email in rows
    ]


def list_people(session: Session, actor: Actor, wanted: Wanted) -> list[PersonView]:
    """People on the way or past it, one page."""
    query = _filtered(_people(actor), wanted).order_by(Enrolment.id.desc()).limit(wanted.limit)
    return [_person(*row) for row in session.execute(query)]


def find_person(session: Session, actor: Actor, enrolment_id: int) -> PersonView | None:
    """One of them."""
    return next(iter(list_people(session, actor, Wanted(ids=(enrolment_id,)))), None)


def definition_of(session: Session, enrolment_id: int) -> dict[str, Any]:
    """The definition that somebody is pinned to, as it is kept."""
    query = select(SequenceVersion.definition).join(Enrolment, Enrolment.version_id == SequenceVersion.id)
    return dict(session.scalars(query.where(Enrolment.id == enrolment_id)).one())


def enrolled_before(session: Session, sequence_id: int, *, only_running: bool = False) -> dict[int, bool]:
    """Contacts who were enrolled in a sequence, and whether they are on the way now."""
    query = select(Enrolment.contact_id, Enrolment.ended_at).where(Enrolment.sequence_id == sequence_id)
    if only_running:
        query = query.where(Enrolment.ended_at.is_(None))
    found: dict[int, bool] = {}
    for contact_id, ended_at in session.execute(query):
        found[contact_id] = found.get(contact_id, False) or ended_at is None
    return found


def reasons(session: Session, actor: Actor, sequence_id: int) -> dict[str, int]:
    """Why people of a sequence stand still or ended, and how many each."""
    e = Enrolment
    query = select(e.reason, func.count()).where(e.sequence_id == sequence_id, e.reason != "", _own(actor))
    return {row[0]: row[1] for row in session.execute(query.group_by(e.reason).order_by(func.count().desc()))}


def _people(actor: Actor) -> Select[*tuple[Any, ...]]:
    """An enrolment with the names around it, and the mail of it that is in the outbox."""
    e, o = Enrolment, OutboxRow
    is_its_mail = and_(o.source == SOURCE, o.source_id == e.id, o.step == e.step, o.run == e.run, IS_OPEN)
    return (
        select(
            e, Sequence.name, SequenceVersion.number, _RECORD.name, User.name, User.email, o.state, o.reason, o.due_at
        )
        .join(Sequence, Sequence.id == e.sequence_id)
        .join(SequenceVersion, SequenceVersion.id == e.version_id)
        .join(User, User.id == e.user_id)
        .outerjoin(Record.__table__, _RECORD.id == e.contact_id)
        .outerjoin(o, is_its_mail)
        .where(e.workspace_id == actor.workspace_id, _own(actor))
    )


def _filtered(query: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    e = Enrolment
    exact = {
        e.sequence_id: wanted.sequence_id, e.contact_id: wanted.contact_id, e.user_id: wanted.user_id,
        e.state: wanted.state.value if wanted.state else None, e.reason: wanted.reason or None, e.step: wanted.step,
    }  # fmt: skip
    query = query.where(*(column == value for column, value in exact.items() if value is not None))
    if wanted.ids:
        query = query.where(e.id.in_(wanted.ids))
    if wanted.words:
        words = wanted.words.strip()
        query = query.where(
            or_(_RECORD.name.icontains(words, autoescape=True), e.email.icontains(words, autoescape=True))
        )
    return query if wanted.before_id is None else query.where(e.id < wanted.before_id)


def _person(
    row: Enrolment, sequence: str, version: int, name: str | None, rep: str, rep_email: str,
    mail: str | None, held: str | None, mail_due_at: datetime | None,
) -> PersonView:  # fmt: skip
    return PersonView(
        id=row.id,
        sequence_id=row.sequence_id,
        sequence_name=sequence,
        contact_id=row.contact_id,
        name=name or row.email,
        email=row.email,
        rep=rep or rep_email,
        user_id=row.user_id,
        state=EnrolmentState(row.state),
        reason=row.reason,
        step=row.step,
        version=version,
        next_at=row.due_at or (mail_due_at if row.state == EnrolmentState.ACTIVE else None),
        mail=mail or "",
        held=held or "",
        is_skipping=row.ended_at is None and row.thread.get("veto", -1) >= row.step,
        run=row.run,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
