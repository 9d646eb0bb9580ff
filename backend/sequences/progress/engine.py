"""Taking people on through their sequence, and standing behind their mails before the outbox. Nothing here commits.

The engine decides and orders; the outbox alone speaks with Gmail. While a mail is in the outbox its enrolment has
nothing due; the outbox tells how it ended, and the way goes on from there. What is known of people is asked for all of
them together (`cases`); then each is decided on alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.accounts.languages import gettext_of
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.kit.clock import Clock
from backend.outbox import ordering
from backend.outbox.shapes import Go, Hold, Letter, Order, Sending, Skip, State, Verdict
from backend.outbox.source import UnfitError
from backend.outbox.store import orders_of
from backend.sequences.authoring import sequence_store
from backend.sequences.authoring.definitions import FOLLOW, Condition, Mail, Todo, Wait
from backend.sequences.hours import after_days, to_utc
from backend.sequences.people import enrolling
from backend.sequences.people import enrolment_store as store
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.progress import composing, people_store
from backend.sequences.progress.cases import Case, Versions, cases_of, whose_zone
from backend.sequences.progress.happening_store import STAGES_REACHED, happened
from backend.sequences.shapes import Baseline, EnrolmentState, EventKind, Pending, Stop
from backend.sequences.tables import Enrolment
from backend.sequences.texts import rules
from backend.sequences.texts.fields import values_for

MOST_STEPS_AT_ONCE = 60  # more than a definition has: conditions only lead forward
_STOPS = {"bounced", "unsubscribed", "by_hand", "refused", "failed", "bad_address", "header_injection"}
_PAUSES = {"missing_field", "bad_text", "bad_subject", "bad_template"}
PAUSED = "paused"
VETOED = "vetoed_by_hand"
MOVED = "moved"
MIGRATED = "migrated"


class Engine:
    """Sequences at work; an `outbox.source.Source`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._versions = Versions()

    # The tick: what is due

    def advance(self, session: Session, enrolments: Sequence[Enrolment]) -> None:
        """Take people as far as they get now: to a wait, a mail in the outbox, a stop or the end."""
        now = self._clock.now()
        for enrolment in enrolments:
            enrolling.resume(session, enrolment, now)
        going = [case for case in self._cases(session, enrolments, now) if self._may_go_on(session, case, now)]
        while going:  # who had their next mail before goes on at once
            mails = [(case, mail) for case in going if (mail := self._to_next_mail(session, case, now)) is not None]
            going = self._order(session, mails, now)

    def _may_go_on(self, session: Session, case: Case, now: datetime) -> bool:
        """Stops are looked for first: who answers is woken in the middle of a wait, so that everybody sees it end."""
        has_ended = case.enrolment.ended_at is not None
        return not (has_ended or self._is_stopped(session, case, now) or _is_too_early(case, now))

    def _to_next_mail(self, session: Session, case: Case, now: datetime) -> Mail | None:
        """Take somebody to a mail whose window is open; None where they stand still, or are through."""
        enrolment, steps = case.enrolment, case.definition.steps
        for _ in range(MOST_STEPS_AT_ONCE):
            if enrolment.step >= len(steps):
                enrolling.finish(session, enrolment, now)
                return None
            step = steps[enrolment.step]
            if isinstance(step, Mail) and enrolment.thread.get("veto") != enrolment.step:
                return step if _is_open(case, now) else None
            if not self._take(session, case, step, now):
                return None
        return None

    def _take(self, session: Session, case: Case, step: Mail | Wait | Todo | Condition, now: datetime) -> bool:
        """Do one step; False where the person stands still after it."""
        enrolment = case.enrolment
        match step:
            case Wait():
                enrolment.wall = _wait_from(now, step, case.zone).wall
            case Todo() as todo:
                self._ask_rep(session, enrolment, todo, now)
            case Condition() as condition:
                values = values_for(session, enrolment) | happened(session, enrolment)
                target = condition.then if holds(condition, values) else condition.otherwise
                store.note(session, enrolment, now, EventKind.TURNED, condition.field, f"to step {target}")
                enrolment.step = target
                return True
            case Mail():
                store.note(session, enrolment, now, EventKind.SKIPPED, VETOED, "")
        enrolment.step += 1
        return not _is_too_early(case, now)

    def _ask_rep(self, session: Session, enrolment: Enrolment, todo: Todo, now: datetime) -> None:
        text = rules.one_line(rules.fill(todo.text, values_for(session, enrolment)).text)
        due_at = now + timedelta(days=todo.due_days)
        new = NewActivity(ActivityKind.TASK, text, (enrolment.contact_id,), enrolment.user_id, due_at=due_at)
        activity = add_activity(session, self._clock, enrolment.workspace_id, new)
        store.note(session, enrolment, now, EventKind.DONE, todo.kind, f"task {activity.id}")

    # Orders

    def _order(self, session: Session, mails: Sequence[tuple[Case, Mail]], now: datetime) -> list[Case]:
        """Hand mails to the outbox; returns who goes on at once."""
        if not mails:
            return []
        ids = [case.enrolment.id for case, _ in mails]
        sent = {order.source_id for order in orders_of(session, SOURCE, ids) if order.state is State.SENT}
        uids = sequence_store.uids_of(session, {case.enrolment.sequence_id for case, _ in mails})
        orders = [_order_of(case, mail, uids, now, is_follow_up=case.enrolment.id in sent) for case, mail in mails]
        ordering.put_in(session, orders, now)
        placed = {(order.source_id, order.step, order.run): order for order in orders_of(session, SOURCE, ids)}
        waiting, going = {}, []
        for case, order in zip((case for case, _ in mails), orders, strict=True):
            sending = placed.get((order.source_id, order.step, order.run))
            if sending is not None and sending.state in State.open():
                case.enrolment.due_at = None
                waiting[case.enrolment] = f"order {sending.id}"
            elif self._has_passed(session, case.enrolment, sending, now):
                going.append(case)
        store.note_all(session, waiting, now, EventKind.ORDERED)
        return going

    def _has_passed(self, session: Session, enrolment: Enrolment, sending: Sending | None, now: datetime) -> bool:
        """Go on behind a mail that came to its end before; False where somebody stands still there."""
        if sending is None:  # the key is another enrolment's: this person had this very mail before
            store.note(session, enrolment, now, EventKind.SKIPPED, "had_it_before", "")
            enrolment.step += 1
            return True
        self.settled(session, sending, now)  # books were restored from a backup
        session.refresh(enrolment)
        return enrolment.due_at is not None

    def _wait_behind(self, session: Session, sending: Sending, now: datetime) -> Pending | None:
        """The wait that begins as this mail ends, where one stands behind it: it can be reckoned without a tick.

        Who has answered is looked at in the next one.
        """
        person = store.whereabouts(session, sending)
        definition = self._versions.of(session, person.version_id)
        step = next(iter(definition.steps[sending.step + 1 :]), None)
        if person.has_answered or not isinstance(step, Wait):
            return None
        return _wait_from(now, step, whose_zone(definition.habits, person.zone, person.country or ""))

    # Stops

    def _cases(self, session: Session, enrolments: Sequence[Enrolment], now: datetime) -> list[Case]:
        """The cases as they are once those whose record changed hands went over to the new owner."""
        cases = cases_of(session, self._versions, enrolments, now)
        moved = self._follow_owners(session, cases, now)
        anew = {case.enrolment.id: case for case in cases_of(session, self._versions, moved, now)} if moved else {}
        return [anew.get(case.enrolment.id, case) for case in cases]

    def _follow_owners(self, session: Session, cases: Sequence[Case], now: datetime) -> list[Enrolment]:
        leaving = {case.facts.owner_id: case for case in cases if _follows(case)}
        if not leaving:
            return []
        mailboxes = people_store.active_mailboxes_of(session, [key for key in leaving if key is not None])
        return [
            case.enrolment for case in cases
            if _follows(case) and enrolling.hand_over(session, case.enrolment, now, case.facts.owner_id, mailboxes)
        ]  # fmt: skip

    def _is_stopped(self, session: Session, case: Case, now: datetime) -> bool:
        found = case.obstacle(now)
        if isinstance(found, Stop):
            enrolling.stop(session, case.enrolment, now, found)
        elif found is not None:
            enrolling.pause_until(session, case.enrolment, now, found.until, found.evidence)
        return found is not None

    # Behind the outbox (outbox.source.Source)

    def judge(self, session: Session, sendings: Sequence[Sending], now: datetime, /) -> dict[int, Verdict]:
        """Whether mails may go: their enrolments run, nothing stops them, windows are open, no colleague is at it."""
        enrolments = store.hold_enrolments(session, {sending.source_id for sending in sendings})
        cases = {case.enrolment.id: case for case in self._cases(session, list(enrolments.values()), now)}
        found = {s.id: self._judge(session, cases[s.source_id], s, now) for s in sendings}
        going = {s.source_id: cases[s.source_id] for s in sendings if isinstance(found[s.id], Go)}
        held = self._collisions(session, list(going.values()), now)
        return found | {s.id: held[s.source_id] for s in sendings if s.source_id in held}

    def _judge(self, session: Session, case: Case, sending: Sending, now: datetime) -> Verdict:
        if case.enrolment.mailbox_id != sending.mailbox_id:
            return Skip(MOVED, f"to mailbox {case.enrolment.mailbox_id}")
        standing = _standing(case.enrolment, sending)
        if not isinstance(standing, Go):
            return standing
        if self._is_stopped(session, case, now):
            is_away = case.enrolment.state == EnrolmentState.PAUSED
            return Skip(PAUSED, "away") if is_away else Skip(case.enrolment.reason, "see the enrolment's ledger")
        opens = case.opens(now)
        return Go() if opens <= now else Hold(opens, "window")

    def _collisions(self, session: Session, cases: Sequence[Case], now: datetime) -> dict[int, Verdict]:
        """Who is held because a colleague is in touch with them or their company, by enrolment."""
        days = {
            case.enrolment.id: case.definition.habits.collision_days
            for case in cases
            if not case.enrolment.thread.get("may_collide")
        }
        since = {key: now - timedelta(days=number) for key, number in days.items() if number}
        people = [case.enrolment for case in cases if case.enrolment.id in since]
        found = people_store.colleagues_mails(session, people, since) if people else {}
        return {each.id: self._hold(session, each, found[each.id], now) for each in people if each.id in found}

    def _hold(self, session: Session, enrolment: Enrolment, mail_id: int, now: datetime) -> Verdict:
        if enrolment.thread.get("asked_about") != mail_id:
            enrolment.thread = {**enrolment.thread, "asked_about": mail_id}
            _ = gettext_of(session, enrolment.user_id)
            text = _(
                "A colleague wrote to %(email)s or their company lately; talk to them, then resume or stop.",
                email=enrolment.email,
            )
            new = NewActivity(ActivityKind.TASK, text, (enrolment.contact_id,), enrolment.user_id, due_at=now)
            add_activity(session, self._clock, enrolment.workspace_id, new)
        store.note(session, enrolment, now, EventKind.HELD, "collision", f"mail {mail_id}")
        return Hold(now + timedelta(days=1), "collision", f"mail {mail_id}")

    def compose(
        self, session: Session, sendings: Sequence[Sending], _now: datetime, /
    ) -> dict[int, Letter | UnfitError]:
        """Fill in the steps' texts; an `UnfitError` names the fields without a value."""
        return composing.compose(session, self._versions, sendings)

    def settled(self, session: Session, sending: Sending, now: datetime, /) -> None:
        """Go on after a mail's end, or stand still where somebody has to look."""
        if sending.state in {State.SENT, State.VETOED}:
            store.pass_step(session, sending, now, self._wait_behind(session, sending, now))
            return
        session.flush()
        enrolment = session.get_one(Enrolment, sending.source_id, with_for_update=True)  # somebody may resume them now
        if enrolment.ended_at is not None or (sending.step, sending.run) != (enrolment.step, enrolment.run):
            return
        if sending.state is State.UNKNOWN:
            store.note(session, enrolment, now, EventKind.UNKNOWN, sending.reason, f"order {sending.id}")
            enrolling.pause(session, enrolment, now, "unknown", f"order {sending.id}")
        else:
            _skipped(session, enrolment, sending, now)


