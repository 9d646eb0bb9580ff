"""An office with the add-on in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.card.addon import Addon, addon_for
from tests.card.world import World
from tests.cast import Office


@pytest.fixture
def addon(office: Office) -> Iterator[Addon]:
    """Alice's add-on, on both databases."""
    with addon_for(office) as addon:
        yield addon


@pytest.fixture
def world(office: Office) -> World:
    """What Alice has typed in."""
    return World(office)
