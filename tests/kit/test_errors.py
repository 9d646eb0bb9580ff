from __future__ import annotations

from backend.kit.errors import UserError

SPANISH = {
    "Step %(number)s: %(error)s": "Paso %(number)s: %(error)s",
    "“%(zone)s” is no zone.": "«%(zone)s» no es una zona.",
}


def translate(sentence: str) -> str:
    return SPANISH.get(sentence, sentence)


def test_an_error_reads_as_one_sentence_in_english_and_in_the_readers_language() -> None:
    error = UserError("“%(zone)s” is no zone.", zone="Moon")
    assert str(error) == "“Moon” is no zone."
    assert error.told(translate) == "«Moon» no es una zona."


def test_an_error_within_an_error_is_translated_as_well() -> None:
    error = UserError("Step %(number)s: %(error)s", number=2, error=UserError("“%(zone)s” is no zone.", zone="Moon"))
    assert str(error) == "Step 2: “Moon” is no zone."
    assert error.told(translate) == "Paso 2: «Moon» no es una zona."


def test_a_sentence_without_facts_may_hold_a_percent_sign() -> None:
    error = UserError("“100%” is no name.")
    assert str(error) == error.told(translate) == "“100%” is no name."
