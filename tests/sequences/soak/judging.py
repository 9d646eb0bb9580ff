"""What must hold while a team sends: the recipients' side held against the books, right after each mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox
from backend.mail.addresses import domain_of, registrable_domain
from backend.outbox.tables import OutboxRow, OutboxSender, Suppression
from backend.records.tables import Record
from backend.sequences.people.enrolment_store import ledger
from backend.sequences.progress.cases import Versions, cases_of
from backend.sequences.shapes import EnrolmentState, EventKind
from backend.sequences.tables import Enrolment
from tests.sequences.soak.ends import OPEN, named
from tests.sequences.soak.world import Delivered, World

DAY = timedelta(days=1)
FRESH = timedelta(seconds=30)
_MOMENT = timedelta(microseconds=1)


@dataclass
class Judge:
    """Looks at one world; what was delivered is looked at once."""

    world: World
    _seen: int = 0
    _versions: Versions = field(default_factory=Versions)

    def finds(self) -> Iterator[str]:
        """What is wrong now, each in a sentence."""
        world = self.world
        first, self._seen = self._seen, len(world.delivered)
        with world.db.read() as session:
            yield from _senders_without_a_time(session)
            yield from self._paused_who_go_on(session)
            for place, mail in enumerate(world.delivered[first:], first):
                yield from self._twice(session, mail)
                if mail.token not in world.sent_by_hand:  # what reps send themselves is counted, and never held
                    yield from self._beyond_caps(mail, world.delivered[:place])
                    yield from self._against_the_store(session, mail)

    def _paused_who_go_on(self, session: Session) -> Iterator[str]:
        for row in session.scalars(select(Enrolment).where(Enrolment.id.in_(self.world.paused))):
            if row.state == EnrolmentState.ACTIVE:
                self.world.paused.discard(row.id)
                yield f"{named(row)} was paused by hand and goes on by itself"

    def _twice(self, session: Session, mail: Delivered) -> Iterator[str]:
        """By what its header says; and by what it says, of which everybody gets each mail once a run."""
        got = [each for each in self.world.delivered if each.address_key == mail.address_key]
        same = [each for each in got if each.token == mail.token]
        if len(same) > 1 and not (mail.token in self.world.sent_by_hand and self.world.restored_at):
            yield f"{mail.address_key} got {mail.mark} twice, at {same[0].at} and {mail.at}"
        group = session.scalars(select(OutboxRow.group_id).where(OutboxRow.token == mail.token)).first()
        runs = (Enrolment.sequence_id == group, Enrolment.address_key == mail.address_key)
        number = sum(each.mark == mail.mark for each in got)
        if not self.world.restored_at and number > session.scalars(select(func.count(Enrolment.id)).where(*runs)).one():
            yield f"{mail.address_key} got {mail.mark} {number} times"

    def _beyond_caps(self, mail: Delivered, earlier: list[Delivered]) -> Iterator[str]:
        """By what left before, and by what the rep wrote by hand half a minute before or earlier."""
        world, pace, at = self.world, self.world.pace, mail.judged_at
        own = [each for each in earlier if each.sender == mail.sender]
        today = [each for each in own if each.at > at - DAY]
        by_hand = [key for box, key, when in world.hand_mails if box == mail.sender and at - DAY < when < at - FRESH]
        days = (at - own[0].at).days if own else 0
        cap = min(pace["daily_cap"], pace["ramp_start"] + days * pace["ramp_step"])
        if len(today) + len(by_hand) >= cap:
            yield f"{mail.sender} sent {mail.mark} above its cap of {cap}: {len(today)} and {len(by_hand)} before"
        # A draft that the rep sent by hand counts for the mailbox at once, for the domain when its order finds it gone.
        same = [each for each in today if _domain(each) == _domain(mail) and each.token not in world.sent_by_hand]
        if len(same) >= pace["domain_cap"] and not world.was_restored_since(at - DAY):
            yield f"{mail.sender} sent {mail.mark} above the cap of {_domain(mail)}"
        yield from self._too_soon(mail, earlier)

    def _too_soon(self, mail: Delivered, earlier: list[Delivered]) -> Iterator[str]:
        """Within so many hours nobody of the team writes to a person twice.

        Of mail by hand, and of what a restored database does not know, that of the same mailbox counts.
        """
        since = mail.judged_at - timedelta(hours=self.world.pace["person_hours"])
        forgets = self.world.was_restored_since(since)
        others = [
            m.at for m in earlier if m.address_key == mail.address_key and (m.sender == mail.sender or not forgets)
        ]
        by_hand = [m for m in self.world.hand_mails if m[:2] == (mail.sender, mail.address_key)]
        others += [at for *_, at in by_hand if at < mail.judged_at - FRESH]
        if any(at > since for at in others):
            yield f"{mail.address_key} got {mail.mark} at {mail.at}, too soon after {max(others)}"

    def _against_the_store(self, session: Session, mail: Delivered) -> Iterator[str]:
        order = session.scalars(select(OutboxRow).where(OutboxRow.token == mail.token)).first()
        if order is None:
            yield f"{mail.mark} to {mail.address_key} left, and no order says so"
            return
        person = session.get_one(Enrolment, order.source_id)
        stops = (_off_the_list, _ended, _stood_still, _gone)
        whys = [why for stop in stops for why in stop(session, person, mail.judged_at)]
        whys += [*self._answered(person, mail)]
        if order.version_id == person.version_id:
            [case] = cases_of(session, self._versions, [person], mail.judged_at)
            whys += ["the window was closed"] if case.opens(mail.judged_at) > mail.judged_at else []
        yield from (f"{mail.mark} left for {named(person)} at {mail.judged_at} although {why}" for why in whys)

    def _answered(self, person: Enrolment, mail: Delivered) -> Iterator[str]:
        """What lay in the mailbox half a minute before is known at the send."""
        for key, mailbox, at in self.world.replies:
            is_theirs = key == person.address_key and mailbox == mail.sender
            if is_theirs and person.started_at <= at - timedelta(seconds=2) and at < mail.judged_at - FRESH:
                yield f"they wrote at {at}"


def _senders_without_a_time(session: Session) -> Iterator[str]:
    has_open = select(OutboxRow.id).where(OutboxRow.mailbox_id == OutboxSender.mailbox_id, OutboxRow.state.in_(OPEN))
    idle = select(Mailbox.address).join(OutboxSender, OutboxSender.mailbox_id == Mailbox.id)
    query = idle.where(OutboxSender.next_at.is_(None), Mailbox.status == "active", has_open.exists())
    yield from (f"{address} has open orders and no time at which it is due" for address in session.scalars(query))


def _off_the_list(session: Session, person: Enrolment, judged_at: datetime) -> Iterator[str]:
    off = session.scalars(select(Suppression).where(Suppression.address_key == person.address_key)).first()
    if off is not None and off.at < judged_at:
        yield f"the address was suppressed at {off.at}"


def _ended(_session: Session, person: Enrolment, judged_at: datetime) -> Iterator[str]:
    if person.ended_at is not None and person.ended_at < judged_at:
        yield f"it ended ({person.reason}) at {person.ended_at}"


def _stood_still(session: Session, person: Enrolment, judged_at: datetime) -> Iterator[str]:
    kinds = {EventKind.PAUSED: judged_at, EventKind.RESUMED: judged_at + _MOMENT, EventKind.ENROLLED: judged_at}
    lines = [e for e in ledger(session, person.id) if e.kind in kinds and e.at < kinds[EventKind(e.kind)]]
    if lines and lines[-1].kind == EventKind.PAUSED:
        yield f"it stood still ({lines[-1].reason}) since {lines[-1].at}"


def _gone(session: Session, person: Enrolment, judged_at: datetime) -> Iterator[str]:
    record = session.get(Record, person.contact_id)
    if record is None or (record.deleted_at is not None and record.deleted_at < judged_at):
        yield "the contact was gone"


def _domain(mail: Delivered) -> str:
    return registrable_domain(domain_of(mail.address_key))
