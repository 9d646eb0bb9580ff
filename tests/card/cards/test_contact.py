from dataclasses import replace
from datetime import date, timedelta

import pytest

from backend.card.cards import contact, sequence
from backend.card.cards.contact import MAX_OTHERS
from backend.card.facts import BASIC_OFFERS, Do, LastTouch, Means, Person, Speaker
from backend.card.sequence_facts import Enrolment
from backend.sequences.shapes import EnrolmentState
from backend.sequences.wording.words import state_word
from tests.card.painting import actions_of, painted, text_of
from tests.card.samples import DEAL, ENGLISH, ENROLMENT, KNOWN, MAIL, NOW, SPANISH, STANDING, TASK, people


def test_the_first_lines_say_who_it_is_and_who_owes_whom_a_reply() -> None:
    lines = text_of(contact.card(replace(KNOWN, notice=None), ENGLISH)).splitlines()
    assert lines[:5] == [
        "Ana Ruiz",
        "Head of Purchasing",
        "ana@nordwind.example",
        "Nordwind GmbH",
        "Ana wrote 2h ago · you owe a reply",
    ]


@pytest.mark.parametrize(
    ("touch", "read"),
    [
        (LastTouch(Speaker.YOU, NOW), "You wrote just now"),
        (LastTouch(Speaker.YOU, NOW, means=Means.CALL), "You called just now"),
        (LastTouch(Speaker.THEM, NOW), "They wrote just now"),
        (LastTouch(Speaker.COLLEAGUE, NOW), "A colleague wrote just now"),
        (LastTouch(Speaker.COLLEAGUE, NOW, "Ida", means=Means.CALL), "Ida called just now"),
        (LastTouch(Speaker.THEM, NOW - timedelta(hours=2), "Ana", means=Means.MEETING), "Met 2h ago"),
    ],
)
def test_the_last_touch_says_who_spoke_how_and_when(touch: LastTouch, read: str) -> None:
    assert read in text_of(contact.card(replace(KNOWN, last_touch=touch), ENGLISH)).splitlines()


def test_the_stage_is_moved_from_the_card() -> None:
    card = contact.card(KNOWN, ENGLISH)
    assert actions_of(card)["set-stage"] == [{"mail": "m1", "deal": "d1"}]
    assert "€12,000 · closes Dec 15" in text_of(card)


def test_why_leads_to_the_receipt_and_only_where_there_is_one() -> None:
    assert {"mail": "m1", "link": "l1"} in actions_of(contact.card(KNOWN, ENGLISH))["why"]
    bare = replace(KNOWN, receipt=None, deals=(replace(DEAL, receipt=None),))
    assert "why" not in actions_of(contact.card(bare, ENGLISH))


def test_an_unsure_deal_is_asked_about_with_the_evidence_for_each() -> None:
    card = contact.card(KNOWN, ENGLISH)
    assert actions_of(card)["choose-deal"] == [{"mail": "m1", "deal": "d1"}, {"mail": "m1"}]
    assert "the subject names it" in text_of(card)


def test_the_next_task_is_completed_from_the_card() -> None:
    card = contact.card(KNOWN, ENGLISH)
    assert actions_of(card)["complete-task"] == [{"mail": "m1", "task": "k1"}]
    assert "due tomorrow · Nordwind – 40 seats" in text_of(card)


def test_a_task_without_a_day_is_a_task_all_the_same() -> None:
    undated = replace(TASK, due_on=None, record="")
    card = painted(contact.card(replace(KNOWN, next_task=undated, notice=None, candidates=(), deals=()), ENGLISH))
    assert "bottomLabel" not in card["sections"][1]["widgets"][0]["decoratedText"]


@pytest.mark.parametrize("state", EnrolmentState)
def test_a_sequence_says_where_it_stands_and_why(state: EnrolmentState) -> None:
    text = text_of(contact.card(replace(KNOWN, enrolments=(replace(ENROLMENT, state=state),)), ENGLISH))
    assert "Onboarding · step 2 of 5" in text
    assert f"{state_word(state, str)}: she replied" in text


