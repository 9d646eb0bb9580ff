"""Workers that advance, send and sync for a soak, and to whom things happen at the worst moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import event
from sqlalchemy.orm import Session

from backend.accounts import mailboxes
from backend.accounts.grants import Vault
from backend.accounts.shapes import GrantKind, MailboxStatus
from backend.accounts.store import get_mailbox, get_user
from backend.gmail.emulator.calls import Json
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.mail.addresses import key_of
from backend.outbox.jobs import Desk, send_due
from backend.outbox.shapes import Sending, Verdict
from backend.outbox.store import LEASE, claim_senders
from backend.outbox.tokens import UnsubscribeLinks
from backend.sequences.jobs import advance_due
from backend.sequences.people.enrolling import SOURCE
from backend.sequences.progress.engine import Engine
from backend.sequences.results.jobs import book_answers
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import Task
from backend.sync.store import claim_due, claim_imports
from tests.cast import KEY
from tests.sequences.soak.world import World
from tests.sync.workers import Interruption, Killed

MOMENTS = {"commit": 12, "statement": 80, "call": 12, "answered": 12}
"""At which moments a worker is killed, and how late at most: before a commit, a statement or a call, or after one."""
READ_EVERY = 4  # ticks; whoever sends reads the mailbox itself
QUIET_MOMENTS = ("call", "answered", "checkin")
"""At which no transaction is open, so that anything may happen."""


class Workers:
    """Ticks for one world. One that is killed does nothing more, not even what Python does in its place (`finally`)."""

    def __init__(self, world: World) -> None:
        self.figures: Counter[str] = Counter()
        self._world = world
        self.start_anew()
        self._coming: Interruption | None = None
        self._is_dead = False
        engine = world.db.engine
        self._listeners: list[tuple[object, str, Callable[..., None]]] = [
            (engine, "commit", lambda _: self.meet("commit")),
            (engine, "before_cursor_execute", lambda *_: self.meet("statement")),
            (engine.pool, "checkin", lambda *_: self.meet("checkin")),
        ]
        for target, name, listener in self._listeners:
            event.listen(target, name, listener)

    def start_anew(self) -> None:
        """What a process that was started just now knows of versions: nothing."""
        self._engine = _Watched(self._world)

    def close(self) -> None:
        """Leave the database's engine as it was."""
        for target, name, listener in self._listeners:
            event.remove(target, name, listener)

    def meet(self, moment: str) -> None:
        """A moment came: let happen what is to happen then."""
        if self._is_dead and moment != "checkin":
            raise Killed
        coming = self._coming
        if coming is not None and coming.moment == moment:
            coming.number -= 1
            if coming.number <= 0:
                self._coming = None
                self.figures["interruptions"] += 1
                coming.happen()

    # Work

    def tick(self) -> int:
        """What the worker's tick does, its jobs done at once; returns how much there was."""
        self.figures["ticks"] += 1
        world, db, clock = self._world, self._world.db, self._world.clock
        moved = advance_due(db, clock, self._engine)
        with db.write() as session:
            to_read = self._to_read(session) if self.figures["ticks"] % READ_EVERY == 0 else []
            to_send = claim_senders(session, clock.now(), 100)
        for mailbox_id, task in to_read:
            self._drain(mailbox_id, task)
        for mailbox_id in to_send:
            send_due(self._desk(world), mailbox_id)
        book_answers(db)
        return moved + len(to_send)

    def _to_read(self, session: Session) -> list[tuple[int, Task]]:
        now = self._world.now
        found = [(mailbox_id, Task.NEW_MAIL) for mailbox_id in claim_due(session, now, 100)]
        return found + [(mailbox_id, Task.IMPORT) for mailbox_id in claim_imports(session, now, 100)]

    def work(self, most: int = 20) -> None:
        """Tick until nothing is due."""
        for _ in range(most):
            if not self.tick():
                return
            self._world.clock.advance(timedelta(seconds=1))

    def interrupted(self, moment: str, number: int, happen: Callable[[], object]) -> None:
        """Tick while something happens at some moment; after its death a worker's lease stays where it is."""
        self._coming = Interruption(moment, number, happen)
        try:
            self.work(4)
        except Killed:
            self.figures["kills"] += 1
        finally:
            self._coming, self._is_dead = None, False

    def die(self) -> None:
        """Kill -9."""
        self._is_dead = True
        raise Killed

    def overtake(self) -> None:
        """Let leases run out under a worker that is slow, while another one does the work."""
        self._world.clock.advance(LEASE + timedelta(seconds=1))
        self.work(4)

    def _desk(self, world: World) -> Desk:
        links = UnsubscribeLinks("s" * 40, "https://crm.example")
        return Desk(world.db, world.clock, self._connect, self._drain, {SOURCE: self._engine}, links)

    def _drain(self, mailbox_id: int, task: Task = Task.NEW_MAIL) -> object:
        return drain_mailbox(self._world.db, self._world.clock, self._connect, mailbox_id, task=task)

    def _connect(self, mailbox_id: int) -> EmulatorGmail:
        address = next(a for a, i in self._world.office.mailboxes.items() if i == mailbox_id)
        return _WatchedGmail(self, self._world, address)

    # What people do about a mailbox

    def switch_off(self, address: str) -> None:
        """Pause reading and sending."""
        office = self._world.office
        with self._world.db.write() as session:
            mailbox = get_mailbox(session, office.workspace_id, office.mailboxes[address])
            if mailbox.status == MailboxStatus.ACTIVE:
                mailboxes.pause_mailbox(session, self._world.clock, mailbox)

    def reconnect(self, address: str) -> None:
        """Grant access anew, whatever the mailbox lacks."""
        world, office = self._world, self._world.office
        world.emulator.grant(address)
        with world.db.write() as session:
            user = get_user(session, office.workspace_id, office.actors[address].user_id)
            mailboxes.connect_mailbox(
                session, world.clock, Vault([KEY]), user, address=address, address_key=key_of(address),
                kind=GrantKind.EMULATOR,
            )  # fmt: skip


class _WatchedGmail(EmulatorGmail):
    """Tells of each call, before it and after it."""

    def __init__(self, workers: Workers, world: World, address: str) -> None:
        super().__init__(world.emulator, address)
        self._workers = workers

    def _ask(self, verb: str, **asked: Json) -> Json:  # type: ignore[override]  # handed on as it came
        self._workers.meet("call")
        try:
            return super()._ask(verb, **asked)  # type: ignore[arg-type]  # handed on as it came
        finally:
            self._workers.meet("answered")


class _Watched(Engine):
    """The engine itself; when each mail was last judged is noted by its token."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self._judged: dict[str, datetime] = world.judged

    def judge(self, session: Session, sendings: Sequence[Sending], now: datetime, /) -> dict[int, Verdict]:
        self._judged.update(dict.fromkeys((sending.token for sending in sendings), now))
        return super().judge(session, sendings, now)


def ignore(*_: object) -> None:
    """Let nothing happen."""
