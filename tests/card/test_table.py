"""docs/cards.md names tests that exist, and shows every picture of a card that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "cards.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_table_names_exists(file: str, name: str) -> None:
    path = ROOT / file if file.startswith("tests/") else Path(__file__).parent / file
    assert f"def {name}(" in path.read_text(encoding="utf-8")


def test_every_picture_of_a_card_is_shown_and_every_one_shown_is_there() -> None:
    there = {file.stem for file in (ROOT / "docs" / "pictures" / "cards").glob("*.png")}
    assert there == set(re.findall(r"pictures/cards/([\w-]+)\.png", PAGE))
