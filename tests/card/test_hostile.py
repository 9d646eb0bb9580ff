"""Whatever people call themselves, every card paints, parses and passes the lint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.card.words import Words
from tests.card.gallery import HOSTILE, every_card
from tests.card.painting import painted
from tests.card.samples import ENGLISH, SPANISH


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
