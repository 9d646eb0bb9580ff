"""Gmail's search language, told by what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.emulator.labels import label_named
from backend.gmail.emulator.verbs.messages import relabel
from backend.kit.clock import VirtualClock

ANA = "ana@acme.example"


def mail(
    subject: str, *, sender: str = "Zoe <zoe@client.example>", to: str = ANA, more: str = "", text: str = ""
) -> bytes:
    return f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n{more}\r\n{text}\r\n".encode()


PDF = 'Content-Type: application/pdf; name="offer 2026.pdf"\r\n'

# A mail for each day from 10 January 2026, 12:00 UTC, by the name under which the tests look for it.
MAILS = {
    "budget": mail("Budget for March", text="The café opens at nine"),
    "offer": mail(
        "Offer", more=f"Message-ID: <offer-1@client.example>\r\nCc: Ben <ben@acme.example>\r\n{PDF}", text="JVBERg=="
    ),
    "lunch": mail("Lunch?", sender="Iván Núñez <ivan@otra.example>", text="Tomorrow at the budget place"),
    "news": mail("Weekly news", sender="news@list.example", more="List-ID: <weekly.list.example>\r\n", text="x" * 5000),
    "sent": mail("Re: Budget for March", sender=ANA, to="zoe@client.example"),
    "junk": mail("You have won", sender="win@spam.example"),
    "gone": mail("Budget of last year"),
}


@pytest.fixture(scope="module")
def gmail() -> Iterator[EmulatorGmail]:
    clock = VirtualClock(datetime(2026, 1, 9, 12, tzinfo=UTC))
    emulator = Emulator(clock=clock)
    mailbox = emulator.add_mailbox(ANA)
    for name, raw in MAILS.items():
        clock.advance(timedelta(days=1))
        with emulator.changing():
            labels = {"sent": ["SENT"], "junk": ["SPAM"], "gone": ["TRASH"]}.get(name, ["INBOX", "UNREAD"])
            message = mailbox.add(raw, labels, date_ms=mailbox.store.now_ms())
            if name == "budget":
                relabel(mailbox, message, add=["STARRED", label_named(mailbox, "Big deals/2026")], remove=["UNREAD"])
    yield EmulatorGmail(emulator, ANA)
    emulator.close()


def found(gmail: EmulatorGmail, query: str) -> set[str]:
    names = {f"{name}": raw for name, raw in MAILS.items()}
    subjects = {raw.split(b"Subject: ")[1].split(b"\r\n")[0]: name for name, raw in names.items()}
    payloads = (gmail.get_message(ref.id).payload for ref in gmail.list_messages(query=query).refs)
    return {
        subjects[next(line["value"] for line in payload["headers"] if line["name"] == "Subject").encode()]
        for payload in payloads
        if payload is not None
    }


VISIBLE = {"budget", "offer", "lunch", "news", "sent"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", VISIBLE),
        ("budget", {"budget", "lunch", "sent"}),
        ("subject:budget", {"budget", "sent"}),
        ("subject:(budget march)", {"budget", "sent"}),
        ("subject:{lunch offer}", {"lunch", "offer"}),
        ('"budget place"', {"lunch"}),
        ('"place budget"', set()),
        ("cafe", {"budget"}),
        ("from:zoe", {"budget", "offer"}),
        ("from:zoe@client.example", {"budget", "offer"}),
        ("from:client.example", {"budget", "offer"}),
        ("from:nunez", {"lunch"}),
        ("from:me", {"sent"}),
        ("to:me", VISIBLE - {"sent"}),
        ("to:zoe", {"sent"}),
        ("cc:ben@acme.example", {"offer"}),
        ("from:(zoe OR ivan)", {"budget", "offer", "lunch"}),
        ("from:zoe OR from:ivan", {"budget", "offer", "lunch"}),
        ("{from:news from:ivan}", {"news", "lunch"}),
        ("{to:zoe to:nobody@nowhere.example} {in:sent in:draft}", {"sent"}),
        ("from:zoe OR from:ivan subject:lunch", {"lunch"}),
        ("from:zoe -subject:budget", {"offer"}),
        ("-from:zoe", {"lunch", "news", "sent"}),
        ("-(from:zoe OR from:me)", {"lunch", "news"}),
        ("has:attachment", {"offer"}),
        ("-has:attachment from:zoe", {"budget"}),
        ("filename:pdf", {"offer"}),
        ('filename:"offer 2026.pdf"', {"offer"}),
        ("list:weekly.list.example", {"news"}),
        ("rfc822msgid:<offer-1@client.example>", {"offer"}),
        ("rfc822msgid:offer-1@client.example", {"offer"}),
        ("in:inbox", {"budget", "offer", "lunch", "news"}),
        ("in:sent", {"sent"}),
        ("in:trash", {"gone"}),
        ("in:spam", {"junk"}),
        ("in:anywhere", set(MAILS)),
        ("in:anywhere -in:spam", set(MAILS) - {"junk"}),
        ("-in:trash", VISIBLE),
        ("-in:chats -in:drafts", VISIBLE),
        ("label:trash budget", {"gone"}),
        ("is:unread", {"offer", "lunch", "news"}),
        ("is:read", {"budget", "sent"}),
        ("is:starred", {"budget"}),
        ("label:big-deals-2026", {"budget"}),
        ("label:nothing", set()),
        ("has:userlabels", {"budget"}),
        ("has:nouserlabels", VISIBLE - {"budget"}),
        ("category:promotions", set()),
        ("larger:2K", {"news"}),
        ("smaller:2K", VISIBLE - {"news"}),
        ("size:1000000", set()),
        ("after:2026/01/12", {"lunch", "news", "sent"}),
        ("after:2026-01-12 before:2026/01/14", {"lunch", "news"}),
        ("after:1768219200", {"lunch", "news", "sent"}),
        ("before:1768219200", {"budget", "offer"}),
        ("newer_than:4d", {"lunch", "news", "sent"}),
        ("older_than:4d", {"budget", "offer"}),
        ("is:unread in:inbox from:zoe", {"offer"}),
        ("AND budget", set()),
        ("unknown:thing", set()),
        ("-", VISIBLE),
        (")) (", VISIBLE),
        ('"', VISIBLE),
    ],
)
def test_a_query_finds(gmail: EmulatorGmail, query: str, names: set[str]) -> None:
    assert found(gmail, query) == names


def test_a_date_begins_at_midnight_in_california() -> None:
    clock = VirtualClock(datetime(2026, 1, 12, 7, 59, tzinfo=UTC))  # 23:59 of the 11th there
    emulator = Emulator(clock=clock)
    emulator.add_mailbox(ANA)
    emulator.deliver(mail("Before midnight"))
    clock.advance(timedelta(minutes=2))
    (after,) = emulator.deliver(mail("After midnight"))
    refs = EmulatorGmail(emulator, ANA).list_messages(query="after:2026/01/12").refs
    assert [ref.id for ref in refs] == [f"{after.id:016x}"]
    emulator.close()


WORDS = st.sampled_from(
    ["budget", "from:zoe", "-in:inbox", "(", ")", "{", "}", "OR", '"', "-", "after:2026/01/12", "label:", "larger:2K"]
)
NOISE = st.sampled_from(["\x00", "*", "';", "is:unread", ":", "^", "NEAR("]) | st.text(max_size=6)


@given(st.lists(WORDS | NOISE, max_size=12).map(" ".join))
def test_no_query_is_an_error(gmail: EmulatorGmail, query: str) -> None:
    assert gmail.list_messages(query=query).estimate >= 0


def test_pages_of_a_query_make_up_the_whole_without_doubles(gmail: EmulatorGmail) -> None:
    ids: list[str] = []
    token: str | None = None
    while True:
        page = gmail.list_messages(query="in:anywhere -subject:lunch", max_results=2, page_token=token)
        ids += [ref.id for ref in page.refs]
        token = page.next_page_token
        if token is None:
            break
    assert len(ids) == len(set(ids)) == len(MAILS) - 1


def test_a_search_never_finds_a_mail_by_the_words_of_one_that_was_deleted() -> None:
    emulator = Emulator()
    emulator.add_mailbox(ANA)
    gmail = EmulatorGmail(emulator, ANA)
    old = gmail.create_draft(mail("Walrus"))
    assert len(gmail.list_messages(query="walrus").refs) == 1
    gmail.delete_draft(old.id)
    new = gmail.create_draft(mail("Penguin"))
    assert gmail.list_messages(query="walrus").refs == ()
    assert [ref.id for ref in gmail.list_messages(query="penguin").refs] == [new.message.id]
    emulator.close()
