import json
from datetime import date

import pytest

from backend.card.shapes import Card, Cards, Footer, Header, MenuItem, Outcome, PopTo, Section
from backend.card.widgets import (
    Action,
    Button,
    Buttons,
    ButtonStyle,
    Choice,
    Columns,
    DatePicker,
    Divider,
    Icon,
    Image,
    Line,
    Link,
    Paragraph,
    Select,
    TextInput,
)

CRM = Link("https://crm.example.com/")
SAVE = Action("save-note", {"record": "p1"}, required=("text",))


def card_of(*widgets: Paragraph | Columns) -> Card:
    return Card("contact", Header("Ana"), (Section(tuple(widgets)),))


def test_the_wire_form_has_camel_case_keys_types_and_nothing_empty() -> None:
    line = Line("A & B", icon=Icon.COMPANY, on_click=CRM)
    card = Card(
        "contact",
        Header("Ana Ruiz", image_url="https://crm.example.com/a.png"),
        (Section((line, DatePicker("due", "Due", date(2026, 12, 15))), "Facts", collapsible=True, shown=1),),
        menu=(MenuItem("Open", CRM),),
        footer=Footer(Button("Save", SAVE, ButtonStyle.FILLED)),
    )
    link = {"type": "link", "url": "https://crm.example.com/"}
    save = {"type": "action", "name": "save-note", "parameters": {"record": "p1"}, "required": ["text"]}
    assert Cards((card,)).to_json() == {
        "v": 1,
        "cards": [
            {
                "name": "contact",
                "header": {"title": "Ana Ruiz", "imageUrl": "https://crm.example.com/a.png"},
                "sections": [
                    {
                        "header": "Facts",
                        "collapsible": True,
                        "shown": 1,
                        "widgets": [
                            {"type": "line", "text": "A &amp; B", "icon": "STORE", "wrap": True, "onClick": link},
                            {"type": "date", "name": "due", "label": "Due", "value": "2026-12-15"},
                        ],
                    }
                ],
                "menu": [{"text": "Open", "onClick": link}],
                "footer": {"primary": {"text": "Save", "onClick": save, "style": "filled"}},
            }
        ],
    }


def test_an_outcome_says_how_to_move_and_what_to_toast() -> None:
    outcome = Outcome(pop=PopTo.ONE, update=card_of(Paragraph("x")), notification="Saved", state_changed=True)
    body = outcome.to_json()
    assert body.pop("update")["name"] == "contact"
    assert body == {"v": 1, "pop": "one", "notification": "Saved", "stateChanged": True}


def test_the_wire_form_is_json_all_through() -> None:
    body = Cards((card_of(Columns((Paragraph("a"),), (Image("https://crm.example.com/a.png", "A"),))),)).to_json()
    assert json.loads(json.dumps(body)) == body


def test_text_is_shortened_rather_than_refused() -> None:
    assert len(Header("A" * 2000).title) == 80
    assert len(Button("B" * 2000, CRM).text) == 40
    assert len(Paragraph("C" * 2000).text) == 800


def test_what_is_edited_keeps_its_lines_and_its_length() -> None:
    text = "one\ntwo\n" + "x" * 3000
    assert TextInput("text", "Note", value=text, multiline=True).value == text


@pytest.mark.parametrize("nothing", ["", "  ", "\n", "\u200b", "\u202e"])
def test_a_text_that_shows_nothing_is_refused(nothing: str) -> None:
    for build in (Paragraph, Line, Header):
        with pytest.raises(ValueError, match="is empty"):
            build(nothing)
    with pytest.raises(ValueError, match="is empty"):
        Button(nothing, CRM)
    with pytest.raises(ValueError, match="is empty"):
        TextInput("text", nothing)


def test_sections_rows_dropdowns_and_columns_hold_something() -> None:
    for build in (lambda: Section(()), lambda: Buttons(()), lambda: Select("a", "A", ()), lambda: Columns((), ())):
        with pytest.raises(ValueError, match="has a"):
            build()
    with pytest.raises(ValueError, match="section"):
        Card("contact", Header("Ana"), ())
    with pytest.raises(ValueError, match="card"):
        Cards(())


def test_a_card_has_at_most_a_hundred_widgets_those_in_columns_counted() -> None:
    card_of(*[Paragraph("x")] * 100)
    with pytest.raises(ValueError, match="100 widgets"):
        card_of(*[Paragraph("x")] * 101)
    with pytest.raises(ValueError, match="100 widgets"):
        card_of(*[Paragraph("x")] * 98, Columns((Paragraph("l"),), (Paragraph("r"),)))


@pytest.mark.parametrize("url", ["http://crm.example.com/", "javascript:alert(1)", "mailto:ana@nordwind.example"])
def test_links_lead_to_https_only(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Link(url)


def test_pictures_are_https_and_no_svg() -> None:
    for url in ("https://crm.example.com/a.svg", "https://crm.example.com/a.SVG?x=1", "http://crm.example.com/a.png"):
        with pytest.raises(ValueError, match="picture"):
            Image(url, "A")


@pytest.mark.parametrize("value", ["ana@nordwind.example", "Ana Ruiz", "a/b", "", "x" * 513, "1\n"])
def test_action_parameters_are_opaque_ids_never_addresses_or_names(value: str) -> None:
    with pytest.raises(ValueError, match="opaque id"):
        Action("open-person", {"person": value})


def test_no_parameter_takes_the_place_of_the_actions_name() -> None:
    with pytest.raises(ValueError, match="parameter 'action'"):
        Action("open-person", {"action": "p1"})


@pytest.mark.parametrize("name", ["", "Save", "save_note", "save-", "../x", "save-note\n"])
def test_an_action_is_named_as_its_path(name: str) -> None:
    with pytest.raises(ValueError, match="action's name"):
        Action(name)


@pytest.mark.parametrize("name", ["", "Text", "a b", "1st", "x" * 41])
def test_inputs_and_cards_have_names(name: str) -> None:
    with pytest.raises(ValueError, match="has a name"):
        TextInput(name, "Note")
    with pytest.raises(ValueError, match="has a name"):
        Card(name, Header("Ana"), (Section((Divider(),)),))


def test_a_dropdown_shows_one_choice() -> None:
    with pytest.raises(ValueError, match="one choice"):
        Select("stage", "Stage", (Choice("A", "1", selected=True), Choice("B", "2", selected=True)))


def test_no_more_widgets_are_shown_than_there_are() -> None:
    with pytest.raises(ValueError, match="shown"):
        Section((Divider(),), collapsible=True, shown=2)


def test_an_action_answers_one_thing_that_makes_sense() -> None:
    card = card_of(Paragraph("x"))
    with pytest.raises(ValueError, match="pushes a card or updates"):
        Outcome(push=card, update=card)
    with pytest.raises(ValueError, match="moves, opens a link or writes"):
        Outcome(push=card, open_link=CRM)
    with pytest.raises(ValueError, match="answers something"):
        Outcome(state_changed=True)
