"""What changed rules would do, shown before they are saved: over the mail of the last 90 days. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.kit.clock import Clock
from backend.linking.policy_store import load_policy
from backend.linking.receipt_store import is_open_to
from backend.linking.tables import Link
from backend.mail.store import chunks
from backend.mail.tables import Copy, Message, MessageParticipant
from backend.privacy.rules.admission import still_refused
from backend.privacy.shapes import ImportRules, Refusal, Sight
from backend.sync.admission import Admission
from backend.sync.settling import refused_copies
from backend.sync.withdrawal import CHUNK, skipped_after

DAYS = 90
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A mail that would go, of those that the asker may see."""

    subject: str
    sender: str
    sent_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What would change: `looked_at` mails of the last 90 days, of which `mails` would go, with their `links`.

    `people` would have no mail left in that time. `back` mails that rules kept out so far would be fetched again,
    whatever their age.
    """

    looked_at: int
    mails: int
    people: int
    links: int
    back: int
    examples: tuple[Example, ...]


def effect_of(
    session: Session,
    clock: Clock,
    viewer: Actor,
    rules: Mapping[int, ImportRules],
    label_names: Mapping[int, Mapping[str, str]],
) -> Effect:
    """What these rules, by mailbox, would do to their mail. `label_names`: by mailbox and Gmail's id, where asked."""
    is_ours = load_policy(session, viewer.workspace_id).is_ours
    since = clock.now() - timedelta(days=DAYS)
    going: dict[int, str] = {}
    leaving: Counter[int] = Counter()
    seen: set[int] = set()
    for mailbox_id, wanted in rules.items():
        admission = Admission(viewer.workspace_id, wanted, label_names.get(mailbox_id, {}), is_ours)
        for copies in _recent_copies(session, mailbox_id, since):
            seen.update(copy.message_id for copy in copies)
            refused = refused_copies(session, admission, copies)
            for copy in copies:
                why = refused.get((copy.gmail_id, copy.gmail_thread_id))
                if why is not None:
                    going[copy.message_id] = why[0].value
                    leaving[copy.message_id] += 1
    gone = {i for i, n in _copies_left(session, leaving).items() if n == 0}
    people = _people(session, gone) - _people(session, seen - gone)
    return Effect(
        looked_at=len(seen),
        mails=len(going),
        people=sum(not is_ours(key) for key in people),
        links=_count_links(session, gone),
        back=sum(_count_back(session, mailbox_id, wanted) for mailbox_id, wanted in rules.items()),
        examples=_examples(session, viewer, going),
    )


def _recent_copies(session: Session, mailbox_id: int, since: datetime) -> Iterator[Sequence[Any]]:
    after = 0
    while True:
        query = (
            select(Copy.id, Copy.gmail_id, Copy.gmail_thread_id, Copy.labels, Copy.message_id)
            .join(Message, Message.id == Copy.message_id)
            .where(Copy.mailbox_id == mailbox_id, Copy.id > after, Message.sent_at >= since)
            .order_by(Copy.id)
            .limit(CHUNK)
        )
        copies = session.execute(query).all()
        if not copies:
            return
        yield copies
        after = copies[-1].id


def _count_back(session: Session, mailbox_id: int, rules: ImportRules) -> int:
    after, count = 0, 0
    while items := skipped_after(session, mailbox_id, after):
        count += sum(not still_refused(Refusal(item.reason), item.detail, rules) for item in items)
        after = items[-1].id
    return count


def _copies_left(session: Session, leaving: Counter[int]) -> dict[int, int]:
    """How many copies each of these mails would have left."""
    left: dict[int, int] = {}
    for chunk in chunks(sorted(leaving)):
        query = select(Copy.message_id, func.count()).where(Copy.message_id.in_(chunk)).group_by(Copy.message_id)
        left.update((i, n - leaving[i]) for i, n in session.execute(query))
    return left


def _people(session: Session, message_ids: Collection[int]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(sorted(message_ids)):
        query = select(MessageParticipant.address_key).where(MessageParticipant.message_id.in_(chunk)).distinct()
        found.update(session.scalars(query))
    return found


def _count_links(session: Session, message_ids: Collection[int]) -> int:
    count = 0
    for chunk in chunks(sorted(message_ids)):
        where = (Link.message_id.in_(chunk), Link.undone_at.is_(None))
        count += session.scalar(select(func.count()).select_from(Link).where(*where)) or 0
    return count


def _examples(session: Session, viewer: Actor, going: Mapping[int, str]) -> tuple[Example, ...]:
    """The latest that the viewer may see by subject: an admin learns nothing from a preview that a list would hide."""
    query = (
        select(Message.id, Message.subject, Message.sender_name, Message.sender_email, Message.sent_at)
        .where(
            Message.workspace_id == viewer.workspace_id,
            Message.id.in_(sorted(going, reverse=True)[:CHUNK]),
            is_open_to(viewer, Sight.SUBJECT),
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(EXAMPLES)
    )
    rows = session.execute(query)
    return tuple(Example(r.subject, r.sender_name or r.sender_email, r.sent_at, going[r.id]) for r in rows)
