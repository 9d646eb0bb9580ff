"""Google's card JSON as HTML: what Gmail's side panel shows, for the demo, the pictures in the docs and browser tests.

It paints the JSON and not the view model, so that it shows what Google would get. Actions are buttons that post the
card's inputs to the action's `function`, parameters in the query: with htmx the answer replaces the panel, without it
the page. Everything is escaped; the small HTML of cards is let through by nh3. No inline style or script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import nh3
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from backend.card.words import Words
from backend.kit.clock import from_epoch_ms

Json = Mapping[str, Any]

# Google's icons by the names of our own sprite (`web/static/icons.svg`).
SPRITE = {
    "BOOKMARK": "link",
    "CLOCK": "today",
    "CONFIRMATION_NUMBER_ICON": "task",
    "DESCRIPTION": "note",
    "DOLLAR": "deals",
    "EMAIL": "mail",
    "INVITE": "sequences",
    "MULTIPLE_PEOPLE": "people",
    "PERSON": "contacts",
    "PHONE": "call",
    "STAR": "change",
    "STORE": "companies",
}


def panel(
    card: Json,
    words: Words,
    *,
    icons_url: str,
    csrf_token: str = "",
    notification: str = "",
    back_url: str = "",
    hidden: Mapping[str, str] | None = None,
) -> Markup:
    """Draw one card (`workspace_json.card_json`) as the panel of 300 px beside a mail; its style is `card.css`.

    `icons_url` is the sprite's address; `notification` the toast at the bottom; `back_url` where the arrow of a pushed
    card leads; `hidden` fields are posted along. The `function` of the card's actions is where its buttons post to.
    """
    template = _TEMPLATES.get_template("preview.html")
    return Markup(  # noqa: S704 - the template escapes everything, and nh3 cleans what it does not
        template.render(
            card=card,
            _=words.gettext,
            ngettext=words.ngettext,
            required=frozenset(_required(card)),
            icons_url=icons_url,
            csrf_token=csrf_token,
            notification=notification,
            back_url=back_url,
            hidden=hidden or {},
        )
    )


def _required(node: Any) -> Iterator[str]:
    """The inputs that some action of the card cannot do without."""
    if isinstance(node, Mapping):
        yield from node.get("requiredWidgets", ())
        for value in node.values():
            yield from _required(value)
    elif isinstance(node, list):
        for value in node:
            yield from _required(value)


def _card_html(text: str) -> Markup:
    """The HTML that cards know, and nothing else of it."""
    allowed = {"a": {"href"}, "font": {"color"}}
    clean = nh3.clean(text, tags={"b", "i", "u", "s", "br", *allowed}, attributes=allowed, url_schemes={"https"})
    return Markup(clean)  # noqa: S704 - nh3 has cleaned it


def _post_url(action: Json) -> str:
    parameters = {p["key"]: p["value"] for p in action.get("parameters", ())}
    return f"{action['function']}?{urlencode(parameters)}" if parameters else str(action["function"])


def _iso_day(milliseconds: str) -> str:
    return from_epoch_ms(int(milliseconds)).date().isoformat()


def _environment() -> Environment:
    folder = Path(__file__).parent / "templates" / "card"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"card_html": _card_html, "post_url": _post_url, "iso_day": _iso_day, "sprite": SPRITE.get}
    return environment


_TEMPLATES = _environment()
