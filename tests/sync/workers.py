"""Workers that sync an office's mailboxes and to whom things happen at the worst moments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import event

from backend.accounts import mailboxes
from backend.accounts.grants import Vault
from backend.accounts.shapes import GrantKind, MailboxStatus
from backend.accounts.store import get_mailbox, get_user
from backend.gmail.emulator.calls import Json
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.mail.addresses import key_of
from backend.sync.audit import audit_mailbox, repair
from backend.sync.jobs import drain_mailbox
from backend.sync.limiter import Limiter
from backend.sync.shapes import Audit, End
from backend.sync.store import LEASE, next_attempt_at
from tests.cast import KEY, Office

MOST_ROUNDS = 200


class Killed(BaseException):
    """What kill -9 is to a process: nothing is cleaned up, and the lease stays where it is."""


@dataclass
class Interruption:
    """Something that happens at the n-th moment of a kind (commit, statement, call of Gmail) in a drain."""

    moment: str
    number: int
    happen: Callable[[], object]


@dataclass
class Workers:
    """Drains for one office. `kills` and `drains` count; Gmail lists `page` ids at once; `limiter` None: no quota."""

    office: Office
    page: int = 500
    limiter: Limiter | None = None
    drains: int = 0
    kills: int = 0
    _coming: Interruption | None = None
    _listeners: list[tuple[object, str, Callable[..., None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        engine = self.office.db.engine
        self._listen(engine, "commit", lambda _: self.meet("commit"))
        self._listen(engine, "before_cursor_execute", lambda *_: self.meet("statement"))

    def _listen(self, target: object, name: str, listener: Callable[..., None]) -> None:
        event.listen(target, name, listener)
        self._listeners.append((target, name, listener))

    def close(self) -> None:
        """Leave the database's engine as it was."""
        for target, name, listener in self._listeners:
            event.remove(target, name, listener)

    def meet(self, moment: str) -> None:
        """A moment came: let happen what is to happen then."""
        coming = self._coming
        if coming is not None and coming.moment == moment:
            coming.number -= 1
            if coming.number <= 0:
                self._coming = None
                coming.happen()

    def kill(self) -> None:
        """What an interruption does to end a worker."""
        self.kills += 1
        raise Killed

    # Work

    def drain(self, address: str, interruption: Interruption | None = None) -> End | None:
        """Run one drain; None where it was killed."""
        self.drains += 1
        self._coming = interruption
        try:
            mailbox_id = self.office.mailboxes[address]
            return drain_mailbox(self.office.db, self.office.clock, self._connect, mailbox_id, limiter=self.limiter)
        except Killed:
            return None
        finally:
            self._coming = None

    def audit(self, address: str) -> Audit:
        """Hold Gmail's list against the store."""
        gmail = EmulatorGmail(self.office.emulator, address)
        return audit_mailbox(self.office.db, gmail, self.office.mailboxes[address])

    def repair(self, address: str) -> None:
        """Queue what an audit finds."""
        found = self.audit(address)
        with self.office.db.write() as session:
            repair(session, self.office.clock, self.office.mailboxes[address], found)

    def settle(self) -> None:
        """Give every mailbox what it needs from people, and drain until nothing is left to do."""
        for address in self.office.mailboxes:
            self.reconnect(address)
        for _ in range(MOST_ROUNDS):
            ends = {self.drain(address) for address in self.office.mailboxes}
            if ends == {End.DONE} and not self._is_waiting():
                return
            self.office.clock.advance(timedelta(minutes=10))
        raise AssertionError("no end is in sight")

    def _is_waiting(self) -> bool:
        with self.office.db.read() as session:
            return any(next_attempt_at(session, mailbox) is not None for mailbox in self.office.mailboxes.values())

    def overtake(self, address: str) -> None:
        """Let the lease run out under a worker that is slow, and another one do the work meanwhile."""
        self.office.clock.advance(LEASE + timedelta(seconds=1))
        self.drain(address)

    # What people do about a mailbox

    def pause(self, address: str) -> None:
        """Switch a mailbox off."""
        with self.office.db.write() as session:
            mailbox = get_mailbox(session, self.office.workspace_id, self.office.mailboxes[address])
            if mailbox.status == MailboxStatus.ACTIVE:
                mailboxes.pause_mailbox(session, self.office.clock, mailbox)

    def reconnect(self, address: str) -> None:
        """Grant access anew, whatever the mailbox lacks."""
        self.office.emulator.grant(address)
        with self.office.db.write() as session:
            user = get_user(session, self.office.workspace_id, self.office.actors[address].user_id)
            mailboxes.connect_mailbox(
                session,
                self.office.clock,
                Vault([KEY]),
                user,
                address=address,
                address_key=key_of(address),
                kind=GrantKind.EMULATOR,
            )

    def _connect(self, mailbox_id: int) -> EmulatorGmail:
        address = next(a for a, i in self.office.mailboxes.items() if i == mailbox_id)
        return WatchedGmail(self, address)


class WatchedGmail(EmulatorGmail):
    """Tells of each call, and has pages as small as the workers want them."""

    def __init__(self, workers: Workers, address: str) -> None:
        super().__init__(workers.office.emulator, address)
        self._workers = workers

    def _ask(self, verb: str, **asked: Json) -> Json:  # type: ignore[override]  # handed on as it came
        self._workers.meet("call")
        if "maxResults" in asked.get("query", {}):
            asked["query"] = {**asked["query"], "maxResults": [str(self._workers.page)]}
        return super()._ask(verb, **asked)  # type: ignore[arg-type]  # handed on as it came
