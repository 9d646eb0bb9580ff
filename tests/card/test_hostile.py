"""Whatever people call themselves, every card paints, parses and passes the lint."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.card.cards import context_card, deal, forms, home, receipt
from backend.card.facts import Internal, Several, Unlinked
from backend.card.shapes import Card
from backend.card.words import Words
from tests.card.painting import painted
from tests.card.samples import DEAL, ENGLISH, HOME, KNOWN, MAIL, RECEIPT, SPANISH, STRANGER, UNKNOWN

# Ids and links are ours; all other text comes from people and their mail programs.
OURS = {"id", "url", "change", "link", "deal", "stage_id", "more_url", "unlinked_url", "currency", "scopes", "offers"}
HOSTILE = [
    '"Doe, Jane" <jane@x.example>',
    'O\'Neil & "Sons", Ltd; <script>alert(1)</script>',
    "مرحبا \u202eevil\u202c שלום",
    "👩‍💻🏳️‍🌈" * 200,
    "N" * 2000,
    "\x00\x1f\u200b\ufeff",
    "%(name)s %s {0} ${x}",
    "&lt;b&gt; <a href='javascript:x'>y</a>",
    "\ud800 lone",
    "line\nbreak\r\n\u2028two",
    "",
]
SUBJECTS = [KNOWN, UNKNOWN, Several(MAIL, (STRANGER,), (DEAL,)), Internal(MAIL), Unlinked(MAIL, "x", STRANGER)]


def rewritten(shape: Any, write: Callable[[], str]) -> Any:
    """The same facts, every text that people write replaced by what `write` returns."""
    if isinstance(shape, tuple):
        return tuple(rewritten(item, write) for item in shape)
    if type(shape) is str:
        return write()
    if not is_dataclass(shape) or isinstance(shape, type):
        return shape
    return replace(
        shape, **{f.name: rewritten(getattr(shape, f.name), write) for f in fields(shape) if f.name not in OURS}
    )


def every_card(write: Callable[[], str], words: Words) -> list[Card]:
    return [
        *(context_card(rewritten(subject, write), words) for subject in SUBJECTS),
        deal.card(rewritten(DEAL, write), MAIL, words),
        receipt.card(rewritten(RECEIPT, write), MAIL, words),
        home.card(rewritten(HOME, write), words),
        forms.note_card("p1", write(), MAIL, words),
    ]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("words", [ENGLISH, SPANISH], ids=["en", "es"])
def test_hostile_texts_are_shown_or_replaced_and_never_break_a_card(text: str, words: Words) -> None:
    for card in every_card(lambda: text, words):
        painted(card)


@given(st.data())
def test_any_text_at_all_makes_cards_that_google_takes(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text(max_size=200), min_size=1, max_size=8))
    turn = iter(texts * 60)
    for card in every_card(lambda: next(turn, ""), ENGLISH):
        painted(card)


def test_markup_in_a_name_is_shown_as_it_was_written() -> None:
    bodies = [str(painted(card)) for card in every_card(lambda: "<b>x</b>", ENGLISH)]
    assert any("&lt;b&gt;x&lt;/b&gt;" in body for body in bodies)
