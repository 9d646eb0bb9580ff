"""The cards that actions push, and those beside quiet mail."""

from dataclasses import replace
from datetime import date

import pytest

from backend.card.cards import context_card, deal, enrol, forms, home, receipt, search, trouble
from backend.card.cards.enrol import Picker
from backend.card.cards.several import MAX_PEOPLE
from backend.card.cards.trouble import Trouble
from backend.card.facts import Deal, Home, Internal, Known, Several, Subject, Unknown, Unlinked
from backend.card.words import Words
from tests.card.painting import actions_of, painted, text_of
from tests.card.samples import (
    CRM,
    DEAL,
    ENGLISH,
    FOUND,
    HOME,
    KNOWN,
    MAIL,
    RECEIPT,
    SPANISH,
    STARTABLE,
    STRANGER,
    UNKNOWN,
    people,
    undomained,
)


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (KNOWN, "contact"),
        (UNKNOWN, "unknown"),
        (Several(MAIL, people(3)), "several"),
        (Internal(MAIL), "internal"),
        (Unlinked(MAIL, "A newsletter."), "unlinked"),
    ],
)
def test_each_mail_gets_the_card_that_fits_it(subject: Subject, name: str) -> None:
    assert context_card(subject, ENGLISH).name == name


def test_a_stranger_can_be_created_linked_or_ignored_in_one_tap() -> None:
    card = context_card(UNKNOWN, ENGLISH)
    uses = actions_of(card)
    assert uses.keys() == {
        "create-contact", "create-contact-and-deal", "link-existing", "ignore-address", "ignore-domain",
        "new-contact",
    }  # fmt: skip
    assert all(use == [{"mail": "m1", "person": "t.abc-1"}] for use in uses.values())
    assert "Ignore fjord.example" in text_of(card)


def test_a_guessed_company_comes_with_its_evidence() -> None:
    lines = text_of(context_card(UNKNOWN, ENGLISH)).splitlines()
    at = lines.index("Probably from")
    assert lines[at : at + 3] == ["Probably from", "Fjord AS", "3 contacts write from fjord.example"]


def test_nobody_ignores_all_of_free_mail() -> None:
    card = context_card(Unknown(MAIL, STRANGER), ENGLISH)
    assert "ignore-domain" not in actions_of(card)
    assert "Probably from" not in text_of(card)


def test_fifty_participants_are_a_picker_that_says_how_many_it_left_out() -> None:
    card = context_card(Several(MAIL, people(50), deals=(DEAL,)), ENGLISH)
    assert len(actions_of(card)["open-person"]) == MAX_PEOPLE
    assert "50 people in this mail" in text_of(card)
    assert "and 25 more" in text_of(card)
    assert actions_of(card)["open-deal"] == [{"mail": "m1", "deal": "d1"}]


def test_quiet_mail_says_why_it_is_quiet_and_can_be_linked_anyway() -> None:
    left_out = context_card(Unlinked(MAIL, "You ignore fjord.example.", STRANGER, CRM + "settings"), ENGLISH)
    assert "You ignore fjord.example." in text_of(left_out)
    assert "See the rule" in text_of(left_out)
    assert "Nothing in the CRM matches this mail." in text_of(context_card(Unlinked(MAIL, ""), ENGLISH))
    for subject in (Internal(MAIL), Internal(MAIL, is_own=True), Unlinked(MAIL, "x")):
        assert actions_of(context_card(subject, ENGLISH))["link-existing"] == [{"mail": "m1"}]
    assert text_of(context_card(Internal(MAIL), ENGLISH)) != text_of(context_card(Internal(MAIL, is_own=True), ENGLISH))


def test_a_deal_shows_its_figures_its_owner_its_next_step_and_why_it_is_here() -> None:
    text = text_of(deal.card(DEAL, MAIL, ENGLISH))
    for shown in ("€12,000 · closes Dec 15", "Sam Field", "Send revised offer", RECEIPT.why, "Proposal"):
        assert shown in text


def test_a_deal_that_has_nothing_but_an_id_is_a_card_all_the_same() -> None:
    text = text_of(deal.card(Deal("d1", "", "", ()), MAIL, ENGLISH))
    assert text.splitlines() == ["Deal without a name", "Note", "Task", "Edit deal"]


def test_a_receipt_shows_rule_evidence_and_what_was_rejected() -> None:
    lines = text_of(receipt.card(RECEIPT, MAIL, ENGLISH))
    assert "Linked automatically 2h ago" in lines
    assert "• In-Reply-To: your offer of 3 Nov" in lines
    assert "• Nordwind – renewal 2027: closed" in lines


