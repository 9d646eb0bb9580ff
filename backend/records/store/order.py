"""How lists of records are sorted, and where their next page begins; nothing is skipped where rows come meanwhile."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_

from backend.records.shapes import CompanyView, ContactView, DealView
from backend.records.tables import Deal

Sort = Literal["name", "recent", "amount", "close"]
Key = str | datetime | int | date | None
After = tuple[Key, int]

KEY_KINDS: dict[Sort, type[Any]] = {"name": str, "recent": datetime, "amount": int, "close": date}


def order(model: Any, sort: Sort) -> tuple[ColumnElement[Any], ...]:
    """Return what to order by; what is missing comes last, ties are broken by id."""
    column, is_falling = _sorted_by(model, sort)
    return ((column.desc() if is_falling else column.asc()).nulls_last(), model.id)


def beyond(model: Any, sort: Sort, after: After) -> ColumnElement[bool]:
    """Only rows that come after the last one of a page, given by its sort key and id."""
    column, is_falling = _sorted_by(model, sort)
    if after[0] is None:
        return and_(column.is_(None), model.id > after[1])
    key = func.lower(after[0]) if isinstance(after[0], str) else after[0]
    farther = column < key if is_falling else column > key
    return or_(farther, column.is_(None), and_(column == key, model.id > after[1]))


def place_of(seen: ContactView | CompanyView | DealView, sort: Sort) -> After:
    """Return the sort key and id of a row that was shown."""
    keys: dict[Sort, Key] = {"name": seen.record.name, "recent": seen.record.updated_at}
    if isinstance(seen, DealView):
        keys |= {"amount": seen.amount_minor, "close": seen.expected_close}
    return keys[sort], seen.record.id


def _sorted_by(model: Any, sort: Sort) -> tuple[ColumnElement[Any], bool]:
    """Return the column and whether it falls; amount and close are a deal's, others go by name."""
    if sort == "recent":
        return model.updated_at, True
    if sort == "amount" and model is Deal:
        return Deal.__table__.c.amount_minor, True
    if sort == "close" and model is Deal:
        return Deal.__table__.c.expected_close, False
    return func.lower(model.name), False
