"""The installation that a command works on, opened from the environment and closed behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import click

from backend.installation import Installation, open_installation
from backend.settings import read_settings

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def installation() -> Iterator[Installation]:
    """Open the installation of this environment. Raises `UserError` for a setting that is missing or unsafe.

    A test hands its own over as the command's object.
    """
    given = click.get_current_context().obj
    if isinstance(given, Installation):
        yield given
        return
    opened = open_installation(read_settings())
    try:
        yield opened
    finally:
        opened.close()


def with_installation(command: Callable[Concatenate[Installation, P], T]) -> Callable[P, T]:
    """Hand a command its installation as the first argument."""

    @wraps(command)
    def opened(*args: P.args, **kwargs: P.kwargs) -> T:
        with installation() as here:
            return command(here, *args, **kwargs)

    return opened
