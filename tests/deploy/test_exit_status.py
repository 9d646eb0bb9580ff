"""What `enlace` tells the shell."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
import pytest

from backend.__main__ import cli, main
from backend.kit.errors import UserError


def well() -> None:
    """Nothing to say."""


def found_something() -> None:
    raise click.exceptions.Exit(1)


def could_not() -> None:
    raise UserError("It is not here; look elsewhere.")


@pytest.mark.parametrize(("callback", "status"), [(well, None), (found_something, 1), (could_not, 2)])
def test_a_command_ends_with_the_status_that_it_gives(
    monkeypatch: pytest.MonkeyPatch, callback: Callable[[], None], status: int | None
) -> None:
    monkeypatch.setitem(cli.commands, "sample", click.Command("sample", callback=callback))
    monkeypatch.setattr(sys, "argv", ["enlace", "sample"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == status
