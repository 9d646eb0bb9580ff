"""A mailbox that somebody connected on a page or by the command line is read from the worker's next tick on."""

from __future__ import annotations

from sqlalchemy import delete

from backend.accounts.tables import Mailbox
from backend.sync.store import claim_due, welcome_new
from backend.sync.tables import SyncState
from tests.cast import ALICE, BOB, Office


def test_a_mailbox_that_sync_does_not_know_is_due_at_once(two_reps: Office) -> None:
    alice, now = two_reps.mailboxes[ALICE], two_reps.clock.now()
    with two_reps.db.write() as session:
        session.execute(delete(SyncState).where(SyncState.mailbox_id == alice))
        assert alice not in claim_due(session, now, 9)
        welcome_new(session, now)
        assert claim_due(session, now, 9) == [alice]


def test_only_active_mailboxes_are_welcomed_and_known_ones_keep_their_place(two_reps: Office) -> None:
    with two_reps.db.write() as session:
        session.execute(delete(SyncState).where(SyncState.mailbox_id == two_reps.mailboxes[BOB]))
        session.get_one(Mailbox, two_reps.mailboxes[BOB]).status = "paused"
        session.get_one(SyncState, two_reps.mailboxes[ALICE]).history_id = "77"
        session.flush()
        welcome_new(session, two_reps.clock.now())
        assert session.get(SyncState, two_reps.mailboxes[BOB]) is None
        assert session.get_one(SyncState, two_reps.mailboxes[ALICE]).history_id == "77"
