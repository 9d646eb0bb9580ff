"""The reading measured on real mail; the figures that were reached are pinned, so that a change cannot lose them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.gmail.payload import payload_of
from backend.mail.html import text_of
from backend.mail.normalise import normalise
from backend.mail.quotes import split_reply
from backend.mail.shapes import Kind
from tests.mail.measured import count_stops, kinds_of_ham, messages

pytestmark = pytest.mark.corpus
NO_CORRESPONDENCE = {Kind.BOUNCE, Kind.AUTO_REPLY}
# Written by a person, although it forwards a delivery report.
FORWARDED_BY_A_PERSON = "lhost-sendmail-14.eml"


def test_every_odd_message_is_read(corpora: Path) -> None:
    count = 0
    for name, raw in messages(corpora / "mime" / "messages.tar.gz"):
        read = normalise(payload_of(raw))
        assert "\x00" not in read.text, name
        count += 1
    assert count == 222


def test_reports_are_not_taken_for_people(corpora: Path) -> None:
    kinds = {name: normalise(payload_of(raw)).kind for name, raw in messages(corpora / "bounces" / "messages.tar.gz")}
    assert kinds[FORWARDED_BY_A_PERSON] is Kind.PERSON
    assert sum(kind in NO_CORRESPONDENCE for kind in kinds.values()) >= 0.965 * len(kinds)
    assert sum(kind is not Kind.PERSON for kind in kinds.values()) >= 0.985 * len(kinds)


def test_people_are_not_taken_for_reports(corpora: Path) -> None:
    """All five were looked at by hand: each is a delivery report that the owner of the mailbox really got."""
    kinds = kinds_of_ham(corpora)
    assert len(kinds) == 4150
    assert (kinds.count(Kind.BOUNCE), kinds.count(Kind.AUTO_REPLY)) == (5, 0)


def test_dead_addresses_are_known_and_living_ones_left_alone(corpora: Path) -> None:
    """97 % of the permanent failures stop. Of the others 31 do, which one cannot tell from the message.

    Those say "550 user unknown" in so many words; the truth knows the systems that mean a filter by it.
    """
    stops = count_stops(corpora)
    assert stops.stopped >= 0.97 * stops.permanent
    assert (stops.beyond, stops.temporary) == (31, 0)


def test_the_new_text_of_every_labelled_reply_is_exact(corpora: Path) -> None:
    folder = corpora / "replies"
    wrong = [
        path.name
        for path in sorted((folder / "emails").iterdir())
        if split_reply(path.read_text()).text.strip() != (folder / "trimmed" / path.name).read_text().strip()
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["emails", "unlabelled"])
def test_every_line_of_a_reply_stays_somewhere(corpora: Path, folder: str) -> None:
    for path in sorted((corpora / "replies" / folder).iterdir()):
        text = path.read_text()
        reply = split_reply(text)
        kept = {line.strip() for part in (reply.text, reply.quoted, reply.signature) for line in part.split("\n")}
        assert [line for line in text.split("\n") if line.strip() and line.strip() not in kept] == [], path.name


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("gmail_reply.html", "foo\n\nbar"),
        ("apple_reply.html", "Foo\n\nBar"),
        ("ios_mail_reply_unescaped_address.html", "Sounds good, I'll be there at 2."),
        ("talon_gmail.html", "Hi. I am fine.\n\nThanks,\nAlex"),
        ("talon_hotmail.html", "Hi. I am fine.\n\nThanks,\nAlex"),
        ("talon_mail_ru.html", "Hi. I am fine.\n\nThanks,\nAlex"),
        ("talon_ms_outlook_2003.html", "Hi. I am fine.\n\nThanks,\n\nAlex"),
        ("talon_ms_outlook_2007.html", "Hi. I am fine.\n\nThanks,\n\nAlex"),
        ("talon_ms_outlook_2010.html", "Hi. I am fine.\n\nThanks,\n\nAlex"),
        ("talon_thunderbird.html", "Hi. I am fine.\n\nThanks,\nAlex"),
        ("talon_windows_mail.html", "Hi. I am fine.\n\nThanks,\nAlex"),
        ("talon_yandex_ru.html", "Hi. I am fine.\n\nThanks,\nAlex"),
        ("outlook_forward.html", "Original message\n\nMore text"),
        ("apple_forward.html", "test\n\nblah"),
        ("gmail_forward.html", "test\n\nblah"),
    ],
)
def test_html_replies_of_known_programs_give_the_new_text(corpora: Path, name: str, new: str) -> None:
    html = (corpora / "replies" / "html" / name).read_text(errors="replace")
    assert split_reply(text_of(html)).text == new
