"""The ways through the product: each room registers its own, so that the frame never shows a dead link.

Orders on the rail: Today 10, Timeline 20, Pipeline 30, Contacts 40, Companies 50, Deals 60, own folders 65, unlinked
mail 70, Sequences 80, Workflows 90, Forms 100, Reports 110, Settings 120.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from flask import Blueprint, current_app, request
from flask.sansio.app import App

from backend.web.visitor import visitor

_KEY = "enlace_nav"


class Place(StrEnum):
    """Where the frame shows a way.

    RAIL and MENU are links, CREATE links under “+” and the key `c`, SEARCH takes `?q=`, STATUS is fetched into the top
    bar by htmx, SIGN_OUT is posted to.
    """

    RAIL = "rail"
    CREATE = "create"
    SEARCH = "search"
    STATUS = "status"
    MENU = "menu"
    SIGN_OUT = "sign_out"


@dataclass(frozen=True, slots=True)
class Way:
    """One way.

    `label` is a lazy translation, `icon` a name in `icons.svg`, `role` the least that sees it, `keys` its shortcut
    ("g t"), `on_phone` whether the phone's bottom bar holds it, `hint` what a menu's page is for, in one sentence.
    """

    key: str
    label: Any
    icon: str
    endpoint: str
    order: int
    place: Place = Place.RAIL
    role: str = "rep"
    keys: str = ""
    on_phone: bool = False
    hint: Any = ""

    @property
    def is_here(self) -> bool:
        """Whether the present page belongs to this way: the same endpoint, or one below its path."""
        here = request.endpoint or ""
        return here == self.endpoint or here.startswith(f"{self.endpoint}_")


def open_way(blueprint: Blueprint, *ways: Way) -> None:
    """Have `ways` shown as soon as `blueprint` is registered with an app."""
    blueprint.record(lambda state: _ways(state.app).extend(ways))


def ways(place: str) -> list[Way]:
    """Return the ways of a place that the present visitor may go, in order; none for strangers."""
    who = visitor()
    if who is None:
        return []
    found = (way for way in _ways(current_app) if way.place == place and who.has_rank(way.role))
    return sorted(found, key=lambda way: way.order)


def _ways(app: App) -> list[Way]:
    return cast("list[Way]", app.extensions.setdefault(_KEY, []))
