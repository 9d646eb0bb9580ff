"""docs/sending-cases.md names tests that exist, and every case has one."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

TABLE = (ROOT / "docs" / "sending-cases.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("file", "name"), sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", TABLE))))
def test_a_test_that_the_table_names_exists(file: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_case_is_in_the_table_with_a_test() -> None:
    rows = re.findall(r"^\| (\d+)\. .+\| `.+::test_.+` \|$", TABLE, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 41))
