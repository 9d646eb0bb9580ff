"""One round of sending from one mailbox: what is done for an order in each of its states.

An order's way: checked and written → draft laid down → (its moment comes) mailbox synced, checked again → `sending`
committed → `drafts.send`, once → booked → read back. A round may be killed anywhere; the next one finds in the books
and in the mailbox itself how far it came. Writes are fenced: of two workers only the newest may book.

Orders are begun by the bunch: whether a draft was laid down can be told from the mailbox, so its id may be lost. A few
that are due together are committed together before the first of them is sent; each is booked as soon as it left.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied, RateLimited, Rejected, SendingRefused
from backend.outbox import delivery, drafting, store
from backend.outbox.shapes import End, Pause, Sending, Skip, State
from backend.outbox.shift import Shift
from backend.outbox.store import LeaseLostError

log = structlog.get_logger(__name__)

BUNCH = 10  # orders begun together; mails checked and committed together, which then leave within seconds
TURN = 100  # steps of orders in one round, so that a mailbox with ten thousand leaves others their turn


class Round:
    """One round of one mailbox, in one worker's shift."""

    def __init__(self, shift: Shift, session: Session) -> None:
        self._shift = shift
        self._most = BUNCH
        self._begun, self._waiting = self._due(session)

    def run(self) -> End:
        """Work on one bunch of due orders after the other: first on what was begun."""
        left = TURN
        while left > 0:
            most = self._most
            self._attempt(delivery.go_on, self._begun)
            self._attempt(drafting.begin, self._waiting)
            left -= len(self._begun) + len(self._waiting)
            # Drafts may be due as soon as they are laid down; and where a bunch broke, each is tried alone.
            if not self._waiting and len(self._begun) < min(most, self._most):
                return End.DONE
            with self._shift.desk.db.read() as session:
                self._begun, self._waiting = self._due(session)
        return End.MORE

    def _due(self, session: Session) -> tuple[list[Sending], list[Sending]]:
        """What to do next: what was begun, and what waits to be.

        Under the lease nobody else moves orders on; all that else could change is looked at where something is written.
        """
        shift, mailbox_id, now = self._shift, self._shift.lease.mailbox_id, self._shift.now
        begun = store.next_begun(session, mailbox_id, now, self._most)
        first = store.next_claimed(session, mailbox_id, now, 1) if shift.begins_at <= now else []
        wanted = shift.drafts_wanted(session, first[0], self._most) if first else 0
        return begun, first if wanted == 1 else store.next_claimed(session, mailbox_id, now, wanted)

    def _attempt(self, work: Callable[[Shift, list[Sending]], None], bunch: list[Sending]) -> None:
        """Take orders one step further; what goes wrong with one alone does not keep the others waiting."""
        if not bunch:
            return
        try:
            work(self._shift, bunch)
        except (LeaseLostError, AuthRevoked, PermissionDenied, RateLimited):
            raise
        except SendingRefused as error:
            self._shift.pause(f"{Pause.GMAIL_LIMIT}: {error.detail}")
        except Exception as error:  # noqa: BLE001 - a job's last line of defence: one poisoned order must not stop all
            if len(bunch) > 1:
                log.warning("bunch_broke", mailbox_id=self._shift.lease.mailbox_id, error=type(error).__name__)
                self._most = 1  # the next ones one by one: then it shows whose fault it is
            else:
                self._blame(bunch[0], error)

    def _blame(self, sending: Sending, error: Exception) -> None:
        if isinstance(error, Rejected) and sending.state is not State.SENDING:
            self._shift.give_up(sending, Skip("refused", error.detail))
        elif isinstance(error, GmailError):
            self._shift.postpone(sending, error)
        else:
            log.error("order_crashed", sending_id=sending.id, exc_info=error)
            self._shift.postpone(sending, None)
