"""The documentation, held against the product: what it names exists, what it shows runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from backend.__main__ import cli
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.faults import KINDS
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.oauth import MAILBOX_SCOPES, SIGN_IN_SCOPES
from backend.kit.clock import SystemClock
from backend.linking.rules import deals, people
from tests.conftest import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
NAMED = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def code_of(text: str) -> Iterator[str]:
    """Every line of code: those of fenced blocks, without their comments, and the inline ones."""
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def commands_of(page: Path) -> list[list[str]]:
    found = (re.search(r"(?:^|exec web |\.venv/bin/)enlace (.+)", line) for line in code_of(page.read_text("utf-8")))
    return [shlex.split(match[1], comments=True) for match in found if match]


@NAMED
def test_every_command_that_it_names_exists_with_its_options(page: Path) -> None:
    for words in commands_of(page):
        if words == ["…"]:
            continue
        command: click.Command = cli
        while isinstance(command, click.Group) and words:
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, f"{command.name} {words}"
            command = found
        assert not isinstance(command, click.Group), f"{command.name} {words}"
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options, f"{command.name} {words}"


def test_commands_are_found_where_they_stand() -> None:
    assert [words[0] for words in commands_of(ROOT / "docs" / "install.md")].count("doctor") >= 4


@NAMED
def test_every_target_of_make_that_it_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in code_of(page.read_text(encoding="utf-8")):
        assert set(re.findall(r"(?:^|&& )make ([a-z0-9-]+)", line)) <= targets, line


@NAMED
def test_every_file_that_it_names_or_links_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert all((page.parent / path).exists() for path in linked), linked
    named = re.findall(r"`((?:backend|deploy|docs|addon|tests)/[\w./-]+)`", text)
    assert all((ROOT / path).exists() for path in named if path != "deploy/.env"), named


def test_the_scopes_are_those_that_are_asked_for() -> None:
    text = text_of("install.md")
    assert all(f"`{scope}`" in text for scope in (*MAILBOX_SCOPES, *SIGN_IN_SCOPES))
    assert set(re.findall(r"https://www\.googleapis\.com/auth/[\w.]+", text)) <= set(MAILBOX_SCOPES)


def test_the_scopes_of_the_add_on_are_those_of_its_manifest() -> None:
    table = re.findall(r"^\| (`.*?) \|", text_of("install-addon.md"), re.MULTILINE)
    told = {scope for row in table for scope in re.findall(r"`([^`]+)`", row)}
    manifest = json.loads((ROOT / "addon" / "appsscript.json").read_text(encoding="utf-8"))
    assert {scope for scope in told if scope == "openid" or scope.startswith("https://")} == set(
        manifest["oauthScopes"]
    )


def test_the_figures_of_linking_are_the_rules() -> None:
    text = " ".join(text_of("linking.md").split())
    points = (deals.TAKES_PART, deals.SUBJECT_POINTS, deals.MOVE_POINTS)
    assert "({} points), words of its name in the subject ({}), a recent move ({})".format(*points) in text
    assert f"It needs {deals.ENOUGH} points and {deals.LEAD} more" in text
    assert f"more than {people.MASS_MAIL} people" in text


def test_every_fault_is_named() -> None:
    listed = re.search(r"They are (.*?)\.\n", text_of("emulator.md"), re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`([\w-]+)`", listed[1])) == set(KINDS)
    assert len(KINDS) >= 30, "README says thirty"


def test_googles_own_client_talks_to_the_emulator_as_shown() -> None:
    (script,) = re.findall(r"```python\n(.*?)```", text_of("emulator.md"), re.DOTALL)
    emulator = Emulator(clock=SystemClock())
    emulator.add_mailbox("ana@example.com")
    with EmulatorServer(emulator, any_bearer=True) as server:
        script = script.replace("http://127.0.0.1:8025", server.url)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    emulator.close()
    assert "resultSizeEstimate" in done.stdout, done.stderr