def test_a_link_is_undone_for_this_mail_thread_address_or_domain() -> None:
    undos = actions_of(receipt.card(RECEIPT, MAIL, ENGLISH))["unlink"]
    assert [undo.pop("scope") for undo in undos] == ["mail", "thread", "address", "domain"]
    assert undos == [{"mail": "m1", "link": "l1"}] * 4
    narrower = actions_of(receipt.card(undomained(RECEIPT), MAIL, ENGLISH))["unlink"]
    assert [undo["scope"] for undo in narrower] == ["mail", "thread", "address"]


def test_a_receipt_without_a_sentence_was_linked_by_hand_by_somebody() -> None:
    bare = replace(RECEIPT, why="", record="", evidence=(), rejected=(), linked_by="Sam", linked_at=None)
    text = text_of(receipt.card(bare, MAIL, ENGLISH))
    assert "Linked by hand" in text
    assert "Linked by Sam" in text


def test_a_search_keeps_the_query_and_links_what_it_found() -> None:
    card = search.card("nord", FOUND, MAIL, ENGLISH, person="p1")
    assert painted(card)["sections"][0]["widgets"][0]["textInput"]["value"] == "nord"
    assert actions_of(card)["search"] == [{"mail": "m1", "person": "p1"}]
    assert [use["record"] for use in actions_of(card)["link-to"]] == ["d1", "p1"]
    assert "Found" in text_of(card).splitlines()


def test_a_search_without_a_query_shows_likely_records_or_nothing() -> None:
    assert "Likely" in text_of(search.card("", FOUND, MAIL, ENGLISH)).splitlines()
    assert "Nothing found" not in text_of(search.card(" ", (), MAIL, ENGLISH))
    assert "Nothing found" in text_of(search.card("xyz", (), MAIL, ENGLISH))


def test_a_sequence_that_refuses_says_why_and_cannot_be_started() -> None:
    card = enrol.card(Picker("p1", "Ana Ruiz", STARTABLE, deal="d1"), MAIL, ENGLISH)
    assert actions_of(card)["start-sequence"] == [{"mail": "m1", "record": "p1", "sequence": "q1", "deal": "d1"}]
    assert "Ana is in another sequence" in text_of(card)
    assert "There is no sequence yet" in text_of(enrol.card(Picker("p1", "Ana"), MAIL, ENGLISH))


def test_forms_send_nothing_while_what_they_need_is_empty() -> None:
    note = painted(forms.note_card("p1", "Ana Ruiz", MAIL, ENGLISH))
    action = note["fixedFooter"]["primaryButton"]["onClick"]["action"]
    assert action["requiredWidgets"] == ["text"]
    assert action["parameters"] == [{"key": "mail", "value": "m1"}, {"key": "record", "value": "p1"}]
    task = painted(forms.task_card("p1", "Ana Ruiz", None, ENGLISH))
    assert [next(iter(w.values()))["name"] for w in task["sections"][0]["widgets"]] == ["title", "due"]
    call = forms.call_card("p1", "", (("reached", "Reached"), ("no_answer", "No answer")), MAIL, ENGLISH)
    assert painted(call)["sections"][0]["widgets"][0]["selectionInput"]["items"][0]["selected"] is True


def test_home_shows_tasks_replies_and_cold_deals() -> None:
    text = text_of(home.card(HOME, ENGLISH))
    for shown in ("overdue: Nov 19", "They wait for your reply", "quiet for 21 days", "3 mails are not linked"):
        assert shown in text


def test_home_without_work_says_what_the_panel_is_for() -> None:
    assert "Open a mail" in text_of(home.card(Home("Sam"), ENGLISH))


def test_home_keeps_its_lists_short_and_leads_to_the_whole() -> None:
    tasks = tuple(replace(HOME.tasks[0], id=f"k{i}", due_on=date(2026, 12, 1)) for i in range(60))
    assert "and 52 more" in text_of(home.card(Home("Sam", tasks=tasks, more_url=CRM), ENGLISH))


@pytest.mark.parametrize("kind", Trouble)
@pytest.mark.parametrize("words", [ENGLISH, SPANISH], ids=["en", "es"])
def test_every_trouble_says_what_was_kept_and_has_a_way_out(kind: Trouble, words: Words) -> None:
    card = trouble.card(kind, words, mail=MAIL, url=CRM, reference="r-1")
    assert actions_of(card)["refresh"] == [{"mail": "m1"}]
    assert "r-1" in text_of(card)


def test_trouble_without_an_address_still_offers_another_try() -> None:
    text = text_of(trouble.card(Trouble.NOT_CONNECTED, ENGLISH))
    assert "Try again" in text
    assert "Connect my mailbox" not in text


def test_the_cards_of_a_known_person_stay_within_googles_limits_whatever_their_number() -> None:
    crowd = Known(MAIL, KNOWN.person, deals=(DEAL,) * 60, candidates=KNOWN.candidates * 60, others=people(60))
    painted(context_card(crowd, ENGLISH))
