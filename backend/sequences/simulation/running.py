"""Time on a stage: it jumps from one due moment to the next, and each time the jobs do what they do in earnest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from backend.gmail.gateway import Gmail
from backend.kit.clock import Clock
from backend.mail.addresses import key_of
from backend.outbox.jobs import Desk, send_due
from backend.outbox.shapes import Letter, Sending, Verdict
from backend.outbox.source import UnfitError
from backend.outbox.tokens import UnsubscribeLinks
from backend.sequences.jobs import advance_due
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.progress.engine import Engine
from backend.sequences.shapes import EnrolmentState
from backend.sequences.simulation import store
from backend.sequences.simulation.answers import Answer, Correspondents
from backend.sequences.simulation.shapes import Plan, Sender
from backend.sequences.simulation.stage import Stage
from backend.sequences.simulation.store import Due, Wait
from backend.sequences.tables import Enrolment
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import Task

_TICK = timedelta(seconds=1)
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_LONG = timedelta(hours=1)  # a mailbox that begins nothing for so long does not merely space its mail


class Run:
    """The jobs of sequences and outbox at work on a stage.

    `mails` are those that left; `waits` every time that somebody had to wait though they were due: when, and for what.
    """

    def __init__(self, stage: Stage, plan: Plan, senders: Sequence[Sender]) -> None:
        self.mails: list[bytes] = []
        self.waits: list[tuple[datetime, Wait]] = []
        self._stage = stage
        self._addresses = {sender.mailbox_id: sender.address for sender in senders}
        self._mailboxes = {address: mailbox_id for mailbox_id, address in self._addresses.items()}
        self._answers = Correspondents(plan)
        self._stale: set[int] = set()
        self._seen: set[Wait] = set()
        self._engine = _Watched(stage.clock)
        with stage.db.read() as session:
            self._shared = store.shared_firms(session)
        links = UnsubscribeLinks("rehearsal", "https://rehearsal.example")
        self._desk = Desk(stage.db, stage.clock, self._connect, self._sync, {SOURCE: self._engine}, links)
        stage.listen(self._hear)
        for mailbox_id in self._addresses:
            drain_mailbox(stage.db, stage.clock, self._connect, mailbox_id)  # its first listing, of nothing
            self._call_fresh(mailbox_id)

    def play(self, until: datetime, is_enough: Callable[[datetime], bool]) -> datetime:
        """Let time go on until then, or until it is enough; returns how far it came."""
        clock = self._stage.clock
        while not is_enough(clock.now()):
            with self._stage.db.read() as session:
                due = store.next_due(session)
            moments = [*due.moments, *self._answers.moments]
            if not moments or min(moments) > until:
                return until
            clock.current = max(clock.now(), min(moments))
            if not self._tick(clock.now(), due):
                clock.advance(_TICK)
        return clock.now()

    def _tick(self, now: datetime, due: Due) -> int:
        """Do what is due now, as the worker's tick does; returns how much that was."""
        mailbox_ids = [mailbox_id for mailbox_id, at in due.mail_at.items() if at <= now]
        done = len(mailbox_ids)
        for answer in self._answers.arrived(now):
            self._receive(answer)
            done += 1
        if due.people_at is not None and due.people_at <= now:
            done += advance_due(self._stage.db, self._stage.clock, self._engine)
            self._note(self._engine.shifted)
            self._engine.shifted.clear()
        for mailbox_id in mailbox_ids:
            self._send(mailbox_id, now)
        return done

    def _send(self, mailbox_id: int, now: datetime) -> None:
        """One round of a mailbox; where an order was judged and did not go on, see which and why."""
        for stale in sorted(self._stale):
            self._sync(stale)
        self._engine.waiting = 0
        send_due(self._desk, mailbox_id)
        if self._engine.waiting:
            with self._stage.db.read() as session:
                self._note(store.held(session, mailbox_id, now))
                self._note(store.queued(session, mailbox_id, now, _LONG))

    def _receive(self, answer: Answer) -> None:
        """Let a mail arrive, and be read at once, as Gmail's notices bring it about."""
        mailbox_id = self._mailboxes[answer.address]
        if mailbox_id not in self._stale:
            self._pass_over(mailbox_id)
        self._stage.deliver(answer.raw, answer.address)
        self._sync(mailbox_id)

    def _pass_over(self, mailbox_id: int) -> None:
        """Do not read what a mailbox holds: it is our own mail, which the books know, and no other rep asks for."""
        history_id = self._connect(mailbox_id).profile().history_id
        with self._stage.db.write() as session:
            store.move_cursor(session, mailbox_id, history_id)

    def _note(self, waits: Iterable[Wait]) -> None:
        """Remember what was not seen before; one who still waits for the same is no news."""
        news = set(waits) - self._seen
        self._seen |= news
        self.waits += [(self._stage.clock.now(), wait) for wait in sorted(news, key=_place)]

    def _connect(self, mailbox_id: int) -> Gmail:
        return self._stage.connect(self._addresses[mailbox_id])

    def _sync(self, mailbox_id: int) -> None:
        drain_mailbox(self._stage.db, self._stage.clock, self._connect, mailbox_id, task=Task.NEW_MAIL)
        self._stale.discard(mailbox_id)
        self._call_fresh(mailbox_id)

    def _call_fresh(self, mailbox_id: int) -> None:
        """What comes into a mailbox here is read at once: it stays fresh until then."""
        with self._stage.db.write() as session:
            store.note_fresh(session, mailbox_id, _FOREVER)

    def _hear(self, sender: str, recipient: str, raw: bytes) -> None:
        now = self._stage.clock.now()
        self.mails.append(raw)
        self._engine.waiting -= 1
        if store.firm_of(key_of(recipient)) in self._shared:
            self._stale.add(self._mailboxes[sender])  # another rep writes there too, and must see this mail
        self._answers.hear(sender, recipient, raw, now)


class _Watched(Engine):
    """The engine itself, under observation.

    `waiting` counts the orders that were judged and neither written nor sent thereupon; `shifted` are people who were
    taken on and wait for a window to open: all others who wait do so for a local time of their own.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.waiting = 0
        self.shifted: list[Wait] = []

    def advance(self, session: Session, enrolments: Sequence[Enrolment]) -> None:
        """Take people on, and see who was due and has to wait."""
        super().advance(session, enrolments)
        now = self._clock.now()
        self.shifted += [
            Wait(each.id, each.step, each.due_at) for each in enrolments
            if each.due_at is not None and each.due_at > now and not each.wall
            and each.state == EnrolmentState.ACTIVE
        ]  # fmt: skip

    def judge(self, session: Session, sendings: Sequence[Sending], now: datetime, /) -> dict[int, Verdict]:
        """Judge, and count."""
        self.waiting += len(sendings)
        return super().judge(session, sendings, now)

    def compose(
        self, session: Session, sendings: Sequence[Sending], now: datetime, /
    ) -> dict[int, Letter | UnfitError]:
        """Write, and count."""
        self.waiting -= len(sendings)
        return super().compose(session, sendings, now)


def _place(wait: Wait) -> tuple[int, int]:
    return wait.enrolment_id, wait.step
