from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.accounts.shapes import Actor
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import VirtualClock
from backend.kit.errors import NotFoundError, UserError
from backend.linking.mail_store import message_ids_concerning
from backend.linking.receipt_store import open_questions
from backend.linking.shapes import Scope
from backend.linking.tables import Link, Question, Receipt
from backend.linking.undo import (
    answer_question,
    lift_veto,
    link_by_hand,
    preview_relink,
    relink,
    undo_relink,
    unlink,
)
from backend.mail.tables import Conversation, Message
from backend.records.service import Team, contact_from_address, make_company, make_contact, make_deal
from backend.records.shapes import NewCompany, NewDeal, Origin
from backend.records.store.writing import first_pipeline
from backend.records.tables import Contact, Record
from tests.cast import ALICE, BOB, DORA, ERIK, Office, open_office


def links(office: Office) -> set[tuple[str, str]]:
    """(subject, record's name) of every present link."""
    with office.db.read() as session:
        query = (
            select(Message.subject, Record.name)
            .join(Link, Link.message_id == Message.id)
            .join(Record, Record.id == Link.record_id)
            .where(Link.undone_at.is_(None))
        )
        return {(row[0], row[1]) for row in session.execute(query)}


def message_id(office: Office, subject: str) -> int:
    with office.db.read() as session:
        return session.scalars(select(Message.id).where(Message.subject == subject)).one()


def record_id(office: Office, name: str) -> int:
    with office.db.read() as session:
        return session.scalars(select(Record.id).where(Record.name == name)).one()


def alice(office: Office) -> Actor:
    return office.actors[ALICE]


def new_deal(office: Office, name: str, *people: str) -> int:
    team = Team(office.workspace_id, office.clock)
    with office.db.write() as session:
        pipeline = first_pipeline(session, office.workspace_id)
        assert pipeline is not None
        ids = tuple(session.scalars(select(Record.id).where(Record.name.in_(people))))
        new = NewDeal(name, pipeline.id, contact_ids=ids, created_at=office.clock.now() - timedelta(days=60))
        return make_deal(session, team, new, "D").id


def test_every_mail_has_a_receipt_and_every_link_its_evidence(office: Office) -> None:
    office.mail(ALICE, DORA, "Offer")
    office.mail("news@shop.example", ALICE, "Sale", headers=[("List-Id", "<sale.shop.example>")])
    office.mail(BOB, ALICE, "Lunch")
    office.sync()
    with office.db.read() as session:
        receipts = {r.reason: r.outcome for r in session.scalars(select(Receipt))}
        evidence = [link.evidence for link in session.scalars(select(Link))]
    assert receipts == {"": "linked", "bulk": "unlinked", "internal": "left_out"}
    assert all(e["address"] == DORA for e in evidence)


def test_somebody_who_becomes_a_contact_gets_their_earlier_mail_too(office: Office) -> None:
    office.mail(DORA, ALICE, "First question")
    office.sync()
    assert links(office) == set()
    office.mail(ALICE, DORA, "About your company")
    office.sync()
    assert {s for s, name in links(office) if name == DORA} == {"First question", "About your company"}


def test_a_contact_that_somebody_deleted_is_not_made_again_by_the_next_mail(office: Office) -> None:
    office.mail(ALICE, DORA, "One")
    office.sync()
    with office.db.write() as session:
        session.get_one(Contact, record_id(office, DORA)).deleted_at = office.clock.now()
    office.mail(ALICE, DORA, "Two")
    office.sync()
    with office.db.read() as session:
        assert len(session.scalars(select(Contact)).all()) == 1
    assert {s for s, name in links(office) if name == DORA} == {"One"}


def test_a_list_that_we_write_to_does_not_become_a_contact(office: Office) -> None:
    office.mail(ERIK, "devs@lists.example", "Patch", headers=[("List-Id", "<devs.lists.example>")], mailboxes=[ALICE])
    office.mail(ALICE, "devs@lists.example", "Re: Patch")
    office.sync()
    with office.db.read() as session:
        assert session.scalars(select(Contact.name)).all() == []


