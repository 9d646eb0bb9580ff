from __future__ import annotations

from sqlalchemy import func, select

from backend.linking.tables import Link
from backend.mail.tables import Conversation, Copy, Message
from backend.records.tables import Company, Contact
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from backend.sync.store import count_items, cursor_of, take_lease
from tests.cast import ALICE, BOB, DORA, ERIK, Office


def counted(office: Office, model: type) -> int:
    with office.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_first_sync_stores_links_and_makes_the_people_it_corresponds_with(office: Office) -> None:
    first = office.mail(DORA, ALICE, "Question about seats")
    office.mail(ALICE, DORA, "Re: Question about seats", reply_to_id=first)
    office.mail("news@shop.example", ALICE, "Sale!", headers=[("List-Unsubscribe", "<https://shop.example/u>")])
    office.sync()
    assert counted(office, Message) == 3
    assert counted(office, Conversation) == 2
    assert counted(office, Contact) == 1
    assert counted(office, Company) == 1
    assert counted(office, Link) == 4  # dora and her company, on both mails


def test_syncing_again_changes_nothing(office: Office) -> None:
    office.mail(ALICE, DORA)
    office.sync()
    before = [counted(office, m) for m in (Message, Copy, Link, Contact, Company)]
    office.sync()
    assert [counted(office, m) for m in (Message, Copy, Link, Contact, Company)] == before


def test_new_mail_after_the_first_sync_comes_by_history(office: Office) -> None:
    office.mail(ALICE, DORA)
    office.sync()
    office.mail(DORA, ALICE, "Something else")
    office.sync()
    assert counted(office, Message) == 2
    assert counted(office, Link) == 4


def test_mail_deleted_in_gmail_is_deleted_here_with_its_last_copy(two_reps: Office) -> None:
    two_reps.mail(DORA, [ALICE, BOB], "To both")
    two_reps.sync()
    assert counted(two_reps, Message) == 1
    assert counted(two_reps, Copy) == 2
    _delete_everything(two_reps, ALICE)
    two_reps.sync()
    assert (counted(two_reps, Message), counted(two_reps, Copy)) == (1, 1)
    _delete_everything(two_reps, BOB)
    two_reps.sync()
    assert (counted(two_reps, Message), counted(two_reps, Copy)) == (0, 0)


def _delete_everything(office: Office, address: str) -> None:
    mailbox = office.emulator.mailbox(address)
    with office.emulator.store.transaction():
        for ref in office.gmail(address).list_messages().refs:
            mailbox.remove(mailbox.get(int(ref.id, 16)))


def test_mail_in_the_bin_is_hidden_and_comes_back_with_its_label(office: Office) -> None:
    office.mail(ALICE, DORA)
    office.sync()
    gmail = office.gmail(ALICE)
    message_id = gmail.list_messages().refs[0].id
    gmail.modify(message_id, add=["TRASH"])
    office.sync()
    with office.db.read() as session:
        assert session.scalar(select(Message.live_copies)) == 0
    gmail.modify(message_id, remove=["TRASH"])
    office.sync()
    with office.db.read() as session:
        assert session.scalar(select(Message.live_copies)) == 1


def test_spam_drafts_and_chats_are_skipped_with_their_reason(office: Office) -> None:
    for label in ("SPAM", "DRAFT", "CHAT", "TRASH"):
        office.mail(DORA, ALICE, label, labels=[label])
    office.sync()
    for label in ("SPAM", "DRAFT", "CHAT", "TRASH"):
        office.mail(DORA, ALICE, f"later {label}", labels=[label])
    office.sync()
    with office.db.read() as session:
        assert count_items(session, office.mailboxes[ALICE]) == (0, {"spam": 1, "trash": 1, "draft": 2, "chat": 2})
    assert counted(office, Message) == 0


def test_what_was_spam_and_is_no_longer_is_fetched(office: Office) -> None:
    office.sync()
    office.mail(DORA, ALICE, labels=["SPAM"])
    office.sync()
    gmail = office.gmail(ALICE)
    spam = gmail.list_messages(include_spam_trash=True).refs[0].id
    gmail.modify(spam, add=["INBOX"], remove=["SPAM"])
    office.sync()
    assert counted(office, Message) == 1


