from __future__ import annotations

from pathlib import Path

import pytest

import backend.demo.sample
from backend.demo.sample.script import Ago, Script, read_ago, read_book, read_text

_TEXTS = Path(backend.demo.sample.__file__).parent / "texts"
_BOOKS = sorted(
    str(path.relative_to(_TEXTS)) for folder in ("deals", "talk") for path in (_TEXTS / folder).glob("*.txt")
)


def _scripts() -> list[Script]:
    return [script for book in _BOOKS for script in read_book(book).scripts]


def test_no_line_of_a_screenplay_is_lost() -> None:
    for book in _BOOKS:
        lines = read_text(book).splitlines()
        scripts = read_book(book).scripts
        assert sum(len(script.lines) for script in scripts) == sum(line.startswith("@ ") for line in lines)
        assert sum(len(script.jots) for script in scripts) == sum(line.startswith("~ ") for line in lines)


def test_titles_are_unique_because_they_seed_what_is_drawn() -> None:
    titles = [script.title for script in _scripts()]
    assert len(titles) == len(set(titles))


def test_stories_are_told_forward() -> None:
    for script in _scripts():
        days = [line.when.days for line in script.lines]
        assert days == sorted(days, reverse=True), script.title


def test_at_least_twenty_five_deals_have_their_own_story() -> None:
    deals = [script for script in _scripts() if script.is_deal]
    assert len(deals) >= 25
    assert len({line.text for deal in deals for line in deal.lines}) == sum(len(deal.lines) for deal in deals)


@pytest.mark.parametrize(
    ("words", "meant"),
    [("41", Ago(41)), ("+6", Ago(-6)), ("12h", Ago(0.5, exact=True)), ("90m", Ago(0.0625, exact=True))],
)
def test_times_are_days_hours_or_minutes(words: str, meant: Ago) -> None:
    assert read_ago(words) == meant


def test_a_line_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = "- Title\nlanguage: en\n\n@ 3 tom ana\nHello\n"
    monkeypatch.setattr("backend.demo.sample.script.read_text", lambda _path: broken)
    with pytest.raises(ValueError, match="@ 3 tom ana"):
        read_book("broken.txt")