def test_the_same_mail_gives_the_same_links_whatever_order_it_arrives_in(
    make_sqlite: Callable[[], Database], clock: VirtualClock
) -> None:
    for seed in range(8):
        outcomes = []
        for order in ("listed at once", "one by one", "bob first"):
            emulator = Emulator(clock=VirtualClock(clock.now()))
            office = open_office(make_sqlite(), VirtualClock(clock.now()), emulator, ALICE, BOB)
            _converse(office, random.Random(seed), step_by_step=order == "one by one")
            office.sync(*((BOB, ALICE) if order == "bob first" else (ALICE, BOB)))
            outcomes.append(links(office))
            emulator.close()
        assert outcomes[0] == outcomes[1] == outcomes[2], f"seed {seed}"


def _converse(office: Office, chance: random.Random, *, step_by_step: bool) -> None:
    """A random exchange between the team and outsiders, in a few threads."""
    people = [ALICE, BOB, DORA, ERIK, "eva@nordwind.example", "max@gmail.com"]
    threads: list[list[str]] = []
    for n in range(25):
        sender, *others = chance.sample(people, 3)
        thread = chance.choice(threads) if threads and chance.random() < 0.6 else []
        subject = f"Mail {n}"
        sent = office.mail(sender, others, subject, reply_to_id=thread[-1] if thread else "")
        if not thread:
            threads.append(thread)
        thread.append(sent)
        if step_by_step:
            office.sync()


def test_a_link_taken_back_for_one_mail_stays_away_and_comes_back_with_the_undo(office: Office) -> None:
    office.mail(ALICE, DORA, "One")
    office.mail(ALICE, DORA, "Two")
    office.sync()
    dora = record_id(office, DORA)
    with office.db.write() as session:
        undone = unlink(session, office.clock, alice(office), message_id(office, "One"), dora, Scope.MAIL)
    assert undone.mails == 1
    assert ("One", DORA) not in links(office)
    assert ("Two", DORA) in links(office)
    office.sync()
    assert ("One", DORA) not in links(office)
    with office.db.write() as session:
        assert lift_veto(session, office.clock, alice(office), undone.veto_id) == 1
    assert ("One", DORA) in links(office)


@pytest.mark.parametrize("scope", [Scope.THREAD, Scope.ADDRESS, Scope.DOMAIN])
def test_an_undo_reaches_as_far_as_its_scope_and_binds_mail_that_comes_later(office: Office, scope: Scope) -> None:
    first = office.mail(DORA, ALICE, "Thread")
    office.mail(ALICE, DORA, "Re: Thread", reply_to_id=first)
    office.mail(ALICE, DORA, "Apart")
    office.sync()
    dora = record_id(office, DORA)
    with office.db.write() as session:
        unlink(session, office.clock, alice(office), message_id(office, "Thread"), dora, scope)
    office.mail(DORA, ALICE, "Re: Thread again", reply_to_id=first)
    office.mail(DORA, ALICE, "Later")
    office.sync()
    left = {subject for subject, name in links(office) if name == DORA}
    assert left == ({"Apart", "Later"} if scope is Scope.THREAD else set())


def test_a_mail_linked_by_hand_takes_its_conversation_along_and_survives_every_relinking(office: Office) -> None:
    first = office.mail(ERIK, ALICE, "Tender")
    office.mail(ERIK, ALICE, "Re: Tender", reply_to_id=first)
    office.mail(ALICE, DORA, "Hello")
    office.sync()
    dora = record_id(office, DORA)
    with office.db.write() as session:
        link_by_hand(session, office.clock, alice(office), message_id(office, "Tender"), dora)
    assert {("Tender", DORA), ("Re: Tender", DORA)} <= links(office)
    with office.db.write() as session:
        relink(session, office.clock, office.workspace_id, [message_id(office, "Re: Tender")], "test")
    assert {("Tender", DORA), ("Re: Tender", DORA)} <= links(office)


