"""Header lines and bodies of ours are, to the byte, those that Python's `email` writes, which takes far longer."""

from __future__ import annotations

from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.outbox import mime

POLICY = SMTP.clone(max_line_length=996)
BOUNDARY = "==edge=="
PIECES = [
    "An offer",
    "Lucía",
    "ACME, Inc.",
    '"Al"',
    "(x)",
    "=?utf-8?q?hi?=",
    "=?",
    "?=",
    "<",
    "@",
    "漢",
    "x" * 120,
    "é" * 90,
]
lines = st.lists(st.sampled_from(PIECES) | st.text("aB1 '-.,:;=?_\\é", max_size=5), min_size=1, max_size=12).map(
    lambda pieces: " ".join(pieces).strip() or "-"
)


@given(value=lines)
@example("x" * 987)
@example("x" * 988)
def test_a_subject(value: str) -> None:
    assert mime.text_line("Subject", value) + b"\r\n" == _python_line("Subject", value)


@given(name=lines | st.just(""), local=st.text("ab.+-_'!\"", min_size=1, max_size=8))
def test_who_writes_to_whom(name: str, local: str) -> None:
    mailbox = Mailbox(name, local, "acme.example")
    assert mime.mailbox_line("From", mailbox) + b"\r\n" == _python_line("From", mailbox)


@pytest.mark.parametrize("html", ["", "<p>Hello</p>", "<p>" + "word " * 300 + "</p>"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize(
    "text", ["Hello", "¿Qué tal?\r\n\r\nAna", "a\rb\nc", "x" * 996, "x" * 997, "é" * 499, "a\n" * 20 + "漢" * 400]
)
def test_a_body(text: str, end: str, html: str) -> None:
    mail = EmailMessage(policy=POLICY)
    mail.set_content(text + end)
    if html:
        mail.add_alternative(html, subtype="html")
        mail.set_boundary(BOUNDARY)
    assert mime.content(text + end, html, BOUNDARY) == mail.as_bytes()


def _python_line(name: str, value: str | Mailbox) -> bytes:
    return POLICY.fold_binary(*POLICY.header_store_parse(name, value))
