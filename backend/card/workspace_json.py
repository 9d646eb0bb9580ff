"""The view model as Google's own card JSON, for an add-on whose triggers call us over HTTP (no Apps Script between).

Source: https://developers.google.com/workspace/add-ons/reference/rpc/google.apps.card.v1 and, for the envelopes,
https://developers.google.com/workspace/add-ons/guides/alternate-runtimes. `actions_url` is where actions are posted:
the name of each is added to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from backend.card.shapes import Card, Cards, Footer, Header, Insert, Outcome, PopTo, Section
from backend.card.widgets import (
    Action,
    Button,
    Buttons,
    ButtonStyle,
    Columns,
    DatePicker,
    Divider,
    Icon,
    Image,
    Line,
    Link,
    OnClick,
    Paragraph,
    Select,
    TextInput,
    Widget,
)
from backend.kit.clock import to_epoch_ms

Json = dict[str, Any]
ACCENT: Json = {"red": 0x0F / 255, "green": 0x76 / 255, "blue": 0x6E / 255}  # teal #0f766e


def trigger_answer(cards: Cards, actions_url: str) -> Json:
    """What a homepage or contextual trigger answers (`RenderActions`)."""
    painter = _Painter(actions_url)
    return {"action": {"navigations": [{"pushCard": painter.card(card)} for card in cards.cards]}}


def action_answer(outcome: Outcome, actions_url: str) -> Json:
    """What an action answers (`SubmitFormResponse`)."""
    painter = _Painter(actions_url)
    if outcome.insert:
        return {
            "renderActions": {"hostAppAction": {"gmailAction": {"updateDraftActionMarkup": _draft(outcome.insert)}}}
        }
    action: Json = {"navigations": list(painter.navigations(outcome))}
    if outcome.notification:
        action["notification"] = {"text": outcome.notification}
    if outcome.open_link:
        action["link"] = {"url": outcome.open_link.url}
    return _said({"renderActions": {"action": _said(action)}, "stateChanged": outcome.state_changed})


def scope_request(scopes: Iterable[str]) -> Json:
    """What asks the reader to allow more before anything is shown; Google then calls again."""
    return {"requesting_google_scopes": {"scopes": list(scopes)}}


def card_json(card: Card, actions_url: str) -> Json:
    """One card (`google.apps.card.v1.Card`)."""
    return _Painter(actions_url).card(card)


class _Painter:
    """Paints widgets whose actions lead to one address."""

    def __init__(self, actions_url: str) -> None:
        self._actions_url = actions_url.rstrip("/")

    def navigations(self, outcome: Outcome) -> list[Json]:
        """Back first, then over or in place of the card that is on top by then."""
        steps: list[Json] = []
        if outcome.pop:
            steps.append({"popToRoot": True} if outcome.pop is PopTo.ROOT else {"pop": True})
        if outcome.update:
            steps.append({"updateCard": self.card(outcome.update)})
        if outcome.push:
            steps.append({"pushCard": self.card(outcome.push)})
        return steps

    def card(self, card: Card) -> Json:
        menu = [{"actionLabel": item.text, "onClick": self._click(item.on_click)} for item in card.menu]
        return _said(
            {
                "name": card.name,
                "header": _header(card.header),
                "sections": [self._section(section) for section in card.sections],
                "cardActions": menu,
                "fixedFooter": self._footer(card.footer) if card.footer else None,
            }
        )

    def _section(self, section: Section) -> Json:
        return _said(
            {
                "header": section.header,
                "widgets": [self._widget(widget) for widget in section.widgets],
                "collapsible": section.collapsible,
                "uncollapsibleWidgetsCount": section.shown,
            }
        )

    def _footer(self, footer: Footer) -> Json:
        secondary = self._button(footer.secondary) if footer.secondary else None
        return _said({"primaryButton": self._button(footer.primary), "secondaryButton": secondary})

    def _widget(self, widget: Widget) -> Json:  # noqa: PLR0911, C901 - one case a widget
        match widget:
            case Paragraph():
                return {"textParagraph": {"text": widget.text}}
            case Line():
                return {"decoratedText": self._line(widget)}
            case Buttons():
                return {"buttonList": {"buttons": [self._button(button) for button in widget.buttons]}}
            case Select():
                return {"selectionInput": self._select(widget)}
            case TextInput():
                return {"textInput": _text_input(widget)}
            case DatePicker():
                return {"dateTimePicker": _date_picker(widget)}
            case Divider():
                return {"divider": {}}
            case Image():
                return {"image": {"imageUrl": widget.url, "altText": widget.alt}}
            case Columns():
                sides = [{"widgets": [self._widget(w) for w in side]} for side in (widget.left, widget.right)]
                return {"columns": {"columnItems": sides}}

    def _line(self, line: Line) -> Json:
        return _said(
            {
                "startIcon": _icon(line.icon),
                "topLabel": line.top,
                "text": line.text,
                "bottomLabel": line.bottom,
                "wrapText": line.wrap,
                "button": self._button(line.button) if line.button else None,
                "onClick": self._click(line.on_click) if line.on_click else None,
            }
        )

    def _button(self, button: Button) -> Json:
        filled = {"color": ACCENT} if button.style is ButtonStyle.FILLED else {}
        kind = button.style.name
        return {"text": button.text, "type": kind, "onClick": self._click(button.on_click), **filled}

    def _select(self, select: Select) -> Json:
        items = [_said({"text": c.text, "value": c.value, "selected": c.selected}) for c in select.choices]
        change = self._action(select.on_change) if select.on_change else None
        return _said(
            {
                "name": select.name,
                "label": select.label,
                "type": "DROPDOWN",
                "items": items,
                "onChangeAction": change,
            }
        )

    def _click(self, click: OnClick) -> Json:
        if isinstance(click, Link):
            return {"openLink": {"url": click.url}}
        return {"action": self._action(click)}

    def _action(self, action: Action) -> Json:
        parameters = [{"key": key, "value": value} for key, value in action.parameters.items()]
        return _said(
            {
                "function": f"{self._actions_url}/{action.name}",
                "parameters": parameters,
                "requiredWidgets": list(action.required),
            }
        )


def _draft(insert: Insert) -> Json:
    """What goes into the mail that is being written: at the cursor, and in place of its subject."""
    contents = [{"content": insert.html, "contentType": "MUTABLE_HTML"}]
    body = {"insertContents": contents, "type": "IN_PLACE_INSERT"} if insert.html else None
    subject = {"subject": insert.subject} if insert.subject else None
    return _said({"updateBody": body, "updateSubject": subject})


def _header(header: Header) -> Json:
    picture = {"imageUrl": header.image_url, "imageType": "CIRCLE", "imageAltText": header.image_alt}
    words = {"title": header.title, "subtitle": header.subtitle}
    return _said({**words, **(picture if header.image_url else {})})


def _icon(icon: Icon | None) -> Json | None:
    return {"knownIcon": icon.value} if icon else None


def _text_input(text: TextInput) -> Json:
    kind = "MULTIPLE_LINE" if text.multiline else "SINGLE_LINE"
    said = {"name": text.name, "label": text.label, "hintText": text.hint, "value": text.value, "type": kind}
    return _said(said)


def _date_picker(picker: DatePicker) -> Json:
    """A day is its midnight in UTC, in milliseconds (int64, hence text in JSON)."""
    day = picker.value
    moment = str(to_epoch_ms(datetime(day.year, day.month, day.day, tzinfo=UTC))) if day else None
    return _said({"name": picker.name, "label": picker.label, "type": "DATE_ONLY", "valueMsEpoch": moment})


def _said(body: Json) -> Json:
    """Drop what says nothing: protobuf's defaults, which Google's own JSON omits too."""
    return {key: value for key, value in body.items() if value not in (None, "", [], False, 0)}
