"""Nothing that a sender can write may stop the reading, or take it long."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.gmail.payload import payload_of
from backend.mail.auto_replies import auto_reply_until
from backend.mail.bounces import read_bounce
from backend.mail.normalise import LONGEST_SUBJECT, MOST_PARTICIPANTS, normalise
from backend.mail.parts import LONGEST_TEXT
from backend.mail.quotes import split_reply
from backend.mail.shapes import NormalisedMail
from tests.mail.measured import MONDAY

NAMES = [
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type", "Return-Path",
    "Content-Disposition", "Content-ID", "List-Id", "Auto-Submitted", "X-Failed-Recipients", "Precedence",
]  # fmt: skip
HEADER = st.fixed_dictionaries({"name": st.sampled_from(NAMES), "value": st.text(max_size=80)})
BODY = st.fixed_dictionaries(
    {}, optional={"size": st.integers(0, 10**9), "data": st.text(max_size=80), "attachmentId": st.text()}
)
MIME = st.sampled_from(
    ["text/plain", "text/html", "multipart/mixed", "multipart/alternative", "message/rfc822", "message/delivery-status",
     "multipart/report", "text/calendar", "", "x", "image/png"]
)  # fmt: skip
LEAF = st.fixed_dictionaries(
    {"mimeType": MIME},
    optional={"headers": st.lists(HEADER, max_size=8), "body": BODY, "filename": st.text(max_size=20)},
)
PAYLOAD = st.recursive(
    LEAF,
    lambda parts: st.builds(lambda leaf, inner: {**leaf, "parts": inner}, LEAF, st.lists(parts, max_size=4)),
    max_leaves=8,
)


def read_all(payload: dict[str, Any]) -> NormalisedMail:
    """Everything that is ever read of a message."""
    read = normalise(payload)
    split_reply(read.text)
    read_bounce(payload)
    auto_reply_until(read.text, read.subject, MONDAY)
    return read


def is_storable(read: NormalisedMail) -> bool:
    texts = [
        read.message_id, read.in_reply_to, read.subject, read.text, read.why, read.list_id,
        *read.references, *read.problems,
        *(text for p in read.participants for text in (p.address.key, p.address.email, p.address.name)),
        *(text for a in read.attachments for text in (a.filename, a.mime_type, a.content_id or "")),
    ]  # fmt: skip
    return all("\x00" not in text and text.encode("utf-8") is not None for text in texts)


@settings(max_examples=300, deadline=None)
@given(PAYLOAD)
def test_no_payload_makes_the_reading_raise(payload: dict[str, Any]) -> None:
    read = read_all(payload)
    assert is_storable(read)
    assert len(read.text) <= LONGEST_TEXT
    assert len(read.subject) <= LONGEST_SUBJECT
    assert len(read.participants) <= MOST_PARTICIPANTS


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"Content-Type: text/html\n\n", b"From: \xff <", b"Subject: =?utf-8?b?"]),
)
def test_no_bytes_make_the_reading_raise(data: bytes, before: bytes) -> None:
    assert is_storable(read_all(payload_of(before + data)))


@pytest.mark.parametrize("name", ["From", "Subject", "References", "Content-Type", "Date", "Message-ID", "List-Id"])
@pytest.mark.parametrize("unit", ["<", "(", "=?a?q?", "a@b ", '"', " ", "\\", "<a@b>"])
def test_a_header_of_a_megabyte_takes_bounded_time(name: str, unit: str) -> None:
    payload = {"mimeType": "text/plain", "headers": [{"name": name, "value": unit * (1_000_000 // len(unit))}]}
    started = time.process_time()
    assert is_storable(read_all(payload))
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "unit",
    ["Status: 5.1.1\n", "a@b.example\n", "\n\n", "Final-Recipient: x\n ", "-", " ", "*", "5.1.1 ", "a.", "on 1 jan "],
)
def test_a_report_of_a_megabyte_takes_bounded_time(unit: str) -> None:
    text = (unit * (1_000_000 // len(unit))).encode()
    report = payload_of(
        b"Content-Type: multipart/report; boundary=e\n\n--e\nContent-Type: text/plain\n\n"
        + text
        + b"\n--e\nContent-Type: message/delivery-status\n\n"
        + text
        + b"\n--e--\n"
    )
    started = time.process_time()
    read_all(report)
    assert time.process_time() - started < 6
