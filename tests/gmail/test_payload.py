"""bytes → Gmail's part tree, for tidy mail, odd mail and noise."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.gmail.payload import attachment_of, header, leaves, payload_of

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def mail(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def text_of(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64decode(part["body"]["data"]).decode()


WITH_ATTACHMENT = mail(
    "From: Ana <ana@acme.example>",
    "Subject: Offer",
    'Content-Type: multipart/mixed; boundary="b 1"',
    "",
    "preamble",
    "--b 1",
    "Content-Type: multipart/alternative; boundary=alt",
    "",
    "--alt",
    "Content-Type: text/plain; charset=iso-8859-1",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "Un caf=E9",
    "--alt",
    "Content-Type: text/html; charset=utf-8",
    "",
    "<p>Un café</p>",
    "--alt--",
    "--b 1",
    "Content-Type: application/pdf; name=offer.pdf",
    "Content-Disposition: attachment; filename*=utf-8''ofert%C3%A1.pdf",
    "Content-Transfer-Encoding: base64",
    "",
    "JVBERg==",
    "--b 1--",
    "epilogue",
)


def test_a_message_becomes_gmails_tree_of_parts() -> None:
    payload = payload_of(WITH_ATTACHMENT)
    assert (payload["partId"], payload["mimeType"], payload["body"]) == ("", "multipart/mixed", {"size": 0})
    assert [part["partId"] for part in leaves(payload)] == ["0.0", "0.1", "1"]
    assert payload["headers"][0] == {"name": "From", "value": "Ana <ana@acme.example>"}


def test_text_is_transcoded_to_utf_8_and_loses_its_transfer_encoding() -> None:
    plain, html, _ = leaves(payload_of(WITH_ATTACHMENT))
    assert text_of(plain) == "Un café"
    assert text_of(html) == "<p>Un café</p>"
    assert plain["body"]["size"] == len("Un café".encode())


def test_an_attachment_has_an_id_in_place_of_its_bytes_and_gives_them_when_asked() -> None:
    *_, pdf = leaves(payload_of(WITH_ATTACHMENT))
    assert pdf["filename"] == "ofertá.pdf"
    assert "data" not in pdf["body"]
    assert pdf["body"]["size"] == 4
    assert attachment_of(WITH_ATTACHMENT, pdf["body"]["attachmentId"]) == b"%PDF"


@pytest.mark.parametrize("foreign", ["", "x", "ANGjdJ8", "ANGjdJ8!!!", "ANGjdJ8cGFydDo5LjkuOQ"])
def test_a_foreign_attachment_id_finds_nothing(foreign: str) -> None:
    assert attachment_of(WITH_ATTACHMENT, foreign) is None


def test_headers_are_unfolded_and_keep_their_order_and_their_encoded_words() -> None:
    payload = payload_of(b"Received: a\n\tby b\nSUBJECT: =?utf-8?q?Caf=C3=A9?=\nReceived: c\n\nhi")
    assert [(h["name"], h["value"]) for h in payload["headers"]] == [
        ("Received", "a\tby b"),
        ("SUBJECT", "=?utf-8?q?Caf=C3=A9?="),
        ("Received", "c"),
    ]
    assert header(payload, "subject") == "=?utf-8?q?Caf=C3=A9?="


def test_raw_eight_bit_headers_become_text() -> None:
    assert header(payload_of("Subject: Año\n\n".encode()), "Subject") == "Año"
    assert header(payload_of("Subject: Año\n\n".encode("latin-1")), "Subject") == "Año"


def test_an_attached_message_can_be_downloaded_and_shows_its_own_parts() -> None:
    inner = b"Subject: inside\r\n\r\nhello"
    outer = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n%b\r\n--b--"
        % inner
    )
    part = payload_of(outer)["parts"][0]
    assert part["mimeType"] == "message/rfc822"
    assert [child["partId"] for child in part["parts"]] == ["0.0"]
    assert header(part["parts"][0], "Subject") == "inside"
    assert attachment_of(outer, part["body"]["attachmentId"]) == inner


def test_a_delivery_status_is_a_container_whose_child_holds_the_fields() -> None:
    raw = mail(
        "Content-Type: multipart/report; boundary=b",
        "",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "",
        "Final-Recipient: rfc822; gone@acme.example",
        "Status: 5.1.1",
        "--b--",
    )
    status = payload_of(raw)["parts"][0]
    assert status["body"] == {"size": 0}
    assert status["parts"][0]["mimeType"] == "text/plain"
    assert "Status: 5.1.1" in text_of(status["parts"][0])


def test_parts_of_a_digest_are_messages() -> None:
    raw = b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\n1\n--b\n\nSubject: two\n\n2\n--b--\n"
    digest = payload_of(raw)
    assert [part["mimeType"] for part in digest["parts"]] == ["message/rfc822", "message/rfc822"]
    assert header(digest["parts"][1]["parts"][0], "Subject") == "two"


def test_a_multipart_that_is_never_closed_keeps_its_last_part() -> None:
    payload = payload_of(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo")
    assert [text_of(part) for part in payload["parts"]] == ["one", "two"]


def test_a_longer_boundary_does_not_close_a_shorter_one() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b-2\n\n"
        b"--b-2\n\ninner\n--b-2--\n--b\n\nouter\n--b--"
    )
    assert [text_of(part) for part in leaves(payload_of(raw))] == ["inner", "outer"]


def test_a_multipart_without_its_boundary_is_read_as_text() -> None:
    payload = payload_of(b"Content-Type: multipart/mixed\n\nall of it")
    assert payload["mimeType"] == "text/plain"
    assert text_of(payload) == "all of it"


def test_an_unknown_charset_falls_back_to_what_the_bytes_are() -> None:
    raw = b"Content-Type: text/plain; charset=klingon\n\n\xc3\xa9 \xe2\x82\xac"
    assert text_of(payload_of(raw)) == "é €"


@pytest.mark.parametrize("codec", ["unicode_escape", "idna", "undefined", "hex", "zip", "rot13", "utf-7", "a\x00b"])
def test_pythons_own_codecs_are_no_charsets(codec: str) -> None:
    assert text_of(payload_of(f"Content-Type: text/plain; charset={codec}\n\n\\q +2AA- x".encode())) == "\\q +2AA- x"


def test_nesting_beyond_all_reason_ends_in_one_undivided_part() -> None:
    raw = b"hello"
    for n in range(300):
        raw = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%b\n--b%d--\n" % (n, n, raw, n)
    assert json.dumps(payload_of(raw))


PIECES = st.sampled_from(
    b"""Content-Type: multipart/mixed; boundary=b
