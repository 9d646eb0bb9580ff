"""The reading measured on real mail; the figures that were reached are pinned, so that a change cannot lose them."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pytest

from backend.gmail.emulator.mbox import read_mbox
from backend.gmail.payload import payload_of
from backend.mail.bounces import read_bounce
from backend.mail.html import text_of
from backend.mail.normalise import normalise
from backend.mail.quotes import split_reply
from backend.mail.shapes import BounceRecipient, Kind

pytestmark = pytest.mark.corpus
NO_CORRESPONDENCE = {Kind.BOUNCE, Kind.AUTO_REPLY}
# Written by a person, although it forwards a delivery report.
FORWARDED_BY_A_PERSON = "lhost-sendmail-14.eml"


def messages(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if (content := tar.extractfile(member)) is not None:
                yield Path(member.name).name, content.read()


def mbox(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as stream:
        yield from (entry.raw for entry in read_mbox(cast("IO[bytes]", stream), path.name))


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
    kinds = [normalise(payload_of(raw)).kind for raw in mbox(corpora / "ham.mbox.gz")]
    assert len(kinds) == 4150
    assert sum(kind in NO_CORRESPONDENCE for kind in kinds) == 5


def hard(rows: list[BounceRecipient]) -> int:
    return sum(row.hard for row in rows)


def test_dead_addresses_are_known_and_living_ones_left_alone(corpora: Path) -> None:
    """97 % of the permanent failures are hard. Of the others 31 are, which one cannot tell from the message.

    Those say "550 user unknown" in so many words; the truth knows the systems that mean a filter by it. No row with a
    temporary status code is hard.
    """
    expected = json.loads((corpora / "bounces" / "expected.json").read_text())
    found = {
        name: list(read_bounce(payload_of(raw))) for name, raw in messages(corpora / "bounces" / "messages.tar.gz")
    }
    truth = {name: sum(row["hard"] for row in rows) for name, rows in expected.items()}
    assert sum(min(hard(found[name]), truth[name]) for name in truth) >= 0.97 * sum(truth.values())
    assert sum(max(hard(found[name]) - truth[name], 0) for name in truth) <= 31
    assert not [row for rows in found.values() for row in rows if row.hard and row.status.startswith("4")]


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
