"""Which address is dead, and which only could not be reached today."""

from __future__ import annotations

import pytest

from backend.mail.bounce_reasons import Reason, judge
from backend.mail.bounces import read_bounce
from backend.mail.shapes import BounceRecipient
from tests.mail.letters import delivery_report, letter, mixed


def fields(recipient: str, status: str, diagnostic: str = "", action: str = "failed") -> str:
    return (
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {diagnostic}\r\n"
    )


def test_a_report_has_a_row_for_each_recipient() -> None:
    report = delivery_report(
        fields("bob@x.example", "5.1.1", "550 5.1.1 User unknown")
        + "\r\n"
        + fields("erik@x.example", "4.4.1", "connection timed out", "delayed")
    )
    assert read_bounce(report) == (
        BounceRecipient("bob@x.example", "5.1.1", True, "user_unknown"),
        BounceRecipient("erik@x.example", "4.4.1", False, "temporary"),
    )


def test_recipients_are_told_apart_even_without_the_empty_line() -> None:
    report = delivery_report(fields("bob@x.example", "5.2.2", "full") + fields("erik@x.example", "5.1.1", "unknown"))
    assert [(row.recipient, row.hard) for row in read_bounce(report)] == [
        ("bob@x.example", False),
        ("erik@x.example", True),
    ]


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        ("5.1.1", "550 5.1.1 no such user", Reason.USER_UNKNOWN),
        ("5.0.0", "550 5.1.1 no such user", Reason.USER_UNKNOWN),
        ("5.0.0", "550 no such user here", Reason.USER_UNKNOWN),
        ("5.2.1", "550 5.2.1 <bob@x.example>... User unknown", Reason.USER_UNKNOWN),
        ("5.1.2", "bad host", Reason.HOST_UNKNOWN),
        ("5.4.4", "Name service error: Host not found", Reason.HOST_UNKNOWN),
        ("5.1.6", "the user has moved to y.example", Reason.MOVED),
        ("5.7.1", "554 5.7.1 <bob@x.example>: Recipient address rejected: Access denied", Reason.USER_UNKNOWN),
        ("", "Sorry, no mailbox here by that name", Reason.USER_UNKNOWN),
    ],
)
def test_an_address_that_is_dead_is_hard(status: str, words: str, reason: Reason) -> None:
    report = delivery_report(fields("bob@x.example", status, words))
    assert [(row.hard, row.reason) for row in read_bounce(report)] == [(True, reason.value)]


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        ("4.1.1", "450 4.1.1 user unknown in virtual table", Reason.TEMPORARY),
        ("4.2.2", "mailbox full", Reason.TEMPORARY),
        ("4.4.7", "550 5.1.1 no such user", Reason.TEMPORARY),
        ("5.1.1", "550 5.7.1 access denied", Reason.POLICY),
        ("5.2.2", "552 5.2.2 mailbox full", Reason.MAILBOX_FULL),
        ("5.1.1", "550 5.1.1 mailbox full", Reason.MAILBOX_FULL),
        ("5.2.1", "account disabled", Reason.DISABLED),
        ("5.4.5", "550 5.4.5 Daily user sending limit exceeded", Reason.SENDER_LIMIT),
        ("5.0.0", "You have reached a limit for sending mail.", Reason.SENDER_LIMIT),
        ("5.7.1", "550 5.7.1 message blocked as spam", Reason.POLICY),
        ("5.1.1", "550 5.7.1 IP address blacklisted by recipient", Reason.POLICY),
        ("5.1.8", "553 5.1.8 sender domain does not exist", Reason.POLICY),
        ("5.0.0", "550 unknown user (in reply to end of DATA command)", Reason.POLICY),
        ("5.3.4", "message too big", Reason.TOO_BIG),
        ("5.0.0", "something happened", Reason.UNKNOWN),
    ],
)
def test_what_is_not_the_address_s_fault_is_soft(status: str, words: str, reason: Reason) -> None:
    report = delivery_report(fields("bob@x.example", status, words))
    assert [(row.hard, row.reason) for row in read_bounce(report)] == [(False, reason.value)]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_what_was_delivered_is_no_failure(action: str) -> None:
    assert read_bounce(delivery_report(fields("bob@x.example", "5.1.1", "", action)))[0].reason == "delivered"


def test_commands_sent_at_once_do_not_make_a_dead_address_alive() -> None:
    words = ">>> DATA <<< 550 5.0.0 user unknown <<< 503 5.0.0 need RCPT"
    assert judge("5.0.0", words)[1] is Reason.USER_UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<bob@x.example>:\nno such user (#5.1.1)\n\n--- Below is a copy.\n\nTo: erik@x.example",
         [("bob@x.example", True)]),
        ("These addresses failed:\n\n  bob@x.example\n    mailbox is full\n  erik@x.example\n    user unknown\n",
         [("bob@x.example", False), ("erik@x.example", True)]),
        ("It was not delivered to:\n\n  bob@x.example\n\nbecause:\n\n  User Bob not listed in Domino Directory\n",
         [("bob@x.example", True)]),
        ("Delivery failed.\n554 <bob@x.example>... 550 Host unknown\n421 <erik@x.example>... Deferred: timed out\n",
         [("bob@x.example", True), ("erik@x.example", False)]),
        ("Something went wrong.", [("", False)]),
    ],
)  # fmt: skip
def test_reports_in_plain_words_are_read_too(text: str, expected: list[tuple[str, bool]]) -> None:
    report = letter(text, From="MAILER-DAEMON@mx.acme.example", Subject="failure notice")
    assert [(row.recipient, row.hard) for row in read_bounce(report)] == expected


def test_who_got_the_report_is_not_who_failed() -> None:
    report = letter("Dear alice@acme.example,\nbob@x.example is an unknown user.", From="mailer-daemon@mx.example")
    assert [row.recipient for row in read_bounce(report)] == ["bob@x.example"]


def test_the_sender_s_address_on_a_line_of_its_own_is_no_recipient() -> None:
    report = letter(
        "From:\nalice@acme.example\n\nTo:\nbob@x.example\nno such user",
        From="mailer-daemon@mx.example",
        To="alice@acme.example",
    )
    assert [row.recipient for row in read_bounce(report)] == ["bob@x.example"]


def test_a_complaint_is_feedback() -> None:
    complaint = mixed(("Content-Type: message/feedback-report", "Feedback-Type: abuse"), subtype="report")
    assert [row.reason for row in read_bounce(complaint)] == ["feedback"]


def test_a_report_inside_the_returned_message_counts_only_if_there_is_no_other() -> None:
    inner = "Content-Type: message/delivery-status\r\n\r\n" + fields("inner@x.example", "5.1.1")
    attached = ("Content-Type: message/rfc822", inner)
    both = mixed(("Content-Type: message/delivery-status", fields("bob@x.example", "5.1.1")), attached)
    assert [row.recipient for row in read_bounce(both)] == ["bob@x.example"]
    assert [row.recipient for row in read_bounce(mixed(attached))] == ["inner@x.example"]
