"""A mail's bytes: threading, unsubscribing, and nothing that a field could add."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.outbox.letters import as_page, build
from backend.outbox.shapes import HEADER, Anchor, Letter, Pace, Sender, Sending, State
from backend.outbox.source import UnfitError

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
URL = "https://crm.example/u/token"
ALLOWED = {
    "from", "to", "subject", HEADER.lower(), "list-unsubscribe", "list-unsubscribe-post", "content-type",
    "content-transfer-encoding", "mime-version",
}  # fmt: skip


def sender(name: str = "Alice") -> Sender:
    return Sender(1, 1, 1, "alice@acme.example", name, Pace(), None, None, None)


def sending(email: str = "dora@nordwind.example") -> Sending:
    return Sending(
        1, 1, 1, "paper", 1, 0, 1, "t" * 32, 1, email, email, "nordwind.example", State.CLAIMED, "", "", NOW, NOW, NOW,
        0, "", "", "", "", "", (), None,
    )  # fmt: skip


@given(subject=st.text(max_size=80), text=st.text(max_size=200), name=st.text(max_size=40), email=st.text(max_size=60))
def test_no_field_adds_a_header_or_a_recipient(subject: str, text: str, name: str, email: str) -> None:
    """Either the mail is refused, or it has our headers, one recipient and the subject as it was."""
    try:
        raw = build(Letter(subject, text), sending(email), sender(name), URL)
    except UnfitError:
        return
    mail = message_from_bytes(raw, policy=default)
    assert {key.lower() for key in mail} == ALLOWED
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "alice@acme.example"


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: x@y.example", "Hi\nthere", "Hi\x00", "Hi\u2028there", "Hi\x85there"])
def test_a_subject_with_a_line_end_is_refused(subject: str) -> None:
    with pytest.raises(UnfitError) as refused:
        build(Letter(subject, "Hello"), sending(), sender(), URL)
    assert (refused.value.reason, refused.value.evidence) == ("header_injection", "subject")


@pytest.mark.parametrize(
    "email", ["", "dora", "dora@", "@nordwind.example", "a@b.example, c@d.example", "a\r\n@b.example"]
)
def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(UnfitError) as refused:
        build(Letter("Hi", "Hello"), sending(email), sender(), URL)
    assert refused.value.reason == "bad_address"


@pytest.mark.parametrize(("subject", "text"), [("", "Hello"), (" ", "Hello"), ("x" * 501, "Hello"), ("Hi", " \n")])
def test_an_empty_or_endless_mail_is_refused(subject: str, text: str) -> None:
    with pytest.raises(UnfitError):
        build(Letter(subject, text), sending(), sender(), URL)


def test_a_reply_keeps_the_subject_and_the_thread_as_gmail_has_them() -> None:
    anchor = Anchor("t1", "b@mail.example", "An offer", ("a@mail.example",))
    mail = message_from_bytes(build(Letter("other", "Hello", anchor=anchor), sending(), sender(), URL), policy=default)
    assert mail["Subject"] == "Re: An offer"
    assert (mail["In-Reply-To"], mail["References"]) == ("<b@mail.example>", "<a@mail.example> <b@mail.example>")
    again = Anchor("t1", "c@mail.example", "Re: An offer")
    assert b"Subject: Re: An offer" in build(Letter("", "Hello", anchor=again), sending(), sender(), URL)


def test_html_loses_what_is_no_formatting_and_gets_its_styles_inlined() -> None:
    html = as_page('<p onclick="x()">Hello <script>alert(1)</script><a href="javascript:y()">link</a></p>')
    assert "Hello" in html
    assert "<p style=" in html
    for bad in ("<script", "onclick", "javascript:"):
        assert bad not in html


def test_long_links_and_message_ids_stay_readable_in_the_head() -> None:
    """Python encodes what is longer than a line; no mail program finds a link or a thread in that."""
    url, ids = f"https://crm.example/u/{'x' * 200}", tuple(f"{'m' * 90}{n}@mail.example" for n in range(15))
    anchor = Anchor("t1", f"{'l' * 120}@mail.example", "An offer", ids)
    head = build(Letter("", "Any news?", "", anchor), sending(), sender(), url).partition(b"\r\n\r\n")[0]
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in head
    assert f"In-Reply-To: <{anchor.rfc_id}>\r\n".encode() in head
    assert all(f"<{rfc_id}>".encode() in head for rfc_id in ids)
    assert b"=?" not in head
    assert max(map(len, head.split(b"\r\n"))) < 998
