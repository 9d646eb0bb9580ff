"""The parts of a card: widgets, and the clicks and buttons on them. Their limits hold by construction (`limits`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from backend.card.limits import (
    BUTTON_CHARS,
    FIELD_NAME,
    LABEL_CHARS,
    OPAQUE_ID,
    TEXT_CHARS,
    require,
    require_picture,
    set_html,
    set_plain,
    set_verbatim,
)
from backend.card.markup import is_safe_link


class Icon(StrEnum):
    """Google's built-in icons that we use; both renderers know them by these names."""

    BOOKMARK = "BOOKMARK"
    CLOCK = "CLOCK"
    DEAL = "DOLLAR"
    EMAIL = "EMAIL"
    NOTE = "DESCRIPTION"
    PEOPLE = "MULTIPLE_PEOPLE"
    PERSON = "PERSON"
    PHONE = "PHONE"
    SEQUENCE = "INVITE"
    STAR = "STAR"
    COMPANY = "STORE"
    TASK = "CONFIRMATION_NUMBER_ICON"


class ButtonStyle(StrEnum):
    """How loud a button is; at most one FILLED button belongs on a card."""

    OUTLINED = "outlined"
    FILLED = "filled"
    BORDERLESS = "borderless"


@dataclass(frozen=True, slots=True)
class Link:
    """A click that opens `url` in a new tab: absolute https, or http to this machine in the demo."""

    url: str
    type: ClassVar[str] = "link"

    def __post_init__(self) -> None:
        require(is_safe_link(self.url), "a link is absolute https")


@dataclass(frozen=True, slots=True)
class Action:
    """A click that posts to `/addon/v1/actions/<name>`.

    `parameters` hold ids only: they pass through the browser, and every action is authorised afresh. `required` names
    the inputs that must be filled before the host sends anything.
    """

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    type: ClassVar[str] = "action"

    def __post_init__(self) -> None:
        require(re.fullmatch(r"[a-z]+(-[a-z]+)*", self.name), "an action's name is lower case words and hyphens")
        require("action" not in self.parameters, "the script passes the action's name as the parameter 'action'")
        for key, value in self.parameters.items():
            require(FIELD_NAME.fullmatch(key) and OPAQUE_ID.fullmatch(value), f"parameter {key} is not an opaque id")
        for name in self.required:
            require(FIELD_NAME.fullmatch(name), "a required input has a name")


OnClick = Link | Action


@dataclass(frozen=True, slots=True)
class Button:
    """A button with words on it."""

    text: str
    on_click: OnClick
    style: ButtonStyle = ButtonStyle.OUTLINED

    def __post_init__(self) -> None:
        set_plain(self, "text", BUTTON_CHARS, needed=True)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text (HTML)."""

    text: str
    type: ClassVar[str] = "paragraph"

    def __post_init__(self) -> None:
        set_html(self, "text", TEXT_CHARS, needed=True)


@dataclass(frozen=True, slots=True)
class Line:
    """Google's DecoratedText: a text (HTML) with an icon, a label above and below it, and a click or a button."""

    text: str
    icon: Icon | None = None
    top: str = ""
    bottom: str = ""
    wrap: bool = True
    button: Button | None = None
    on_click: OnClick | None = None
    type: ClassVar[str] = "line"

    def __post_init__(self) -> None:
        set_html(self, "text", TEXT_CHARS, needed=True)
        set_plain(self, "top", LABEL_CHARS)
        set_plain(self, "bottom", TEXT_CHARS)


@dataclass(frozen=True, slots=True)
class Buttons:
    """Buttons in a row, which wraps."""

    buttons: tuple[Button, ...]
    type: ClassVar[str] = "buttons"

    def __post_init__(self) -> None:
        require(self.buttons, "a row of buttons has a button")


@dataclass(frozen=True, slots=True)
class Choice:
    """One item of a `Select`; `value` is what the action receives."""

    text: str
    value: str
    selected: bool = False

    def __post_init__(self) -> None:
        set_plain(self, "text", LABEL_CHARS, needed=True)
        require(OPAQUE_ID.fullmatch(self.value), "a choice's value is an opaque id")


@dataclass(frozen=True, slots=True)
class Select:
    """A dropdown; `on_change` is posted at once, with the new value among the inputs."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    on_change: Action | None = None
    type: ClassVar[str] = "select"

    def __post_init__(self) -> None:
        _set_input(self)
        require(self.choices, "a dropdown has a choice")
        require(sum(c.selected for c in self.choices) <= 1, "a dropdown shows one choice")


@dataclass(frozen=True, slots=True)
class TextInput:
    """A field to write in. `value` keeps its lines and its length: what is edited comes back whole."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    multiline: bool = False
    type: ClassVar[str] = "input"

    def __post_init__(self) -> None:
        _set_input(self)
        set_plain(self, "hint", LABEL_CHARS)
        set_verbatim(self, "value")


@dataclass(frozen=True, slots=True)
class DatePicker:
    """A day to choose; the action receives it as ISO text ("2026-12-15")."""

    name: str
    label: str
    value: date | None = None
    type: ClassVar[str] = "date"

    def __post_init__(self) -> None:
        _set_input(self)


@dataclass(frozen=True, slots=True)
class Divider:
    """A thin line between widgets."""

    type: ClassVar[str] = "divider"


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, PNG or JPEG (Gmail shows no SVG), and what it shows in words."""

    url: str
    alt: str
    type: ClassVar[str] = "image"

    def __post_init__(self) -> None:
        require_picture(self.url)
        set_plain(self, "alt", LABEL_CHARS, needed=True)


Plain = Paragraph | Line | Buttons | Select | TextInput | DatePicker | Image


@dataclass(frozen=True, slots=True)
class Columns:
    """Two columns side by side; Google allows no third, and nothing nested but plain widgets."""

    left: tuple[Plain, ...]
    right: tuple[Plain, ...]
    type: ClassVar[str] = "columns"

    def __post_init__(self) -> None:
        require(self.left and self.right, "a column has a widget")


Widget = Plain | Divider | Columns


def _set_input(shape: TextInput | Select | DatePicker) -> None:
    require(FIELD_NAME.fullmatch(shape.name), "an input has a name")
    set_plain(shape, "label", LABEL_CHARS, needed=True)