def _wait_from(now: datetime, step: Wait, zone: ZoneInfo) -> Pending:
    wall = after_days(now, step.days, step.at, zone)
    return Pending(wall.isoformat(timespec="minutes"), to_utc(wall, zone))


def _is_too_early(case: Case, now: datetime) -> bool:
    """Reckon the local time behind `due_at` in UTC anew: the zone or its rules may have changed since."""
    enrolment = case.enrolment
    if enrolment.wall:
        due_at = to_utc(datetime.fromisoformat(enrolment.wall), case.zone)
        if due_at > now:
            enrolment.due_at = due_at
            return True
    enrolment.wall = ""
    return False


def _is_open(case: Case, now: datetime) -> bool:
    """Whether mail may leave for somebody now; else they are due when it may."""
    opens = case.opens(now)
    if opens > now:
        case.enrolment.due_at = opens
    return opens <= now


def _follows(case: Case) -> bool:
    """Whether the record changed hands, and the sequence is to go on from the new owner's mailbox."""
    is_other = case.facts.owner_id != Baseline(**case.enrolment.baseline).owner_id
    return is_other and case.enrolment.ended_at is None and case.definition.habits.on_owner_change == FOLLOW


def mail_key(uid: str, enrolment: Enrolment, number: int) -> str:
    """The key of somebody's mail: the same whichever version it is written from, and in each copy of this database."""
    return f"{uid}:{enrolment.address_key}:{number}:{enrolment.thread.get('first_run', enrolment.run)}"


