"""`enlace mail explain`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from backend.commands.mail import mail
from backend.kit.errors import UserError

REPLY = (
    b"From: Dora Lane <dora@north.example>\nTo: alice@acme.example\nCc: bob@acme.example\nSubject: Re: offer\n"
    b"Date: Mon, 5 Jan 2026 10:00:00 +0100\nMessage-ID: <1@north.example>\n\n"
    b"Fine.\n\nOn Mon, Jan 5, 2026 at 9:00 AM Alice <alice@acme.example> wrote:\n> Agreed?\n"
)
BOUNCE = b"""From: mailer-daemon@mx.example
To: alice@acme.example
Subject: failure notice

<bob@x.example>:
550 no such user
"""
AWAY = b"""From: dora@north.example
Subject: Automatic reply: offer
Date: Mon, 5 Jan 2026 10:00:00 +0100

Back on 12 January.
"""


def explain(*arguments: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(mail, ["explain", *arguments], input=given)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def written(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def mbox_of(*messages: bytes) -> bytes:
    return b"".join(b"From x@y.example Mon Jan  5 10:00:00 2026\n" + message + b"\n" for message in messages)


def test_one_message_is_explained_in_one_line(tmp_path: Path) -> None:
    [line] = lines(explain(written(tmp_path, "reply.eml", REPLY)))
    assert line["from"] == [{"email": "dora@north.example", "name": "Dora Lane"}]
    assert [person["email"] for person in line["to"]] == ["alice@acme.example", "bob@acme.example"]
    assert (line["kind"], line["text"], line["signature"]) == ("person", "Fine.", "")
    assert "> Agreed?" in line["quoted"]
    assert (line["bounce"], line["auto_reply_until"], line["attachments"], line["problems"]) == ([], None, [], [])


def test_a_bounce_shows_its_recipients_and_an_absence_its_end() -> None:
    [bounce, away] = lines(explain("-", given=mbox_of(BOUNCE, AWAY)))
    assert bounce["bounce"] == [{"recipient": "bob@x.example", "status": "", "hard": True, "reason": "user_unknown"}]
    assert (away["kind"], away["auto_reply_until"]) == ("auto_reply", "2026-01-12")


@pytest.mark.parametrize("packed", [False, True])
def test_an_mbox_gives_a_line_for_each_message_packed_or_not(tmp_path: Path, *, packed: bool) -> None:
    content = mbox_of(REPLY, REPLY.replace(b"Fine.", b"\n>From Monday on.\n\nFrom here."), BOUNCE)
    name = written(tmp_path, "mail.mbox", gzip.compress(content) if packed else content)
    read = lines(explain(name))
    assert [line["kind"] for line in read] == ["person", "person", "bounce"]
    assert "\nFrom Monday on." in "\n" + read[1]["text"]


def test_several_files_are_read_in_their_order(tmp_path: Path) -> None:
    names = [written(tmp_path, "1.eml", AWAY), written(tmp_path, "2.eml", REPLY)]
    assert [line["kind"] for line in lines(explain(*names))] == ["auto_reply", "person"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "holds no mail"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "holds no mail"),
        (gzip.compress(REPLY * 100)[:-20], "cut short"),
    ],
)
def test_what_is_no_mail_is_refused_in_one_sentence(tmp_path: Path, content: bytes, word: str) -> None:
    result = explain(written(tmp_path, "x.eml", content))
    assert isinstance(result.exception, UserError)
    assert word in str(result.exception)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    for name in (str(tmp_path / "missing.eml"), str(tmp_path)):
        result = explain(name)
        assert isinstance(result.exception, UserError)
        assert name in str(result.exception)


def test_the_help_teaches() -> None:
    result = CliRunner().invoke(mail, ["explain", "--help"])
    assert "Examples" in result.output
    assert "auto_reply_until" in result.output
