"""`--help` teaches: every command says what it is for, in lines that stand as they were written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from backend.__main__ import cli
from tests.conftest import ROOT


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command and group."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, name
            yield from paths(child, (*path, name))


@pytest.mark.parametrize("path", list(paths(cli)), ids=" ".join)
def test_every_command_has_a_help_without_marks_of_its_making(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(cli, [*path, "--help"])
    assert told.exit_code == 0
    assert "\\b" not in told.output
    lines = [line for line in told.output.splitlines() if line.strip()]
    assert len(lines[1].strip()) > 20


def test_what_is_no_command_is_refused_by_its_name() -> None:
    told = CliRunner().invoke(cli, ["demp"])
    assert told.exit_code == 2
    assert "No such command 'demp'" in told.output


def test_reading_a_mail_does_not_wait_for_the_web_server() -> None:
    asked = "import sys; from backend.__main__ import cli; cli(['mail', '--help'], standalone_mode=False); "
    told = subprocess.run(
        [sys.executable, "-c", asked + "print(sorted({'flask', 'sqlalchemy', 'holidays'} & set(sys.modules)))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.splitlines()[-1] == "[]"
