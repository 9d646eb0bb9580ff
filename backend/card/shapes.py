"""The view model: a card as the reader will see it, and an action's answer. What can be built here can be painted.

The limits of Google's cards hold by construction (`limits`): text is shortened and rid of what cannot be shown, `Html`
fields are escaped, and what Google would refuse (an empty text, section or button, a foreign link, an input without a
name, more than 100 widgets) raises `ValueError`. The other texts (headers, labels, buttons) are shown as they are.

The wire form (`to_json`) has camelCase keys and omits what is empty; a widget and a click name their kind in `type`:

    {"v": 1, "cards": [{"name": "contact", "header": {"title": "Ana Ruiz"}, "sections": [{"widgets": [
        {"type": "line", "text": "Nordwind", "icon": "STORE", "onClick": {"type": "link", "url": "https://…"}}]}]}]}
    {"v": 1, "pop": "one", "update": {…a card…}, "notification": "Saved", "stateChanged": true}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from backend.card.limits import (
    BUTTON_CHARS,
    FIELD_NAME,
    LABEL_CHARS,
    MAX_WIDGETS,
    SUBJECT_CHARS,
    TITLE_CHARS,
    require,
    require_picture,
    set_html,
    set_plain,
)
from backend.card.widgets import Button, Columns, Link, OnClick, Widget
from backend.card.wire import wire_fields

VERSION = 1


class PopTo(StrEnum):
    """How far an action goes back before it updates or pushes a card."""

    ONE = "one"
    ROOT = "root"


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a card."""

    title: str
    subtitle: str = ""
    image_url: str = ""
    image_alt: str = ""

    def __post_init__(self) -> None:
        set_plain(self, "title", TITLE_CHARS, needed=True)
        set_plain(self, "subtitle", LABEL_CHARS)
        set_plain(self, "image_alt", LABEL_CHARS)
        if self.image_url:
            require_picture(self.image_url)


@dataclass(frozen=True, slots=True)
class Section:
    """Widgets under one heading; folded after the first `shown` widgets where it is `collapsible`."""

    widgets: tuple[Widget, ...]
    header: str = ""
    collapsible: bool = False
    shown: int = 0

    def __post_init__(self) -> None:
        require(self.widgets, "a section has a widget")
        require(0 <= self.shown <= len(self.widgets), "no more widgets are shown than there are")
        set_html(self, "header", TITLE_CHARS)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the three dots in the card's head."""

    text: str
    on_click: OnClick

    def __post_init__(self) -> None:
        set_plain(self, "text", BUTTON_CHARS, needed=True)


@dataclass(frozen=True, slots=True)
class Footer:
    """The buttons that stay at the bottom of a form."""

    primary: Button
    secondary: Button | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One card; `name` is what navigation calls it."""

    name: str
    header: Header
    sections: tuple[Section, ...]
    menu: tuple[MenuItem, ...] = ()
    footer: Footer | None = None

    def __post_init__(self) -> None:
        require(FIELD_NAME.fullmatch(self.name), "a card has a name")
        require(self.sections, "a card has a section")
        require(sum(1 for _ in self.widgets()) <= MAX_WIDGETS, f"a card has at most {MAX_WIDGETS} widgets")

    def widgets(self) -> Iterator[Widget]:
        """Every widget, those inside columns too."""
        for section in self.sections:
            for widget in section.widgets:
                yield widget
                if isinstance(widget, Columns):
                    yield from (*widget.left, *widget.right)


@dataclass(frozen=True, slots=True)
class Cards:
    """What a trigger answers: the card to show (several would become a list to choose from)."""

    cards: tuple[Card, ...]

    def __post_init__(self) -> None:
        require(self.cards, "a trigger answers with a card")

    def to_json(self) -> dict[str, Any]:
        """Return the body of `POST /addon/v1/context`."""
        return {"v": VERSION, **wire_fields(self)}


@dataclass(frozen=True, slots=True)
class Insert:
    """What an action puts into the mail that is being written: HTML at the cursor, a subject in place of the present.

    `html` is whole and safe already (a template's, with its fields escaped); it is not shortened. Either may be "".
    """

    html: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        set_plain(self, "subject", SUBJECT_CHARS)
        require(self.html or self.subject, "an insertion has something to insert")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action answers: first back (`pop`), then a card over or in place of the present one, and a toast.

    `state_changed` tells Gmail that cards beneath are stale. An action opens a link, moves between cards or writes into
    the draft (`insert`): one of them.
    """

    push: Card | None = None
    update: Card | None = None
    pop: PopTo | None = None
    notification: str = ""
    open_link: Link | None = None
    insert: Insert | None = None
    state_changed: bool = False

    def __post_init__(self) -> None:
        set_plain(self, "notification", LABEL_CHARS)
        moves = bool(self.push or self.update or self.pop)
        require(not (self.push and self.update), "an action pushes a card or updates one")
        ways = [bool(way) for way in (moves, self.open_link, self.insert)]
        require(sum(ways) <= 1, "an action moves, opens a link or writes into the draft")
        require(not (self.insert and self.notification), "Gmail shows no toast beside an insertion")
        require(any(ways) or self.notification, "an action answers something")

    def to_json(self) -> dict[str, Any]:
        """Return the body of `POST /addon/v1/actions/<name>`."""
        return {"v": VERSION, **wire_fields(self)}
