"""Cases 21 to 28: content. Their numbers stand in docs/sync-cases.md."""

from __future__ import annotations

from itertools import permutations

import pytest

from backend.accounts.mailboxes import set_aliases
from backend.accounts.store import get_mailbox
from tests.cast import ALICE, BOB, DORA, ERIK
from tests.sync.cases.desk import Desk
from tests.sync.post import Post


def raw(desk: Desk, *lines: str, body: str = "Hello") -> None:
    """Let a mail arrive at alice's as it stands, byte by byte."""
    desk.wait(minutes=1)
    text = "\r\n".join([*lines, "", body, ""])
    desk.office.drop(text.encode("utf-8", "surrogateescape"), "somebody@else.example", [ALICE])


def test_autosaved_drafts_come_and_go_and_only_what_is_sent_is_mail(desk: Desk) -> None:
    """Case 21."""
    post = Post(desk.office.emulator, desk.office.clock, (ALICE,))
    for _ in range(4):
        post.save_draft(ALICE)
        desk.drain()
    assert desk.subjects() == []
    post.discard_draft(ALICE)
    desk.office.mail(ALICE, DORA, "Sent at last")
    desk.office.mail(DORA, ALICE, "A chat", labels=["CHAT"])
    desk.workers.settle()
    assert desk.subjects() == ["Sent at last"]
    assert set(desk.items().values()) == {"chat"}


def test_a_reps_aliases_and_plus_addresses_are_the_rep_and_nobody_outside(desk: Desk) -> None:
    """Case 22."""
    alias = "Al.Ice+crm@gmail.com"
    with desk.office.db.write() as session:
        mailbox = get_mailbox(session, desk.office.workspace_id, desk.office.mailboxes[ALICE])
        set_aliases(session, mailbox, ["alice@gmail.com"])
    desk.office.emulator.add_mailbox(ALICE, aliases=["alice@gmail.com"])
    raw(desk, f"From: {alias}", f"To: {DORA}", f"Cc: {ALICE.replace('@', '+x@')}", "Subject: From my alias")
    desk.workers.settle()
    assert [m.is_ours for m in desk.messages()] == [True]
    assert desk.contacts() == [DORA]


def test_gmails_dots_and_case_make_one_person(desk: Desk) -> None:
    """Case 22."""
    for address in ("Nils.Holm@gmail.com", "nilsholm+news@gmail.com", "n.i.l.s.holm@googlemail.com"):
        desk.office.mail(ALICE, address)
    desk.workers.settle()
    assert desk.contacts() == ["nilsholm@gmail.com"]


@pytest.mark.parametrize(
    "message_id",
    ["", "Message-ID: <>", f"Message-ID: <{'x' * 1200}@a.example>", "Message-ID: no brackets", "Message-ID: < a b >"],
)
def test_two_mails_without_a_sound_message_id_stay_two(desk: Desk, message_id: str) -> None:
    """Case 23."""
    for subject in ("First", "Second"):
        odd = [message_id] if message_id else []
        raw(desk, f"From: {DORA}", f"To: {ALICE}", f"Subject: {subject}", *odd, body=subject)
    desk.workers.settle()
    assert desk.subjects() == ["First", "Second"]


def test_one_message_id_on_two_different_mails_keeps_both_and_joins_nothing(desk: Desk) -> None:
    """Case 23."""
    for sender, subject in ((DORA, "Offer"), (ERIK, "Invoice")):
        raw(desk, f"From: {sender}", f"To: {ALICE}", f"Subject: {subject}", "Message-ID: <same@a.example>")
    desk.workers.settle()
    assert desk.subjects() == ["Invoice", "Offer"]
    assert desk.conversations() == 2


