"""Taking people on through their sequence, and standing behind their mails before the outbox. Nothing here commits.

The engine decides and orders; the outbox alone speaks with Gmail. While a mail is in the outbox its enrolment has
nothing due; the outbox tells how it ended, and the way goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.kit.clock import Clock
from backend.kit.errors import UserError
from backend.outbox import service as outbox
from backend.outbox.shapes import Anchor, Go, Hold, Letter, Order, Sending, Skip, State, Verdict
from backend.outbox.source import UnfitError
from backend.outbox.store import find_order
from backend.sequences import enrolling, rules
from backend.sequences import enrolment_store as store
from backend.sequences.definitions import Condition, Definition, Mail, Todo, Wait, load
from backend.sequences.enrolling import SOURCE
from backend.sequences.fields import values_for
from backend.sequences.happening_store import STAGES_REACHED, happened
from backend.sequences.hours import after_days, days_off, next_open, to_utc, zone_of
from backend.sequences.shapes import Away, Baseline, EnrolmentState, EventKind, Stop
from backend.sequences.stopping import away, stop_for
from backend.sequences.tables import Enrolment, Sequence, SequenceVersion

MOST_STEPS_AT_ONCE = 60  # more than a definition has: conditions only lead forward
_STOPS = {"bounced", "unsubscribed", "by_hand", "refused", "failed", "bad_address", "header_injection"}
_PAUSES = {"missing_field", "bad_text", "bad_subject", "bad_template"}
PAUSED = "paused"
VETOED = "vetoed_by_hand"


class Engine:
    """Sequences at work; an `outbox.source.Source`. Versions are kept, since they never change."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._definitions: dict[int, Definition] = {}

    # The tick: what is due

    def advance(self, session: Session, enrolment: Enrolment) -> None:
        """Take somebody as far as they get now: to a wait, a mail in the outbox, a stop or the end."""
        now, zone = self._clock.now(), self._zone(session, enrolment)
        if enrolment.state == EnrolmentState.PAUSED:
            enrolling.resume(session, enrolment, now)
        if self._is_too_early(enrolment, zone, now) or self._is_stopped(session, enrolment, zone, now):
            return
        definition = self._definition(session, enrolment)
        for _ in range(MOST_STEPS_AT_ONCE):
            if enrolment.step >= len(definition.steps):
                enrolling.finish(session, enrolment, now)
                return
            if not self._take(session, enrolment, definition, zone, now):
                return

    def _is_too_early(self, enrolment: Enrolment, zone: ZoneInfo, now: datetime) -> bool:
        """Reckon the local time behind `due_at` in UTC anew: the zone or its rules may have changed since."""
        if enrolment.wall:
            due_at = to_utc(datetime.fromisoformat(enrolment.wall), zone)
            if due_at > now:
                enrolment.due_at = due_at
                return True
        enrolment.wall = ""
        return False

    def _take(
        self, session: Session, enrolment: Enrolment, definition: Definition, zone: ZoneInfo, now: datetime
    ) -> bool:
        """Do one step; False where the person stands still after it."""
        match definition.steps[enrolment.step]:
            case Mail() as mail:
                return self._order(session, enrolment, definition, mail, zone, now)
            case Wait(days, at):
                wall = after_days(now, days, at, zone)
                enrolment.step += 1
                enrolment.wall = wall.isoformat(timespec="minutes")
                return not self._is_too_early(enrolment, zone, now)
            case Todo() as todo:
                self._ask_rep(session, enrolment, todo, now)
            case Condition() as condition:
                values = values_for(session, enrolment) | happened(session, enrolment)
                target = condition.then if holds(condition, values) else condition.otherwise
                store.note(session, enrolment, now, EventKind.TURNED, condition.field, f"to step {target}")
                enrolment.step = target
                return True
        enrolment.step += 1
        return True

    def _order(
        self, session: Session, enrolment: Enrolment, definition: Definition, mail: Mail, zone: ZoneInfo, now: datetime
    ) -> bool:
        """Hand a mail to the outbox, once the window is open; True where it is skipped, or came to its end before."""
        if enrolment.thread.get("veto") == enrolment.step:
            store.note(session, enrolment, now, EventKind.SKIPPED, VETOED, "")
            enrolment.step += 1
            return True
        opens = next_open(now, definition.habits.window, zone, days_off(definition.habits.country))
        if opens > now:
            enrolment.due_at = opens
            return False
        order = self._order_of(session, enrolment, mail, now)
        outbox.put_in(session, order, now)
        sending = find_order(session, SOURCE, enrolment.id, enrolment.step, enrolment.run)
        if sending is None:  # the key is another enrolment's: this person had this very mail before
            store.note(session, enrolment, now, EventKind.SKIPPED, "had_it_before", "")
            enrolment.step += 1
            return True
        if sending.state not in State.open():  # books were restored from a backup: the order came to its end before
            self.settled(session, sending, now)
            return enrolment.due_at is not None
        enrolment.due_at = None
        store.note(session, enrolment, now, EventKind.ORDERED, "", f"order {sending.id}")
        return False

    def _order_of(self, session: Session, enrolment: Enrolment, mail: Mail, now: datetime) -> Order:
        sequence = session.get_one(Sequence, enrolment.sequence_id)
        return Order(
            workspace_id=enrolment.workspace_id,
            mailbox_id=enrolment.mailbox_id,
            source=SOURCE,
            source_id=enrolment.id,
            step=enrolment.step,
            run=enrolment.run,
            key=f"{sequence.uid}:{enrolment.address_key}:{enrolment.step}:{enrolment.run}",
            group=enrolment.sequence_id,
            contact_id=enrolment.contact_id,
            email=enrolment.email,
            address_key=enrolment.address_key,
            due_at=now,
            expires_at=(enrolment.due_at or now) + timedelta(days=mail.expires_days),
            is_follow_up=store.last_sent(session, enrolment.id) is not None,
            version_id=enrolment.version_id,
            wordings=len(mail.variants),
        )

    def _ask_rep(self, session: Session, enrolment: Enrolment, todo: Todo, now: datetime) -> None:
        text = rules.one_line(rules.fill(todo.text, values_for(session, enrolment)).text)
        due_at = now + timedelta(days=todo.due_days)
        new = NewActivity(ActivityKind.TASK, text, (enrolment.contact_id,), enrolment.user_id, due_at=due_at)
        activity = add_activity(session, self._clock, enrolment.workspace_id, new)
        store.note(session, enrolment, now, EventKind.DONE, todo.kind, f"task {activity.id}")

    # Stops

    def _is_stopped(self, session: Session, enrolment: Enrolment, zone: ZoneInfo, now: datetime) -> bool:
        found = self._obstacle(session, enrolment, zone, now)
        if isinstance(found, Stop):
            enrolling.stop(session, enrolment, now, found)
        elif isinstance(found, Away):
            enrolling.pause_until(session, enrolment, now, found.until, found.evidence)
        return found is not None

    def _obstacle(self, session: Session, enrolment: Enrolment, zone: ZoneInfo, now: datetime) -> Stop | Away | None:
        habits = self._definition(session, enrolment).habits
        mails = store.arrivals(session, enrolment)
        found = stop_for(habits, Baseline(**enrolment.baseline), store.circumstances(session, enrolment), mails)
        return found or away(habits, mails, now, zone)

    # Behind the outbox (outbox.source.Source)

    def judge(self, session: Session, sendings: Iterable[Sending], now: datetime, /) -> dict[int, Verdict]:
        """Whether mails may go: their enrolments run, nothing stops them, windows are open, no colleague is at it."""
        return {sending.id: self._judge(session, sending, now) for sending in sendings}

    def _judge(self, session: Session, sending: Sending, now: datetime) -> Verdict:
        enrolment = self._enrolment(session, sending)
        zone, definition = self._zone(session, enrolment), self._definition(session, enrolment)
        if enrolment.state == EnrolmentState.PAUSED:
            return Skip(PAUSED, enrolment.reason)
        if enrolment.state != EnrolmentState.ACTIVE:
            return Skip(enrolment.reason or enrolment.state, "the enrolment ended")
        if enrolment.thread.get("veto") == sending.step:
            return Skip(VETOED)
        if self._is_stopped(session, enrolment, zone, now):
            is_away = enrolment.state == EnrolmentState.PAUSED
            return Skip(PAUSED, "away") if is_away else Skip(enrolment.reason, "see the enrolment's ledger")
        opens = next_open(now, definition.habits.window, zone, days_off(definition.habits.country))
        if opens > now:
            return Hold(opens, "window")
        return self._collision(session, enrolment, definition, now)

    def _collision(self, session: Session, enrolment: Enrolment, definition: Definition, now: datetime) -> Verdict:
        days = definition.habits.collision_days
        if not days or enrolment.thread.get("may_collide"):
            return Go()
        mail_id = store.colleagues_mail(session, enrolment, now - timedelta(days=days))
        if mail_id is None:
            return Go()
        if enrolment.thread.get("asked_about") != mail_id:
            enrolment.thread = {**enrolment.thread, "asked_about": mail_id}
            text = f"A colleague wrote to {enrolment.email} or their company lately; talk to them, then resume or stop."
            new = NewActivity(ActivityKind.TASK, text, (enrolment.contact_id,), enrolment.user_id, due_at=now)
            add_activity(session, self._clock, enrolment.workspace_id, new)
        store.note(session, enrolment, now, EventKind.HELD, "collision", f"mail {mail_id}")
        return Hold(now + timedelta(days=1), "collision", f"mail {mail_id}")

    def compose(
        self, session: Session, sendings: Iterable[Sending], _now: datetime, /
    ) -> dict[int, Letter | UnfitError]:
        """Fill in the steps' texts; an `UnfitError` names the fields without a value."""
        found: dict[int, Letter | UnfitError] = {}
        for sending in sendings:
            try:
                found[sending.id] = self._compose(session, sending)
            except UnfitError as error:
                found[sending.id] = error
        return found

    def _compose(self, session: Session, sending: Sending) -> Letter:
        enrolment = self._enrolment(session, sending)
        definition = self._definition(session, enrolment)
        step = definition.steps[sending.step]
        assert isinstance(step, Mail)
        values = values_for(session, enrolment)
        variant = step.variants[sending.variant]
        anchor = self._anchor(session, enrolment) if step.is_reply else None
        subject = (
            "" if anchor else rules.one_line(_filled(variant.subject or _opening(definition, sending.step), values))
        )
        text = _filled(variant.body, values)
        return Letter(subject, text, rules.as_html(text) if step.is_html else "", anchor)

    def _anchor(self, session: Session, enrolment: Enrolment) -> Anchor | None:
        last = store.last_sent(session, enrolment.id)
        if last is None or not last.thread_id:
            return None
        return Anchor(last.thread_id, last.rfc_id, last.subject, tuple(last.references))

    def settled(self, session: Session, sending: Sending, now: datetime, /) -> None:
        """Go on after a mail's end, or stand still where somebody has to look."""
        enrolment = self._enrolment(session, sending)
        if enrolment.ended_at is not None or sending.step != enrolment.step:
            return
        if sending.state is State.UNKNOWN:
            store.note(session, enrolment, now, EventKind.UNKNOWN, sending.reason, f"order {sending.id}")
            enrolling.pause(session, enrolment, now, "unknown", f"order {sending.id}")
        elif sending.state is State.SKIPPED:
            self._skipped(session, enrolment, sending, now)
        else:
            kind = EventKind.SENT if sending.state is State.SENT else EventKind.VETOED
            store.note(session, enrolment, now, kind, sending.reason, f"order {sending.id} {sending.gmail_id}".strip())
            enrolment.step, enrolment.due_at = enrolment.step + 1, now

    def _skipped(self, session: Session, enrolment: Enrolment, sending: Sending, now: datetime) -> None:
        if sending.reason == PAUSED:
            return  # it stands still; the order is taken up again when it goes on
        store.note(session, enrolment, now, EventKind.SKIPPED, sending.reason, sending.evidence)
        if sending.reason in _STOPS:
            enrolling.stop(session, enrolment, now, Stop(sending.reason, sending.evidence))
        elif sending.reason in _PAUSES:
            enrolling.pause(session, enrolment, now, sending.reason, sending.evidence)
        else:
            enrolment.step, enrolment.due_at = enrolment.step + 1, now

    # What all of them need

    def _enrolment(self, session: Session, sending: Sending) -> Enrolment:
        return session.get_one(Enrolment, sending.source_id)

    def _definition(self, session: Session, enrolment: Enrolment) -> Definition:
        found = self._definitions.get(enrolment.version_id)
        if found is None:
            found = load(session.get_one(SequenceVersion, enrolment.version_id).definition)
            self._definitions[enrolment.version_id] = found
        return found

    def _zone(self, session: Session, enrolment: Enrolment) -> ZoneInfo:
        return zone_of(store.sender_zone(session, enrolment.mailbox_id))


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Whether a condition holds for somebody; words are compared without regard to case."""
    value = values.get(condition.field, "").strip().casefold()
    if condition.operator == "is_empty":
        return not value
    if condition.operator == "has_reached":
        return condition.value.strip().casefold() in values.get(STAGES_REACHED, "").casefold().split("\n")
    return (value == condition.value.strip().casefold()) is (condition.operator == "is")


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
