from backend.card.shapes import Cards, Outcome, PopTo
from backend.card.workspace_json import action_answer, trigger_answer
from tests.card.gallery import CRM_LINK, EVERYTHING
from tests.card.painting import painted
from tests.card.samples import ACTIONS

CLICK = {
    "action": {
        "function": f"{ACTIONS}/save-note",
        "parameters": [{"key": "record", "value": "p1"}],
        "requiredWidgets": ["text"],
    }
}


def test_every_widget_is_painted_as_google_spells_it() -> None:
    body = painted(EVERYTHING)
    (section,) = body["sections"]
    kinds = " ".join(next(iter(widget)) for widget in section["widgets"])
    assert kinds == ("textParagraph decoratedText buttonList selectionInput textInput dateTimePicker divider columns")
    assert (section["header"], section["collapsible"], section["uncollapsibleWidgetsCount"]) == ("Facts", True, 2)
    assert body["header"]["imageType"] == "CIRCLE"
    assert body["cardActions"] == [
        {"actionLabel": "Open", "onClick": {"openLink": {"url": "https://crm.example.com/"}}}
    ]
    assert body["fixedFooter"]["primaryButton"]["onClick"] == CLICK


def test_a_filled_button_has_our_colour_and_no_other_has() -> None:
    footer = painted(EVERYTHING)["fixedFooter"]
    assert footer["primaryButton"]["type"] == "FILLED"
    assert round(footer["primaryButton"]["color"]["green"] * 255) == 0x76
    assert "color" not in footer["secondaryButton"]


def test_a_dropdown_posts_at_once_and_shows_its_present_value() -> None:
    select = painted(EVERYTHING)["sections"][0]["widgets"][3]["selectionInput"]
    assert select["type"] == "DROPDOWN"
    assert [item.get("selected", False) for item in select["items"]] == [False, True]
    assert select["onChangeAction"] == CLICK["action"]


def test_a_day_is_its_midnight_in_utc() -> None:
    picker = painted(EVERYTHING)["sections"][0]["widgets"][5]["dateTimePicker"]
    assert picker == {"name": "due", "label": "Due", "type": "DATE_ONLY", "valueMsEpoch": "1797292800000"}


def test_a_trigger_pushes_its_card() -> None:
    answer = trigger_answer(Cards((EVERYTHING,)), ACTIONS)
    assert answer == {"action": {"navigations": [{"pushCard": painted(EVERYTHING)}]}}


def test_an_action_goes_back_before_it_updates() -> None:
    answer = action_answer(Outcome(pop=PopTo.ONE, update=EVERYTHING, notification="Saved", state_changed=True), ACTIONS)
    assert answer == {
        "renderActions": {
            "action": {
                "navigations": [{"pop": True}, {"updateCard": painted(EVERYTHING)}],
                "notification": {"text": "Saved"},
            }
        },
        "stateChanged": True,
    }


def test_an_action_may_go_to_the_root_push_or_open_a_link() -> None:
    root = action_answer(Outcome(pop=PopTo.ROOT, push=EVERYTHING), ACTIONS)
    assert list(map(list, root["renderActions"]["action"]["navigations"])) == [["popToRoot"], ["pushCard"]]
    opened = action_answer(Outcome(open_link=CRM_LINK), ACTIONS)
    assert opened == {"renderActions": {"action": {"link": {"url": "https://crm.example.com/"}}}}
