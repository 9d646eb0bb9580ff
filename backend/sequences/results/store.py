"""Results in the database: six statements whatever is asked, each over an index, no finer than is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from backend.accounts.shapes import Actor
from backend.accounts.tables import Mailbox, User
from backend.activities.tables import Activity, ActivityRecord
from backend.db import beside
from backend.outbox.shapes import Ground
from backend.outbox.tables import OutboxRow, Suppression
from backend.records.shapes import Outcome, RecordKind
from backend.records.tables import Deal, DealPerson, Record, Stage
from backend.sequences.results.shapes import DEAL_DAYS, MEETING_DAYS, By, Grain, Tally, Wanted
from backend.sequences.tables import Answer, Sequence, SequenceVersion, Template
from backend.sequences.texts.store import visible_templates

_GRAIN = (
    OutboxRow.group_id, OutboxRow.version_id, OutboxRow.step, OutboxRow.variant, OutboxRow.mailbox_id,
)  # fmt: skip
_NOT_ASKED: tuple[Any, ...] = tuple(
    literal_column("NULL" if c.key == "version_id" else "0").label(c.key) for c in _GRAIN
)
_PARTS = {
    By.SEQUENCE: (0,), By.CAMPAIGN: (0,), By.VERSION: (0, 1), By.STEP: (0, 1, 2), By.VARIANT: (0, 1, 2, 3),
    By.TEMPLATE: (0, 1, 2, 3), By.SENDER: (4,),
}  # fmt: skip
_EARLIER = aliased(OutboxRow)
_DEAL, _RECORDS = Deal.__table__.c, Record.__table__

Found = dict[Grain, Tally]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which mails: `where`, and `of_those` that are known already; and by what of a `grain` they are counted: `groups`.

    What is not asked for stays 0.
    """

    wanted: Wanted
    where: tuple[ColumnElement[bool], ...]
    of_those: tuple[ColumnElement[bool], ...]
    grain: tuple[Any, ...]
    groups: tuple[Any, ...]


def count(session: Session, actor: Actor, wanted: Wanted) -> Found:
    """Counts by as much of a grain as is asked for; a rep's own mails, or everybody's for managers."""
    asked, found = _asked(actor, wanted), Found()
    _count_mails(session, asked, found)
    _count_leavers(session, actor, asked, found)
    _count_meetings(session, actor, asked, found)
    _count_deals(session, actor, asked, found)
    return found


def count_replies(session: Session, actor: Actor, wanted: Wanted) -> Found:
    """The same of what was sent and answered alone."""
    found = Found()
    _count_mails(session, _asked(actor, wanted), found)
    return found


def _asked(actor: Actor, wanted: Wanted) -> _Asked:
    parts = _PARTS[wanted.by]
    grain = tuple(_GRAIN[n] if n in parts else _NOT_ASKED[n] for n in range(len(_GRAIN)))
    where, of_those = (_which(actor, wanted, group) for group in (OutboxRow.group_id, beside(OutboxRow.group_id)))
    return _Asked(wanted, where, of_those, grain, tuple(_GRAIN[n] for n in parts))


def _which(actor: Actor, wanted: Wanted, group: Any) -> tuple[ColumnElement[bool], ...]:
    """Mails that are asked for, of those that the actor may see."""
    o = OutboxRow
    found = [beside(o.workspace_id) == actor.workspace_id, o.sent_at >= wanted.since, o.sent_at < wanted.until]
    sequences = select(Sequence.id).where(Sequence.workspace_id == actor.workspace_id)
    if wanted.by in {By.SEQUENCE, By.CAMPAIGN}:
        sequences = sequences.where(Sequence.kind == wanted.by.value)
    found.append(group.in_(sequences))
    if wanted.sequence_id is not None:
        found.append(group == wanted.sequence_id)
    owner_id = wanted.user_id if actor.sees_all else actor.user_id
    if owner_id is not None:
        found.append(o.mailbox_id.in_(select(Mailbox.id).where(Mailbox.user_id == owner_id)))
    return tuple(found)


def _count_mails(session: Session, asked: _Asked, found: Found) -> None:
    sent = select(*asked.grain, func.count()).where(*asked.where).group_by(*asked.groups)
    for grain, (number,) in _rows(session, sent):
        _tally(found, grain).sent += number
    lately = select(Answer.outbox_id).where(Answer.at >= asked.wanted.since)  # no answer is older than its mail
    answered = select(*asked.grain, func.count()).where(OutboxRow.id.in_(lately), *asked.of_those)
    for grain, (number,) in _rows(session, answered.group_by(*asked.groups)):
        _tally(found, grain).replied += number


def _count_leavers(session: Session, actor: Actor, asked: _Asked, found: Found) -> None:
    """Who bounced or asked for no more, after their last mail."""
    s, o = Suppression, _EARLIER
    to_them = (o.workspace_id == s.workspace_id, o.address_key == s.address_key, o.sent_at <= s.at)
    query = (
        select(*asked.grain, s.ground, func.count())
        .join(OutboxRow, OutboxRow.id == _last(*to_them))
        .where(s.workspace_id == actor.workspace_id, s.ground.in_((Ground.BOUNCED.value, Ground.UNSUBSCRIBED.value)))
        .where(s.at >= asked.wanted.since, *asked.of_those)
        .group_by(*asked.groups, s.ground)
    )
    for grain, (ground, number) in _rows(session, query):
        tally = _tally(found, grain)
        setattr(tally, ground, getattr(tally, ground) + number)