def test_a_new_contact_relinks_history_with_a_preview_and_an_undo(office: Office) -> None:
    office.mail(ERIK, ALICE, "Cold call")
    office.mail(ERIK, ALICE, "Cold call again")
    office.sync()
    before = links(office)
    with office.db.write() as session:
        new = contact_from_address(ERIK, "Erik Sund", Origin.MANUAL)
        make_contact(session, Team(office.workspace_id, office.clock), new)
        mails = message_ids_concerning(session, office.workspace_id, [ERIK])
        preview = preview_relink(session, office.clock, office.workspace_id, mails)
        assert links(office) == before
        batch = relink(session, office.clock, office.workspace_id, mails, "contact")
        batch_id = batch.id
    assert (preview.looked_at, len(preview.added), preview.removed) == (2, 2, ())
    assert links(office) == {("Cold call", "Erik Sund"), ("Cold call again", "Erik Sund")}
    with office.db.write() as session:
        undo_relink(session, office.clock, alice(office), batch_id)
    assert links(office) == before
    with pytest.raises(UserError, match="undone already"), office.db.write() as session:
        undo_relink(session, office.clock, alice(office), batch_id)


def test_a_new_company_takes_the_mail_of_strangers_at_its_domain(office: Office) -> None:
    office.mail("someone@suedwind.example", ALICE, "Enquiry")
    office.sync()
    with office.db.write() as session:
        make_company(session, Team(office.workspace_id, office.clock), NewCompany("Südwind", ("suedwind.example",)))
        mails = message_ids_concerning(session, office.workspace_id, domains=["suedwind.example"])
        relink(session, office.clock, office.workspace_id, mails, "company")
    assert links(office) == {("Enquiry", "Südwind")}


def test_two_open_deals_raise_one_question_and_the_answer_holds_for_the_conversation(office: Office) -> None:
    office.mail(ALICE, DORA, "Hello Dora")
    office.sync()
    new_deal(office, "Seats", DORA)
    warehouse = new_deal(office, "Warehouse", DORA)
    first = office.mail(DORA, ALICE, "Quick one")
    office.mail(ALICE, DORA, "Re: Quick one", reply_to_id=first)
    office.sync()
    with office.db.read() as session:
        question = open_questions(session, alice(office))[0]
        assert len(session.scalars(select(Question)).all()) == 1
    with office.db.write() as session:
        answer_question(session, office.clock, alice(office), question.conversation_id, warehouse)
    office.mail(DORA, ALICE, "Re: Quick one, again", reply_to_id=first)
    office.sync()
    assert {s for s, name in links(office) if name == "Warehouse"} == {
        "Quick one",
        "Re: Quick one",
        "Re: Quick one, again",
    }


def test_a_reference_in_a_later_subject_brings_the_whole_conversation_to_the_deal(office: Office) -> None:
    first = office.mail(ERIK, ALICE, "Tender documents")
    office.sync()
    new_deal(office, "Tender")
    with office.db.read() as session:
        reference = session.scalars(select(Record.id).where(Record.name == "Tender")).one()
        assert reference
    office.mail(ALICE, ERIK, "Re: Tender documents [D-1001]", reply_to_id=first)
    office.sync()
    assert {s for s, name in links(office) if name == "Tender"} == {"Tender documents", "Re: Tender documents [D-1001]"}


def test_nobody_touches_the_links_of_another_workspace(office: Office) -> None:
    office.mail(ALICE, DORA, "Ours")
    office.sync()
    stranger = Actor(99, office.workspace_id + 1, alice(office).role, "x@other.example")
    mail, dora = message_id(office, "Ours"), record_id(office, DORA)
    for attempt in (
        lambda s: unlink(s, office.clock, stranger, mail, dora, Scope.MAIL),
        lambda s: link_by_hand(s, office.clock, stranger, mail, dora),
        lambda s: answer_question(s, office.clock, stranger, 1, None),
        lambda s: lift_veto(s, office.clock, stranger, 1),
        lambda s: undo_relink(s, office.clock, stranger, 1),
    ):
        with pytest.raises(NotFoundError), office.db.write() as session:
            attempt(session)


def test_a_conversation_that_turns_out_to_be_one_is_joined(two_reps: Office) -> None:
    first = two_reps.mail(DORA, BOB, "Start")
    second = two_reps.mail(BOB, DORA, "Re: Start", reply_to_id=first)
    two_reps.mail(DORA, ALICE, "Re: Start", reply_to_id=second)
    two_reps.sync(ALICE)
    two_reps.sync(BOB)
    with two_reps.db.read() as session:
        conversations = set(session.scalars(select(Message.conversation_id)))
        assert len(conversations) == 1
        assert len(session.scalars(select(Conversation.id)).all()) >= 1
