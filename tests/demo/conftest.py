"""One sample for all tests of the room, seen from a Friday afternoon."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.demo.sample import Sample, make_sample
from tests.demo.sample.parsed import Read, read_all

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def sample() -> Sample:
    """The invented workspace."""
    return make_sample(7, NOW)


@pytest.fixture(scope="session")
def mails(sample: Sample) -> list[Read]:
    """Its mail, parsed once: parsing takes longer than making."""
    return read_all(sample)