def _count_meetings(session: Session, actor: Actor, asked: _Asked, found: Found) -> None:
    a, about = Activity, ActivityRecord
    with_them = (_EARLIER.contact_id == about.record_id, _EARLIER.sent_at <= a.at)
    query = (
        select(*asked.grain, OutboxRow.sent_at, a.at)
        .select_from(a)
        .join(about, about.activity_id == a.id)
        .join(OutboxRow, OutboxRow.id == _last(*with_them))
        .where(a.workspace_id == actor.workspace_id, a.kind == "meeting", a.at >= asked.wanted.since)
        .where(*asked.of_those)
    )
    for grain in _within(session, query, MEETING_DAYS):
        _tally(found, grain).meetings += 1


def _count_deals(session: Session, actor: Actor, asked: _Asked, found: Found) -> None:
    """Deals that began, then deals that were won."""
    for grain in _within(session, _deals(actor, asked, _RECORDS.c.created_at), DEAL_DAYS):
        _tally(found, grain).deals += 1
    won = (
        _deals(actor, asked, _DEAL.closed_at)
        .join(Stage, Stage.id == _DEAL.stage_id)
        .where(Stage.outcome == Outcome.WON.value)
        .add_columns(_DEAL.currency, func.coalesce(_DEAL.amount_minor, 0))
    )
    for grain, (sent_at, at, currency, amount) in _rows(session, won):
        if at - sent_at <= timedelta(days=DEAL_DAYS):
            tally = _tally(found, grain)
            tally.won += 1
            tally.revenue[currency] += amount


def _deals(actor: Actor, asked: _Asked, at: Any) -> Select[*tuple[Any, ...]]:
    """Each deal with the last mail before `at` to one of its people; none whose `at` is before all mails asked for."""
    deal, since = Deal.__table__, asked.wanted.since
    with_people = select(_EARLIER.id).join(DealPerson, DealPerson.contact_id == _EARLIER.contact_id)
    last = _first(with_people.where(DealPerson.deal_id == deal.c.id, _EARLIER.sent_at <= at).correlate(deal, _RECORDS))
    return (
        select(*asked.grain, OutboxRow.sent_at, at)
        .select_from(deal)
        .join(_RECORDS, _RECORDS.c.id == deal.c.id)
        .join(OutboxRow, OutboxRow.id == last)
        .where(_RECORDS.c.workspace_id == actor.workspace_id, _RECORDS.c.kind == RecordKind.DEAL.value)
        .where(_RECORDS.c.deleted_at.is_(None), at >= since, *asked.of_those)
        # What began or was won since then was changed since then, and for that there is an index.
        .where(_RECORDS.c.updated_at >= since)
    )


def _tally(found: Found, grain: Grain) -> Tally:
    return found.setdefault(grain, Tally())


def _last(*to_them: ColumnElement[bool]) -> Any:
    """The last mail of ours before something happened, correlated to what happened."""
    return _first(select(_EARLIER.id).where(*to_them))


def _first(query: Select[int]) -> Any:
    return query.order_by(_EARLIER.sent_at.desc(), _EARLIER.id.desc()).limit(1).scalar_subquery()


def _within(session: Session, query: Select[*tuple[Any, ...]], days: int) -> Iterator[Grain]:
    for grain, (sent_at, at) in _rows(session, query):
        if at - sent_at <= timedelta(days=days):
            yield grain


def _rows(session: Session, query: Any) -> Iterator[tuple[Grain, tuple[Any, ...]]]:
    """Rows that begin with a grain's columns, each with the rest of it."""
    for row in session.execute(query):
        yield Grain(*row[: len(_GRAIN)]), tuple(row[len(_GRAIN) :])


def sequence_names(session: Session, ids: set[int]) -> dict[int, str]:
    """Names of sequences and campaigns."""
    return {row[0]: row[1] for row in session.execute(select(Sequence.id, Sequence.name).where(Sequence.id.in_(ids)))}


def versions(session: Session, ids: set[int]) -> dict[int, tuple[int, dict[str, Any]]]:
    """Versions with what they say: (number, definition)."""
    v = SequenceVersion
    query = select(v.id, v.number, v.definition).where(v.id.in_(ids))
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def template_names(session: Session, actor: Actor, ids: set[int]) -> dict[int, str]:
    """Names of templates that are still there and that the actor may see."""
    query = visible_templates(actor).where(Template.id.in_(ids))
    return {row.id: row.name for row in session.scalars(query)}


def sender_names(session: Session, mailbox_ids: set[int]) -> dict[int, tuple[str, str]]:
    """Whose mailboxes: (name, address)."""
    query = select(Mailbox.id, User.name, Mailbox.address).join(User, User.id == Mailbox.user_id)
    return {row[0]: (row[1], row[2]) for row in session.execute(query.where(Mailbox.id.in_(mailbox_ids)))}


def choices(session: Session, actor: Actor) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """What can be filtered by: sequences and campaigns, and, for managers, senders; (id, name)."""
    named = select(Sequence.id, Sequence.name).where(Sequence.workspace_id == actor.workspace_id)
    sequences = [(row[0], row[1]) for row in session.execute(named.order_by(func.lower(Sequence.name)).limit(500))]
    people = select(User.id, User.name).where(User.workspace_id == actor.workspace_id).order_by(User.name)
    return sequences, [(row[0], row[1]) for row in session.execute(people)] if actor.sees_all else []


def earliest(session: Session, actor: Actor) -> datetime | None:
    """When the first mail left."""
    return session.scalar(select(func.min(OutboxRow.sent_at)).where(OutboxRow.workspace_id == actor.workspace_id))
