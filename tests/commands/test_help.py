"""`--help` teaches: every command says what it is for, in lines that stand as they were written."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from backend.__main__ import cli


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command and group."""
    yield path
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from paths(child, (*path, name))


@pytest.mark.parametrize("path", list(paths(cli)), ids=" ".join)
def test_every_command_has_a_help_without_marks_of_its_making(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(cli, [*path, "--help"])
    assert told.exit_code == 0
    assert "\\b" not in told.output
    lines = [line for line in told.output.splitlines() if line.strip()]
    assert len(lines[1].strip()) > 20