def test_after_expired_history_a_full_listing_finds_additions_deletions_and_labels(office: Office) -> None:
    for n in range(5):
        office.mail(ALICE, DORA, f"Mail {n}")
    office.sync()
    gmail = office.gmail(ALICE)
    ids = [r.id for r in gmail.list_messages().refs]
    mailbox = office.emulator.mailbox(ALICE)
    with office.emulator.store.transaction():
        mailbox.remove(mailbox.get(int(ids[0], 16)))
    gmail.modify(ids[1], add=["TRASH"])
    gmail.modify(ids[2], add=["STARRED"])
    office.mail(DORA, ALICE, "New")
    office.emulator.expire_history(ALICE)
    office.sync()
    with office.db.read() as session:
        copies = {c.gmail_id: c for c in session.scalars(select(Copy))}
    assert ids[0] not in copies
    assert not copies[ids[1]].is_live
    assert "STARRED" in copies[ids[2]].labels
    assert len(copies) == 5


def test_two_colleagues_on_one_mail_share_one_message_and_one_conversation(two_reps: Office) -> None:
    first = two_reps.mail(DORA, [ALICE, BOB], "Offer")
    two_reps.mail(ALICE, DORA, "Re: Offer", cc=[BOB], reply_to_id=first)
    two_reps.sync(BOB)
    two_reps.sync(ALICE)
    assert counted(two_reps, Message) == 2
    assert counted(two_reps, Copy) == 4
    assert counted(two_reps, Conversation) == 1


def test_a_reply_that_arrives_before_what_it_answers_joins_the_conversation(two_reps: Office) -> None:
    first = two_reps.mail(ALICE, DORA, "Offer")
    second = two_reps.mail(DORA, ALICE, "Re: Offer", reply_to_id=first)
    two_reps.mail(BOB, DORA, "Re: Offer", reply_to_id=second)
    two_reps.sync(BOB)
    two_reps.sync(ALICE)
    assert counted(two_reps, Conversation) == 1


def test_a_mailbox_under_lease_is_left_alone(office: Office) -> None:
    with office.db.write() as session:
        assert take_lease(session, office.mailboxes[ALICE], office.clock.now()) is not None
    end = drain_mailbox(office.db, office.clock, office.connect, office.mailboxes[ALICE])
    assert end is End.BUSY


def test_the_cursor_is_pinned_before_the_list_so_that_mail_arriving_meanwhile_is_not_lost(office: Office) -> None:
    office.mail(ALICE, DORA, "Before")

    class ArrivingMeanwhile:
        def __init__(self) -> None:
            self.gmail = office.gmail(ALICE)

        def __getattr__(self, name: str) -> object:
            if name == "list_messages" and office.emulator.mailbox(ALICE).history_id() and not self.done:
                self.done = True
                found = self.gmail.list_messages()
                office.mail(ERIK, ALICE, "Meanwhile")
                return lambda **_: found
            return getattr(self.gmail, name)

        done = False

    drain_mailbox(office.db, office.clock, lambda _id: ArrivingMeanwhile(), office.mailboxes[ALICE])  # type: ignore[arg-type,return-value]  # a wrapper
    office.sync()
    assert counted(office, Message) == 2


def test_a_revoked_grant_asks_the_rep_to_reconnect_and_stops(office: Office) -> None:
    office.emulator.revoke(ALICE)
    mailbox_id = office.mailboxes[ALICE]
    assert drain_mailbox(office.db, office.clock, office.connect, mailbox_id) is End.STOPPED
    assert drain_mailbox(office.db, office.clock, office.connect, mailbox_id) is End.BUSY


def test_history_of_nothing_keeps_the_cursor_moving(office: Office) -> None:
    office.sync()
    with office.db.read() as session:
        before = cursor_of(session, office.mailboxes[ALICE]).history_id
    office.mail(DORA, ALICE, labels=["DRAFT"])
    office.sync()
    with office.db.read() as session:
        after = cursor_of(session, office.mailboxes[ALICE]).history_id
    assert before is not None
    assert after is not None
    assert int(after) > int(before)
