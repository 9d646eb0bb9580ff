"""docs/sync-cases.md names tests that exist, and every case has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

TABLE = (ROOT / "docs" / "sync-cases.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", TABLE)))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_table_names_exists(file: str, name: str) -> None:
    path = ROOT / file if file.startswith("tests/") else Path(__file__).parent / file
    assert f"def {name}(" in path.read_text(encoding="utf-8")


def test_every_case_is_in_the_table_with_a_test() -> None:
    rows = re.findall(r"^\| (\d+)\. .+\| `.+::test_.+` \|$", TABLE, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 30))


def test_every_test_of_a_case_is_in_the_table() -> None:
    files = Path(__file__).parent.glob("test_*.py")
    tests = {
        name
        for file in files
        if file.name != Path(__file__).name
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert tests == {name for file, name in NAMED if not file.startswith("tests/")}