def _order_of(case: Case, mail: Mail, uids: Mapping[int, str], now: datetime, *, is_follow_up: bool) -> Order:
    enrolment = case.enrolment
    return Order(
        workspace_id=enrolment.workspace_id,
        mailbox_id=enrolment.mailbox_id,
        source=SOURCE,
        source_id=enrolment.id,
        step=enrolment.step,
        run=enrolment.run,
        key=mail_key(uids[enrolment.sequence_id], enrolment, case.definition.number_of(enrolment.step)),
        group=enrolment.sequence_id,
        contact_id=enrolment.contact_id,
        email=enrolment.email,
        address_key=enrolment.address_key,
        due_at=now,
        expires_at=(enrolment.due_at or now) + timedelta(days=mail.expires_days),
        is_follow_up=is_follow_up,
        version_id=enrolment.version_id,
        wordings=len(mail.variants),
    )


def _standing(enrolment: Enrolment, sending: Sending) -> Verdict:
    """Whether the enrolment itself lets a mail go: it runs, in the run that ordered it, and nobody left it out."""
    if enrolment.run != sending.run:
        return Skip(MIGRATED, f"to version {enrolment.version_id}")
    if enrolment.state == EnrolmentState.PAUSED:
        return Skip(PAUSED, enrolment.reason)
    if enrolment.state != EnrolmentState.ACTIVE:
        return Skip(enrolment.reason or enrolment.state, "the enrolment ended")
    return Skip(VETOED) if enrolment.thread.get("veto") == sending.step else Go()


def _skipped(session: Session, enrolment: Enrolment, sending: Sending, now: datetime) -> None:
    """Who stands still goes on standing still: for them nothing is due before somebody resumes them."""
    is_active = enrolment.state == EnrolmentState.ACTIVE
    if sending.reason in {PAUSED, MOVED}:
        if is_active:  # resumed meanwhile, or with another mailbox: ordered anew
            enrolment.due_at = now
        return
    store.note(session, enrolment, now, EventKind.SKIPPED, sending.reason, sending.evidence)
    if sending.reason in _STOPS:
        enrolling.stop(session, enrolment, now, Stop(sending.reason, sending.evidence))
    elif sending.reason in _PAUSES:
        enrolling.pause(session, enrolment, now, sending.reason, sending.evidence)
    else:
        enrolment.step, enrolment.due_at = enrolment.step + 1, now if is_active else enrolment.due_at


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Whether a condition holds for somebody; words are compared without regard to case."""
    value = values.get(condition.field, "").strip().casefold()
    if condition.operator == "is_empty":
        return not value
    if condition.operator == "has_reached":
        return condition.value.strip().casefold() in values.get(STAGES_REACHED, "").casefold().split("\n")
    return (value == condition.value.strip().casefold()) is (condition.operator == "is")
