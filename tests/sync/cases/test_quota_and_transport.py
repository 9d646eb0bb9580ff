"""Cases 13 to 18: quota and transport. Their numbers stand in docs/sync-cases.md."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest

from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.errors import Rejected
from backend.gmail.gateway import Gmail
from backend.gmail.google import GoogleMail
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from tests.cast import ALICE, DORA
from tests.sync.cases.desk import Desk
from tests.sync.workers import Interruption

PASSING_FAULTS = (
    "server-error-500",
    "server-error-502",
    "server-error-503",
    "server-error-504",
    "html-page",
    "cut",
    "truncated-json",
    "lost-answer",
    "accepted-503",
    "slow",
)


class Bearer:
    """The emulator takes an address as access token."""

    def token(self) -> str:
        return ALICE

    def renew(self) -> None:
        """It never goes stale."""


@pytest.fixture
def over_http(desk: Desk) -> Iterator[Gmail]:
    """Alice's mailbox through the real client."""
    with EmulatorServer(desk.office.emulator, any_bearer=True) as server:
        google = GoogleMail(server.url, desk.office.clock)
        yield google.open(Bearer())
        google.close()


def settle_over_http(desk: Desk, gmail: Gmail) -> list[End]:
    ends = []
    for _ in range(20):
        office = desk.office
        ends.append(drain_mailbox(office.db, office.clock, lambda _: gmail, office.mailboxes[ALICE]))
        desk.wait(minutes=10)
        if ends[-1] is End.DONE and not desk.items():
            return ends
    raise AssertionError(f"no end: {ends}")


def test_parts_of_a_batch_that_meet_a_429_are_asked_for_again_and_the_others_are_kept(desk: Desk) -> None:
    """Case 13."""
    for n in range(20):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.fail("rate-limit-in-batch", skip=5, times=3)
    assert desk.drain() is End.LATER
    assert len(desk.items()) >= 3
    assert len(desk.subjects()) >= 5
    desk.workers.settle()
    assert len(desk.subjects()) == 20
    assert desk.agrees_with_gmail()


def test_parts_answered_in_any_order_and_some_with_a_429_reach_the_right_ids_over_http(
    desk: Desk, over_http: Gmail
) -> None:
    """Case 13: the emulator shuffles the parts of its answers."""
    for n in range(15):
        desk.office.mail(DORA, ALICE, f"Mail {n:02}")
    desk.fail("rate-limit-in-batch", skip=4, times=2)
    settle_over_http(desk, over_http)
    assert desk.subjects() == [f"Mail {n:02}" for n in range(15)]
    assert desk.agrees_with_gmail(ALICE)


def test_gmail_refuses_a_batch_of_more_than_a_hundred_and_sync_never_asks_for_one(desk: Desk) -> None:
    """Case 13."""
    with pytest.raises(Rejected):
        desk.gmail().get_messages([f"{n:x}" for n in range(101)])
    for n in range(130):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.workers.settle()
    assert len(desk.subjects()) == 130


@pytest.mark.parametrize(("fault", "pause_s"), [("rate-limit-429", 2), ("rate-limit-429-text", 30)])
def test_gmails_own_word_on_when_to_come_back_is_kept(desk: Desk, fault: str, pause_s: int) -> None:
    """Case 14: in the header, and in the text of the error."""
    desk.drain()
    desk.fail(fault, times=1)
    assert desk.drain() is End.LATER
    wanted = desk.office.clock.now() + timedelta(seconds=pause_s)
    assert abs(desk.state().next_sync_at - wanted) <= timedelta(seconds=1)


def test_a_401_in_the_middle_of_a_batch_is_met_with_a_fresh_token(desk: Desk) -> None:
    """Case 15."""
    for n in range(6):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.fail("unauthorized-in-batch", skip=2, times=1)
    assert desk.drain() is End.DONE
    assert len(desk.subjects()) == 6
    assert desk.status() == "active"


def test_a_grant_that_ends_in_the_middle_of_a_sync_asks_the_rep_and_leaves_google_alone(desk: Desk) -> None:
    """Case 15."""
    for n in range(6):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    end = desk.workers.drain(ALICE, Interruption("call", 4, lambda: desk.office.emulator.revoke(ALICE)))
    assert end is End.STOPPED
    assert desk.status() == "reconnect_needed"
    calls = desk.office.emulator.quota.calls.total()
    for _ in range(100):
        desk.wait(minutes=15)
        assert desk.drain() is End.BUSY
    assert desk.office.emulator.quota.calls.total() == calls
    desk.workers.settle()
    assert desk.agrees_with_gmail()


@pytest.mark.parametrize("fault", PASSING_FAULTS)
def test_whatever_breaks_on_the_way_is_tried_again_until_nothing_lacks(desk: Desk, fault: str) -> None:
    """Case 16."""
    desk.office.emulator.faults.sleep = lambda seconds: desk.wait(seconds=seconds)
    for n in range(4):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.fail(fault, times=4)
    desk.workers.settle()
    assert desk.agrees_with_gmail()
    desk.office.mail(DORA, ALICE, "Mail 4")
    desk.fail(fault, times=2)
    desk.workers.settle()
    assert desk.subjects() == [f"Mail {n}" for n in range(5)]
    assert desk.state().last_error == ""


@pytest.mark.parametrize("fault", ["html-page", "cut", "truncated-json", "server-error-503"])
def test_broken_answers_over_http_are_tried_again_until_nothing_lacks(desk: Desk, over_http: Gmail, fault: str) -> None:
    """Case 16, on a real wire."""
    for n in range(4):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.fail(fault, times=3)
    assert End.LATER in settle_over_http(desk, over_http)
    assert desk.subjects() == [f"Mail {n}" for n in range(4)]


def test_pauses_grow_with_each_failure_in_a_row_and_end_with_the_first_success(desk: Desk) -> None:
    """Case 16."""
    desk.fail("server-error-503", times=4)
    pauses = []
    for _ in range(4):
        assert desk.drain() is End.LATER
        pauses.append(desk.state().next_sync_at - desk.office.clock.now())
        desk.wait(hours=1)
    assert pauses == sorted(set(pauses))
    desk.drain()
    assert desk.state().failures == 0


def test_a_mail_of_25_megabytes_is_stored_without_its_attachments_bytes(desk: Desk) -> None:
    """Case 18."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = DORA, ALICE, "Plans"
    mail.set_content("Here are the plans.")
    mail.add_attachment(bytes(18_000_000), maintype="application", subtype="pdf", filename="plans.pdf")
    desk.office.drop(mail.as_bytes(), DORA, [ALICE])
    desk.office.mail(DORA, ALICE, "After it")
    assert desk.drain() is End.DONE
    plans = next(m for m in desk.messages() if m.subject == "Plans")
    assert (plans.attachment_count, plans.size_bytes > 24_000_000) == (1, True)
    assert desk.attachments() == [("plans.pdf", 18_000_000)]
    assert desk.office.emulator.quota.calls["messages.attachments.get"] == 0
    assert desk.subjects() == ["After it", "Plans"]
