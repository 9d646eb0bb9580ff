"""What comes in: rules hold before a word is stored, stored mail follows their change, and the audit explains it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.labels import create_label
from backend.kit.clock import VirtualClock
from backend.linking.exclusions import ignore, stop_ignoring
from backend.mail.normalise import normalise
from backend.mail.tables import Copy, Message, MessageBody
from backend.privacy.service.policies import choose_policy, undo_change
from backend.privacy.shapes import ExclusionKind, ImportPolicy, PolicyKind
from backend.privacy.tables import Exclusion
from backend.sync.audit import audit_mailbox
from backend.sync.tables import SyncItem
from tests.card.world import World
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_office


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    return open_office(sqlite_db, clock, emulator, ALICE, BOB)


def choose(
    office: Office, policy: ImportPolicy | None, *, who: str = ALICE, kind: PolicyKind = PolicyKind.MAILBOX
) -> int:
    mailbox_id = office.mailboxes[ALICE] if kind is PolicyKind.MAILBOX else None
    with office.db.write() as session:
        return choose_policy(session, office.clock, office.actors[who], kind, mailbox_id, policy).id


def stored(office: Office, address: str = ALICE) -> list[str]:
    with office.db.read() as session:
        query = select(Message.subject).join(Copy, Copy.message_id == Message.id)
        return sorted(session.scalars(query.where(Copy.mailbox_id == office.mailboxes[address])))


def skipped(office: Office, address: str = ALICE) -> list[tuple[str, str]]:
    with office.db.read() as session:
        query = select(SyncItem.reason, SyncItem.detail).where(SyncItem.state == "skipped")
        rows = session.execute(query.where(SyncItem.mailbox_id == office.mailboxes[address]))
        return sorted((row[0], row[1]) for row in rows)


def unexplained(office: Office, address: str = ALICE) -> int:
    found = audit_mailbox(office.db, office.gmail(address), office.mailboxes[address])
    return len(found.missing) + len(found.extra)


def label(office: Office, name: str) -> str:
    return str(create_label(office.emulator.mailbox(ALICE), {"name": name})["id"])


def exclude(office: Office, value: str, kind: ExclusionKind = ExclusionKind.ADDRESS, mailbox: str = "") -> None:
    with office.db.write() as session:
        actor = office.actors[ALICE]
        session.add(
            Exclusion(
                workspace_id=office.workspace_id,
                mailbox_id=office.mailboxes[mailbox] if mailbox else None,
                kind=kind.value,
                value=value,
                user_id=actor.user_id,
                created_at=office.clock.now(),
            )
        )


def test_what_is_older_than_the_window_is_neither_listed_nor_unexplained(office: Office) -> None:
    office.mail(DORA, ALICE, "Old")
    office.clock.advance(timedelta(days=40))
    since = office.clock.now()
    office.mail(DORA, ALICE, "New")
    choose(office, ImportPolicy(since=since))
    office.sync()
    assert (stored(office), skipped(office), unexplained(office)) == (["New"], [], 0)


def test_a_day_that_gmail_lists_too_many_is_skipped_with_its_reason(office: Office) -> None:
    office.mail(DORA, ALICE, "Just too old")
    choose(office, ImportPolicy(since=office.clock.now() + timedelta(minutes=5)))
    office.clock.advance(timedelta(minutes=10))
    office.sync()
    assert stored(office) == []
    assert skipped(office) == [("outside_window", "2026-01-05")]


def test_months_count_from_the_day_of_connecting_so_that_mail_does_not_age_out(office: Office) -> None:
    choose(office, ImportPolicy(months=1))
    office.mail(DORA, ALICE, "Fresh")
    office.sync()
    office.clock.advance(timedelta(days=400))
    office.sync()
    assert (stored(office), unexplained(office)) == (["Fresh"], 0)


def test_a_tighter_window_takes_mail_out_and_a_wider_one_brings_it_back(office: Office) -> None:
    office.mail(DORA, ALICE, "Ancient")
    office.clock.advance(timedelta(days=100))
    office.mail(DORA, ALICE, "Old")
    office.clock.advance(timedelta(days=100))
    office.mail(DORA, ALICE, "New")
    office.sync()
    change = choose(office, ImportPolicy(since=office.clock.now() - timedelta(days=30)))
    office.sync()
    assert (stored(office), len(skipped(office)), unexplained(office)) == (["New"], 2, 0)
    choose(office, ImportPolicy(since=office.clock.now() - timedelta(days=150)))
    office.sync()
    assert (stored(office), len(skipped(office)), unexplained(office)) == (["New", "Old"], 1, 0)
    choose(office, None)
    office.sync()
    assert (stored(office), skipped(office), unexplained(office)) == (["Ancient", "New", "Old"], [], 0)
    assert change


def test_a_wider_window_lists_what_was_never_seen(office: Office) -> None:
    office.mail(DORA, ALICE, "Old")
    office.clock.advance(timedelta(days=100))
    office.mail(DORA, ALICE, "New")
    change = choose(office, ImportPolicy(since=office.clock.now() - timedelta(days=30)))
    office.sync()
    assert stored(office) == ["New"]
    with office.db.write() as session:
        undo_change(session, office.clock, office.actors[ALICE], change)
    office.sync()
    assert (stored(office), unexplained(office)) == (["New", "Old"], 0)


def test_labels_let_mail_in_and_keep_it_out_also_when_they_change_later(office: Office) -> None:
    crm, secret = label(office, "For the CRM"), label(office, "secret/board")
    office.mail(DORA, ALICE, "In", labels=["INBOX", crm])
    office.mail(DORA, ALICE, "Plain")
    office.mail(DORA, ALICE, "Both", labels=["INBOX", crm, secret])
    choose(office, ImportPolicy(labels_in=("For the CRM",), labels_out=("Secret/Board",)))
    office.sync()
    assert (stored(office), unexplained(office)) == (["In"], 0)
    gmail = office.gmail(ALICE)
    ids = ids_by_subject(office)
    gmail.modify(ids["In"], add=[secret])
    gmail.modify(ids["Plain"], add=[crm])
    office.sync()
    assert (stored(office), unexplained(office)) == (["Plain"], 0)
    assert ("label_rule", "secret/board") in skipped(office)
    gmail.modify(ids["In"], remove=[secret])
    office.sync()
    assert stored(office) == ["In", "Plain"]


def ids_by_subject(office: Office) -> dict[str, str]:
    """Gmail's ids of what is in Alice's mailbox."""
    gmail = office.gmail(ALICE)
    found = gmail.get_messages([r.id for r in gmail.list_messages().refs]).messages.values()
    return {normalise(m.payload or {}).subject: m.id for m in found}


def test_with_known_contacts_only_strangers_stay_out_and_no_address_of_theirs_is_kept(office: Office) -> None:
    World(office).contact(DORA, "Dora Lund")
    choose(office, ImportPolicy(is_known_only=True))
    office.mail(DORA, ALICE, "Known")
    office.mail(ERIK, ALICE, "Stranger")
    office.sync()
    assert stored(office) == ["Known"]
    ((reason, detail),) = skipped(office)
    assert reason == "unknown_people"
    assert "erik" not in detail
    office.clock.advance(timedelta(hours=1))
    World(office).contact("kim@fjord.example", "Kim Moe")
    office.sync()
    assert stored(office) == ["Known"]
    World(office).contact(ERIK, "Erik Berg")
    office.sync()
    assert (stored(office), skipped(office), unexplained(office)) == (["Known", "Stranger"], [], 0)


def test_internal_mail_stays_out_where_it_is_not_wanted(office: Office) -> None:
    choose(office, ImportPolicy(keeps_internal=False), kind=PolicyKind.BOUNDS, who="root@acme.example")
    office.mail(BOB, ALICE, "Lunch")
    office.mail(DORA, ALICE, "Business", cc=[BOB])
    office.sync()
    assert stored(office) == stored(office, BOB) == ["Business"]
    assert skipped(office) == [("internal", "")]


@pytest.mark.parametrize("kind", ExclusionKind)
def test_no_word_of_an_excluded_person_is_ever_stored(office: Office, kind: ExclusionKind) -> None:
    value = DORA if kind is ExclusionKind.ADDRESS else "nordwind.example"
    exclude(office, value, kind)
    office.mail(DORA, ALICE, "Secret", cc=[ERIK])
    office.mail(ALICE, DORA, "Secret too")
    office.mail(ALICE, [DORA, ERIK], "To both")
    office.sync()
    assert stored(office) == ["To both"]
    assert skipped(office) == [("excluded", value)] * 2
    with office.db.read() as session:
        assert session.scalar(select(func.count()).select_from(MessageBody)) == 1


def test_a_personal_exclusion_acts_in_its_own_mailbox_alone(office: Office) -> None:
    office.mail(DORA, ALICE, "To both of us", cc=[BOB])
    office.sync()
    exclude(office, DORA, mailbox=ALICE)
    office.sync()
    assert (stored(office), stored(office, BOB)) == ([], ["To both of us"])
    assert unexplained(office) == unexplained(office, BOB) == 0


def test_mail_that_is_stored_goes_with_an_exclusion_and_comes_back_with_its_end(office: Office) -> None:
    office.mail("kim@fjord.example", ALICE, "Hello")
    office.sync()
    actor = office.actors[ALICE]
    with office.db.write() as session:
        ignored = ignore(session, office.clock, actor, ExclusionKind.DOMAIN, "kim@fjord.example")
    office.sync()
    assert (stored(office), skipped(office), unexplained(office)) == ([], [("excluded", "fjord.example")], 0)
    with office.db.read() as session:
        assert session.scalars(select(MessageBody.text)).all() == []
    with office.db.write() as session:
        stop_ignoring(session, office.clock, actor, ignored.id)
    office.sync()
    assert (stored(office), skipped(office), unexplained(office)) == (["Hello"], [], 0)


def test_bounds_narrow_what_mailboxes_choose_and_a_default_serves_those_that_do_not(office: Office) -> None:
    root = "root@acme.example"
    office.mail(DORA, ALICE, "Old", mailboxes=[BOB])
    office.clock.advance(timedelta(days=100))
    since = office.clock.now()
    office.mail(DORA, ALICE, "New", mailboxes=[BOB])
    choose(office, ImportPolicy(since=since - timedelta(days=200)))
    choose(office, ImportPolicy(since=since), kind=PolicyKind.BOUNDS, who=root)
    office.sync()
    assert stored(office) == stored(office, BOB) == ["New"]
    choose(office, None, kind=PolicyKind.BOUNDS, who=root)
    choose(office, ImportPolicy(since=since), kind=PolicyKind.DEFAULT, who=root)
    office.sync()
    assert (stored(office), stored(office, BOB)) == (["New", "Old"], ["New"])
