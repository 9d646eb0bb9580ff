"""The contract, kept by the emulator in process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.gmail.emulator.gateway import EmulatorGmail
from tests.gmail.contract import GmailContract, World, new_world


class TestInProcess(GmailContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        world = new_world(EmulatorGmail)
        yield world
        world.emulator.close()