def test_odd_address_headers_make_neither_false_people_nor_a_stop(desk: Desk) -> None:
    """Case 24: a comma inside a quoted name, one inside an encoded one, groups, IDN, broken ones."""
    desk.office.mail(ALICE, '"Doe, Jane" <jane@x.example>')
    raw(desk, f"From: {ALICE}", "To: =?utf-8?q?Roe=2C_Max?= <max@y.example>, undisclosed-recipients:;", "Subject: a")
    raw(desk, f"From: {ALICE}", "To: eva@bücher.example, <<broken>>, @, a@b@c", "Subject: b")
    desk.workers.settle()
    assert len(desk.subjects()) == 3
    assert {"jane@x.example", "max@y.example"} <= set(desk.contacts())
    assert not any("doe" in key or "roe" in key for key in desk.contacts())


def test_unknown_charsets_nuls_and_lone_surrogates_are_stored_in_some_form(desk_on_both: Desk) -> None:
    """Case 24: PostgreSQL takes no NUL."""
    desk = desk_on_both
    raw(desk, f"From: {DORA}", f"To: {ALICE}", "Subject: =?x-no-such?q?=ff=fe?=", body="\x00 a \udcff b")
    raw(desk, f"From: {DORA}", f"To: {ALICE}", "Subject: nul\x00 here", "Content-Type: text/plain; charset=nowhere")
    desk.workers.settle()
    assert len(desk.subjects()) == 2
    assert desk.agrees_with_gmail()


@pytest.mark.parametrize("date", ["", "Date: Thu, 1 Jan 1970 00:00:00 +0000", "Date: Tue, 1 Dec 2099 12:00:00 +0000"])
def test_gmails_own_date_decides_when_the_header_is_missing_or_absurd(desk: Desk, date: str) -> None:
    """Case 25."""
    raw(desk, f"From: {DORA}", f"To: {ALICE}", "Subject: When", *([date] if date else []))
    desk.workers.settle()
    assert [m.sent_at.year for m in desk.messages()] == [2026]


@pytest.mark.parametrize("order", list(permutations([ALICE, BOB])))
def test_the_order_in_which_colleagues_are_synced_splits_no_conversation(desk: Desk, order: tuple[str, ...]) -> None:
    """Case 26: each holds a part of it; the answer that bob has names only the mail that he has not."""
    first = desk.office.mail(DORA, ALICE, "Offer")
    second = desk.office.mail(ALICE, DORA, "Re: Offer", reply_to_id=first)
    desk.office.mail(DORA, BOB, "Re: Offer", reply_to_id=second)
    for address in order:
        desk.office.sync(address)
    assert desk.conversations() == 1


def test_no_reply_senders_and_free_mail_make_no_company_and_mail_subdomains_none_of_their_own(desk: Desk) -> None:
    """Case 27: people of free mail are still contacts."""
    for address in (
        "no-reply@bounces.shop.example",
        "nils@gmail.com",
        "eva@mail.ostwind.example",
        "udo@ostwind.example",
    ):
        desk.office.mail(ALICE, address)
    desk.workers.settle()
    assert desk.companies() == ["Ostwind"]
    assert {"nils@gmail.com", "eva@mail.ostwind.example", "udo@ostwind.example"} == set(desk.contacts())


@pytest.mark.parametrize(
    "header",
    [
        ("List-Id", "<news.shop.example>"),
        ("List-Unsubscribe", "<https://shop.example/u>"),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
    ],
)
def test_newsletters_and_notifications_never_make_a_contact(desk: Desk, header: tuple[str, str]) -> None:
    """Case 28: whatever the address is called, and though we once answered."""
    first = desk.office.mail("anna.smith@shop.example", ALICE, "News for you", headers=[header])
    desk.workers.settle()
    assert desk.contacts() == []
    assert desk.subjects() == ["News for you"]
    desk.office.mail("anna.smith@shop.example", ALICE, "Re: News for you", headers=[header], reply_to_id=first)
    desk.workers.settle()
    assert desk.contacts() == []


def test_strangers_earlier_mail_follows_the_company_that_a_colleague_of_theirs_is_made_for(desk: Desk) -> None:
    """Case 26, for links: found by the convergence machine."""
    desk.office.mail("otto@nordwind.example", ALICE, "Earlier")
    desk.workers.settle()
    assert desk.companies() == []
    desk.office.mail(ALICE, DORA, "Offer")
    desk.workers.settle()
    assert desk.linked("Earlier") == ["Nordwind"]
