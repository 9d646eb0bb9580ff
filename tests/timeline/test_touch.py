from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.records.service import Team, make_contact
from backend.records.shapes import NewContact
from backend.timeline.shapes import EntryKind, LastTouch
from backend.timeline.store import last_touch
from tests.cast import ALICE, BOB, DORA, Office


def dora_of(office: Office) -> int:
    with office.db.write() as session:
        team = Team(office.workspace_id, office.clock)
        return make_contact(session, team, NewContact("Dora Lund", ((DORA, DORA),))).id


def touch(office: Office, record_id: int, viewer: str = ALICE) -> LastTouch | None:
    with office.db.read() as session:
        return last_touch(session, office.actors[viewer], record_id)


def test_nobody_spoke_with_somebody_new(office: Office) -> None:
    assert touch(office, dora_of(office)) is None


def test_their_mail_is_owed_a_reply_until_something_follows_it(office: Office) -> None:
    dora = dora_of(office)
    first = office.mail(f"Dora <{DORA}>", ALICE)
    office.sync()
    said = touch(office, dora)
    assert said
    assert (said.who, said.kind, said.is_ours, said.is_viewer, said.is_owed) == (
        "Dora", EntryKind.MAIL, False, False, True,
    )  # fmt: skip
    office.mail(ALICE, DORA, reply_to_id=first)
    office.sync()
    said = touch(office, dora)
    assert said
    assert (said.is_ours, said.is_viewer, said.is_owed) == (True, True, False)


def test_only_the_one_whose_mailbox_holds_it_owes_the_reply(two_reps: Office) -> None:
    dora = dora_of(two_reps)
    two_reps.mail(DORA, ALICE)
    two_reps.sync()
    alices, bobs = touch(two_reps, dora), touch(two_reps, dora, BOB)
    assert alices
    assert bobs
    assert (alices.is_owed, bobs.is_owed) == (True, False)


def test_a_colleagues_mail_is_ours_but_not_the_viewers(two_reps: Office) -> None:
    dora = dora_of(two_reps)
    two_reps.mail(BOB, DORA)
    two_reps.sync()
    said = touch(two_reps, dora)
    assert said
    assert (said.is_ours, said.is_viewer) == (True, False)


def test_what_a_colleague_keeps_is_passed_over(two_reps: Office) -> None:
    dora = dora_of(two_reps)
    two_reps.mail(DORA, BOB)
    with two_reps.db.write() as session:
        session.execute(update(Mailbox).where(Mailbox.address == BOB).values(sharing=Sharing.NOTHING))
    two_reps.sync()
    assert touch(two_reps, dora) is None


def test_a_later_call_counts_and_a_note_does_not(office: Office) -> None:
    dora = dora_of(office)
    office.mail(DORA, ALICE)
    office.sync()
    office.clock.advance(timedelta(hours=1))
    with office.db.write() as session:
        for kind in (ActivityKind.CALL, ActivityKind.NOTE):
            new = NewActivity(kind, "Talked", (dora,), office.actors[BOB].user_id)
            add_activity(session, office.clock, office.workspace_id, new)
            office.clock.advance(timedelta(minutes=1))
    said = touch(office, dora)
    assert said
    assert (said.kind, said.who, said.is_ours, said.is_viewer) == (EntryKind.CALL, "Bob", True, False)