def test_a_sequence_is_paused_and_resumed_from_the_card_by_whom_it_belongs_to() -> None:
    def levers(enrolment: Enrolment) -> set[str]:
        drawn = actions_of(contact.card(replace(KNOWN, enrolments=(enrolment,)), ENGLISH))
        return {name for name in drawn if name.endswith("-sequence")}

    assert levers(ENROLMENT) == {"resume-sequence", "open-sequence"}
    assert levers(replace(ENROLMENT, state=EnrolmentState.ACTIVE)) == {"pause-sequence", "open-sequence"}
    assert levers(replace(ENROLMENT, state=EnrolmentState.STOPPED)) == {"open-sequence"}
    assert levers(replace(ENROLMENT, may_steer=False)) == set()


def test_what_comes_next_in_a_sequence_is_said() -> None:
    active = replace(ENROLMENT, state=EnrolmentState.ACTIVE, reason="", next_on=date(2026, 11, 22), rep="Ida")
    text = text_of(contact.card(replace(KNOWN, enrolments=(active,)), ENGLISH))
    assert "running · next tomorrow" in text
    assert "Sequence · Ida" in text
    skipping = replace(active, is_skipping=True)
    card = sequence.card(replace(STANDING, enrolment=skipping), MAIL, ENGLISH)
    assert "the next mail is left out" in text_of(card)
    assert actions_of(card).keys() == {"pause-sequence", "send-after-all", "stop-sequence"}


def test_no_button_is_drawn_for_what_cannot_be_done_yet() -> None:
    drawn = actions_of(contact.card(replace(KNOWN, offers=BASIC_OFFERS), ENGLISH))
    assert {Do.NEW_NOTE, Do.NEW_TASK} <= drawn.keys()
    assert not {Do.ENROL, Do.NEW_CALL, Do.LINK_EXISTING} & drawn.keys()


def test_what_was_just_done_can_be_undone_from_the_top_of_the_card() -> None:
    first = painted(contact.card(KNOWN, ENGLISH))["sections"][0]["widgets"][0]["decoratedText"]
    assert first["text"] == "Moved to Proposal"
    assert first["button"]["text"] == "Undo"


def test_fifty_participants_fit_and_the_rest_is_counted() -> None:
    text = text_of(contact.card(replace(KNOWN, others=people(50)), ENGLISH))
    assert f"and {50 - MAX_OTHERS} more" in text


def test_somebody_without_a_name_goes_by_the_address_and_without_both_by_words() -> None:
    person = Person("p1", "kim@fjord.example")
    assert text_of(contact.card(replace(KNOWN, person=person), ENGLISH)).startswith("kim@fjord.example")
    nobody = Person("p1", "\u200b", "\u202e")
    assert text_of(contact.card(replace(KNOWN, person=nobody), ENGLISH)).startswith("Unknown sender")


def test_a_bare_contact_is_a_card_all_the_same() -> None:
    bare = replace(KNOWN, last_touch=None, deals=(), candidates=(), next_task=None, enrolments=(), others=())
    assert "Deal" not in text_of(contact.card(replace(bare, offers=frozenset(), notice=None), ENGLISH))


def test_names_are_escaped_where_cards_read_html_and_not_where_they_do_not() -> None:
    card = painted(contact.card(replace(KNOWN, person=replace(KNOWN.person, name="A & <b>", address="&<i>")), ENGLISH))
    assert card["header"]["title"] == "A & <b>"
    assert card["sections"][1]["widgets"][0]["decoratedText"]["text"] == "&amp;&lt;i&gt;"


def test_every_sentence_passes_through_the_catalogue() -> None:
    lines = text_of(contact.card(KNOWN, SPANISH)).splitlines()
    untranslated = {line for line in lines if "«" not in line}
    assert untranslated == {
        "Ana Ruiz",
        "Head of Purchasing",
        "ana@nordwind.example",
        "Nordwind GmbH",
        "Moved to Proposal",
        "Nordwind – 40 seats",
        "Nordwind – training",
        "the subject names it",
        "Proposal",
        "Qualified",
        "Won",
        "Send revised offer",
        "Kim Berg",
    }
    assert "«Ana wrote hace 2 h» · «you owe a reply»" in lines
