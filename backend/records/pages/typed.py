"""Reading what was typed into the records' forms; what makes no sense is refused in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor
from backend.kit.errors import UserError
from backend.kit.text import fold, squeeze
from backend.records.store.reading import Wanted, list_companies

CURRENCIES = ("EUR", "USD", "MXN", "GBP", "CHF", "COP", "CLP", "PEN", "ARS", "BRL")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: `kind` is an input's type, or money, lines, stage, owner or company."""

    name: str
    label: Any
    kind: str = "text"
    hint: Any = ""
    required: bool = False


def typed(name: str) -> str:
    """Return what was typed, on one line."""
    return squeeze(request.values.get(name, ""))


def typed_lines(name: str) -> list[str]:
    """Return the lines that were typed, without empty ones."""
    return [line for text in request.form.get(name, "").splitlines() if (line := squeeze(text))]


def typed_currency() -> str:
    """Return the currency that was chosen, else the first."""
    currency = request.form.get("currency", CURRENCIES[0])
    return currency if currency in CURRENCIES else CURRENCIES[0]


def typed_company(session: Session) -> int | None:
    """Return the company whose whole name was typed. Raises `UserError` where none bears it."""
    name = typed("company")
    if not name:
        return None
    for company in list_companies(session, current_actor().workspace_id, Wanted(words=name)):
        if fold(company.record.name) == fold(name):
            return company.record.id
    raise UserError(gettext("There is no company “%(name)s”; choose one from the list, or make it first.", name=name))
