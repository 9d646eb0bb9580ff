"""One payload in, one `NormalisedMail` out."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from backend.mail.normalise import LONGEST_SUBJECT, MOST_PARTICIPANTS, normalise
from backend.mail.parts import LONGEST_TEXT, MOST_PARTS
from backend.mail.shapes import Attachment, Kind, Role
from tests.mail.letters import letter, mixed, raw_letter


def part(mime_type: str, data: bytes = b"", **more: Any) -> dict[str, Any]:
    """A part of Gmail's JSON, where the test needs what no RFC 5322 bytes give."""
    body = {"size": len(data), "data": base64.urlsafe_b64encode(data).decode()}
    return {"partId": "", "mimeType": mime_type, "filename": "", "headers": [], "body": body, **more}


def test_a_letter_is_read_whole() -> None:
    read = normalise(
        letter(
            "Hello Alice.\n",
            From='"Lane, Dora" <Dora@North.Example>',
            To="Alice <alice@acme.example>, Bob <bob@acme.example>",
            Cc="Team: erik@x.example;",
            Date="Mon, 5 Jan 2026 10:00:00 +0100",
            Message_ID="<3@north.example>",
            References="<1@acme.example> <2@north.example>",
            In_Reply_To="<2@north.example>",
        )
    )
    assert [(p.role, p.address.key) for p in read.participants] == [
        (Role.FROM, "dora@north.example"),
        (Role.TO, "alice@acme.example"),
        (Role.TO, "bob@acme.example"),
        (Role.CC, "erik@x.example"),
    ]
    assert read.sender is not None
    assert read.sender.name == "Lane, Dora"
    assert read.date_header == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert (read.message_id, read.in_reply_to) == ("3@north.example", "2@north.example")
    assert read.references == ("1@acme.example", "2@north.example")
    assert (read.subject, read.text, read.kind, read.problems) == ("Your offer", "Hello Alice.\n", Kind.PERSON, ())


def test_a_message_of_nothing_is_read_too() -> None:
    read = normalise({})
    assert (read.message_id, read.text, read.participants, read.sender, read.kind) == ("", "", (), None, Kind.PERSON)


def test_of_alternatives_the_plain_text_is_taken_unless_it_is_blank() -> None:
    html = ("Content-Type: text/html", "<p>from html</p>")
    assert normalise(mixed(("Content-Type: text/plain", "from text"), html, subtype="alternative")).text == "from text"
    assert normalise(mixed(("Content-Type: text/plain", " \n"), html, subtype="alternative")).text == "from html"


def test_text_around_an_attachment_is_all_kept_in_order() -> None:
    read = normalise(
        mixed(
            ("Content-Type: text/plain", "before"),
            ('Content-Type: application/pdf; name="offer.pdf"\r\nContent-Disposition: attachment', "%PDF"),
            ("Content-Type: text/html", "<p>after</p>"),
        )
    )
    assert read.text == "before\nafter"
    assert [(a.filename, a.mime_type, a.is_inline) for a in read.attachments] == [
        ("offer.pdf", "application/pdf", False)
    ]


def test_a_picture_that_the_text_shows_is_inline() -> None:
    read = normalise(
        mixed(
            ("Content-Type: text/html", '<img src="cid:logo@x">'),
            ('Content-Type: image/png; name="logo.png"\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline', "png"),
            subtype="related",
        )
    )
    assert read.attachments[0].content_id == "logo@x"
    assert read.attachments[0].is_inline


def test_the_text_of_a_forwarded_message_is_not_this_message_s_text() -> None:
    read = normalise(
        mixed(
            ("Content-Type: text/plain", "see below"), ("Content-Type: message/rfc822", "Subject: old\r\n\r\nold text")
        )
    )
    assert read.text == "see below"
    assert [a.mime_type for a in read.attachments] == ["message/rfc822"]


def test_an_attachment_keeps_gmail_s_handle() -> None:
    payload = part("application/pdf", filename="a.pdf", partId="1", body={"size": 9, "attachmentId": "handle"})
    assert normalise(payload).attachments == (Attachment("1", "a.pdf", "application/pdf", 9, None, False, "handle"),)


def test_the_same_address_in_two_roles_is_two_participants_and_in_one_role_one() -> None:
    read = normalise(letter(To="a@x.example, A <a@x.example>, a@x.example", Cc="a@x.example"))
    assert [(p.role, p.address.name) for p in read.participants[1:]] == [(Role.TO, ""), (Role.TO, "A"), (Role.CC, "")]


def test_without_from_the_sender_header_speaks() -> None:
    read = normalise(letter(From="", Sender="Desk <desk@north.example>"))
    assert read.sender is not None
    assert read.sender.key == "desk@north.example"


def test_the_list_is_known_by_its_identifier() -> None:
    assert normalise(letter(List_Id="North's news <news.north.example>")).list_id == "news.north.example"
    assert normalise(letter(List_Id="news.north.example")).list_id == "news.north.example"


def test_what_is_too_long_is_cut_and_noted() -> None:
    crowd = ", ".join(f"p{n}@x.example" for n in range(MOST_PARTICIPANTS + 10))
    read = normalise(
        letter(
            "x" * (LONGEST_TEXT + 10),
            Subject="s" * (LONGEST_SUBJECT + 10),
            To=crowd,
            References=" ".join(f"<{n}@x.example>" for n in range(900)),
        )
    )
    assert len(read.text) == LONGEST_TEXT
    assert len(read.subject) == LONGEST_SUBJECT
    assert len(read.participants) == MOST_PARTICIPANTS
    assert (read.references[0], read.references[-1], len(read.references)) == ("0@x.example", "899@x.example", 500)
    assert len(read.problems) == 4


def test_broken_addresses_are_dropped_and_counted() -> None:
    assert normalise(letter(To="bob, x y@z.example, a@x.example")).problems == ("to: 2 of 3 entries are no address",)


def test_broken_bodies_are_noted_and_do_not_stop_the_reading() -> None:
    broken = part("text/plain", body={"size": 3, "data": "é~~"})
    kept_back = part("text/plain", body={"size": 3, "attachmentId": "handle"})
    assert normalise(broken).problems == ("a text part is not base64",)
    assert normalise(kept_back).problems == ("a text part was too large to come along",)


def test_what_no_database_stores_is_removed() -> None:
    read = normalise(part("text/plain", b"a\x00b", headers=[{"name": "Subject", "value": "s\x00\ud800"}], filename=""))
    assert read.text == "ab"
    assert read.subject.encode("utf-8")[:1] == b"s"


def test_a_thousand_parts_within_parts_are_walked_and_more_are_noted() -> None:
    deep = part("text/plain", b"core")
    for _ in range(MOST_PARTS - 2):
        deep = part("multipart/mixed", parts=[deep])
    assert normalise(deep).text == "core"
    for _ in range(10):
        deep = part("multipart/mixed", parts=[deep])
    assert normalise(deep).problems == (f"more than {MOST_PARTS} parts: the rest was not read",)


def test_latin_text_under_any_label_is_readable() -> None:
    read = normalise(raw_letter("Año".encode("latin-1"), {"Content-Type": "text/plain; charset=x-made-up"}))
    assert read.text == "Año"
