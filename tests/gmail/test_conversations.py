"""Which mails Gmail puts into one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.errors import NotFound, Rejected
from backend.kit.clock import VirtualClock

ANA = "ana@acme.example"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(clock=VirtualClock())
    emulator.add_mailbox(ANA)
    yield emulator
    emulator.close()


def thread_of(emulator: Emulator, subject: str, *, own: str = "", refers: str = "", header: str = "References") -> int:
    lines = [f"From: zoe@client.example\r\nTo: {ANA}\r\nSubject: {subject}\r\n"]
    lines += [f"Message-ID: {own}\r\n"] if own else []
    lines += [f"{header}: {refers}\r\n"] if refers else []
    (stored,) = emulator.deliver("".join([*lines, "\r\nhi\r\n"]).encode())
    return stored.thread


@pytest.mark.parametrize("header", ["References", "In-Reply-To"])
@pytest.mark.parametrize(
    "reply", ["Re: Offer", "RE: RE: offer", "Fwd: Offer", "AW: Offer", "RV: Offer", "Re[2]: Offer"]
)
def test_a_reply_with_the_same_subject_joins(emulator: Emulator, header: str, reply: str) -> None:
    first = thread_of(emulator, "Offer", own="<a@client.example>")
    assert thread_of(emulator, reply, refers="<a@client.example>", header=header) == first


def test_a_reply_under_another_subject_begins_a_thread(emulator: Emulator) -> None:
    first = thread_of(emulator, "Offer", own="<a@client.example>")
    assert thread_of(emulator, "Re: Invoice", refers="<a@client.example>") != first


def test_the_same_subject_alone_does_not_join(emulator: Emulator) -> None:
    assert thread_of(emulator, "Offer") != thread_of(emulator, "Offer")


def test_a_parent_that_arrives_after_its_reply_joins_it(emulator: Emulator) -> None:
    reply = thread_of(emulator, "Re: Offer", own="<b@client.example>", refers="<a@client.example>")
    assert thread_of(emulator, "Offer", own="<a@client.example>") == reply


def test_two_replies_to_a_mail_that_never_came_belong_together(emulator: Emulator) -> None:
    first = thread_of(emulator, "Re: Offer", own="<b@client.example>", refers="<a@client.example>")
    assert thread_of(emulator, "Re: Offer", own="<c@client.example>", refers="<a@client.example>") == first


def test_an_encoded_subject_is_the_same_subject(emulator: Emulator) -> None:
    first = thread_of(emulator, "Reunión", own="<a@client.example>")
    assert thread_of(emulator, "Re: =?utf-8?q?Reuni=C3=B3n?=", refers="<a@client.example>") == first


def test_a_deleted_thread_is_not_joined_any_more(emulator: Emulator) -> None:
    first = thread_of(emulator, "Offer", own="<a@client.example>")
    mailbox = emulator.mailbox(ANA)
    with emulator.changing():
        for message in mailbox.thread(first):
            mailbox.remove(message)
    assert thread_of(emulator, "Re: Offer", refers="<a@client.example>") != first
    assert EmulatorGmail(emulator, ANA).profile().threads_total == 1


def test_a_thread_asked_for_is_taken_only_with_its_subject(emulator: Emulator) -> None:
    first = f"{thread_of(emulator, 'Offer'):016x}"
    gmail = EmulatorGmail(emulator, ANA)
    same = gmail.create_draft(b"Subject: Re: Offer\r\n\r\nhi", thread_id=first)
    other = gmail.create_draft(b"Subject: Invoice\r\n\r\nhi", thread_id=first)
    assert same.message.thread_id == first
    assert other.message.thread_id != first


def test_a_thread_that_is_not_there_is_refused(emulator: Emulator) -> None:
    gmail = EmulatorGmail(emulator, ANA)
    with pytest.raises(NotFound):
        gmail.create_draft(b"Subject: x\r\n\r\n", thread_id="00000000000000aa")
    with pytest.raises(Rejected):
        gmail.create_draft(b"Subject: x\r\n\r\n", thread_id="nonsense")


def test_each_mailbox_has_its_own_ids_for_a_mail(emulator: Emulator) -> None:
    emulator.add_mailbox("ben@acme.example")
    raw = b"From: zoe@client.example\r\nTo: ana@acme.example, ben@acme.example\r\nSubject: Both\r\n\r\nhi"
    ana, ben = emulator.deliver(raw)
    assert ana.id != ben.id
    assert ana.thread != ben.thread
