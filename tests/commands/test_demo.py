"""`enlace demo` as somebody types it: what it prints, what it refuses, what it leaves behind."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.commands.demo import demo
from backend.kit.errors import UserError
from backend.migrations import all_tables

OWNER = "ana@acme.example"
MAIL = """From x Mon Jan  5 09:00:00 2026
From: Dora Lind <dora@nordwind.example>
To: ana@acme.example
Subject: Seats
Date: Mon, 05 Jan 2026 09:00:00 +0000
Message-ID: <1@nordwind.example>

Do you have 40?

From x Mon Jan  5 10:00:00 2026
From: ana@acme.example
To: Dora Lind <dora@nordwind.example>
Subject: Re: Seats
Date: Mon, 05 Jan 2026 10:00:00 +0000
Message-ID: <2@acme.example>
In-Reply-To: <1@nordwind.example>

Yes.

"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(demo, arguments, catch_exceptions=True)
        if isinstance(result.exception, UserError):
            raise result.exception
        return result

    return run


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    path = tmp_path / "mail.mbox"
    path.write_text(MAIL)
    return path


def summary(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout.splitlines()[-1])  # before it logs, which `enlace` itself sends to stderr
    assert isinstance(found, dict)
    return found


def test_once_loads_links_and_counts_and_a_second_run_changes_nothing(run: Run, mbox: Path) -> None:
    first = summary(run("--once", "--mbox", str(mbox), "--owner", OWNER))
    seconds = first.pop("seconds")
    assert isinstance(seconds, float)
    assert first == {
        "messages": 2,
        "threads": 1,
        "contacts": 1,
        "companies": 1,
        "deals": 0,
        "links": 4,
        "skipped": {},
        "unexplained": 0,
    }
    second = summary(run("--once", "--mbox", str(mbox), "--owner", OWNER))
    del second["seconds"]
    assert second == first


@pytest.mark.slow
def test_the_sample_shows_people_companies_and_deals_with_nothing_unexplained(run: Run) -> None:
    found = summary(run("--once"))
    assert found["unexplained"] == 0
    assert found["deals"] == 39
    assert isinstance(found["messages"], int)
    assert found["messages"] > 1400


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--mbox", "nowhere.mbox", "--owner", OWNER), "cannot be loaded"),
        (("--mbox", "mail.mbox"), "--owner is missing"),
        (("--owner", OWNER), "--owner goes with --mbox"),
        (("--db", "nonsense"), "not a database URL"),
    ],
)
def test_bad_input_gets_one_sentence_with_the_remedy(
    run: Run, mbox: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    assert mbox.exists()
    with pytest.raises(UserError, match=sentence):
        run("--once", *arguments)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 500, b"\x1f\x8bbroken", b"Dear diary,\n"])
def test_a_file_that_is_no_mail_is_refused_and_leaves_no_database(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.mbox").write_bytes(content)
    with pytest.raises(UserError):
        run("--once", "--mbox", "odd.mbox", "--owner", OWNER)
    assert not [p for p in (tmp_path / ".enlace").glob("*.db") if not p.stem.endswith("gmail")]


def test_a_port_in_use_is_named_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use"):
            run("--port", str(port))
    assert not (tmp_path / ".enlace").exists()


def test_a_database_of_another_version_is_refused_before_mail_is_loaded(run: Run, mbox: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        other.execute("INSERT INTO alembic_version VALUES ('9999')")
    other.close()
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(UserError, match="another version"):
        run("--once", "--mbox", str(mbox), "--owner", OWNER, "--db", f"sqlite:///{tmp_path / 'other.db'}")
    assert b"alembic_version" in before
    with sqlite3.connect(tmp_path / "other.db") as other:
        tables = {row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    other.close()
    assert tables.isdisjoint(all_tables().tables)


@pytest.mark.corpus
@pytest.mark.slow
def test_all_real_mail_of_the_corpus_is_taken_with_nothing_unexplained(run: Run, corpora: Path) -> None:
    arguments = ("--once", "--mbox", str(corpora / "ham.mbox.gz"), "--owner", "yyyy@spamassassin.taint.org")
    found = summary(run(*arguments))
    assert (found["messages"], found["skipped"], found["unexplained"]) == (4150, {}, 0)


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "messages"), [("mime", 222), ("bounces", 589)])
def test_odd_mail_and_bounces_go_in_likewise(run: Run, corpora: Path, name: str, messages: int) -> None:
    found = summary(run("--once", "--mbox", str(corpora / name / "messages.tar.gz"), "--owner", "me@example.com"))
    assert (found["messages"], found["skipped"], found["unexplained"]) == (messages, {}, 0)