Content-Type: message/rfc822
Content-Type: message/delivery-status
Content-Type: text/plain; charset=\xff
Content-Type: text/html; charset=utf-16
Content-Type: text/plain; name="\\
Content-Disposition: attachment; filename*0*=x'y'%zz; filename*=1; filename*99=a
Content-Transfer-Encoding: base64
Content-Transfer-Encoding: quoted-printable
Content-Transfer-Encoding: x-uuencode
begin 644 x
=?utf-8?b?=?=
=?x?q?=ZZ?=
From a
: =
AAAAA
--b
--b--

\r
""".splitlines(keepends=True)
)


@given(st.lists(PIECES | st.binary(max_size=20)).map(b"".join))
@example(b"Content-Type: multipart/mixed; boundary=b\nContent-Disposition: attachment; filename=a\n\nno boundary\n")
def test_nothing_that_a_sender_writes_makes_it_raise(raw: bytes) -> None:
    payload = payload_of(raw)
    json.dumps(payload).encode()
    for part in leaves(payload):
        if "attachmentId" in part["body"]:
            found = attachment_of(raw, part["body"]["attachmentId"])
            assert found is not None
            assert len(found) == part["body"]["size"]
        else:
            text_of(part)


def corpus(name: str) -> Iterator[bytes]:
    with tarfile.open(DATA / name / "messages.tar.gz") as archive:
        for member in archive:
            if content := archive.extractfile(member):
                yield content.read()


@pytest.mark.corpus
@pytest.mark.skipif(not DATA.exists(), reason="the corpus of real mail is not beside the checkout")
@pytest.mark.parametrize("name", ["mime", "bounces"])
def test_every_real_message_of_the_corpus_has_a_body(name: str) -> None:
    for raw in corpus(name):
        payload = payload_of(raw)
        json.dumps(payload).encode()
        assert list(leaves(payload))
