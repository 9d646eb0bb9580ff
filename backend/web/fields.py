"""The fields of which all API shapes are made, so that one kind of value is read alike everywhere.

Decided once: a whole number may be written 47 or 47.0, as JSON Schema has it, and nothing else counts as one (neither
2.6e-42 nor true nor "47"); in an address, where everything is text, it is a run of digits. Text loses what no database
stores. Moments need their zone and become UTC. Money is a whole number of the currency's smallest unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apiflask import Schema
from apiflask.fields import AwareDateTime, Integer, String
from apiflask.validators import Length, Range, Regexp
from flask_babel import lazy_gettext as _l
from marshmallow import RAISE

from backend.kit.text import clean, squeeze

LARGEST = 2**53 - 1  # what every JSON reader keeps exactly; our keys and amounts stay far below
LARGEST_COUNT = 2**31 - 1
Check = Callable[[str], None]
_DIGITS = re.compile(r"-?[0-9]{1,16}")


def _accept(_text: str) -> None:
    """Refuse nothing."""


class Whole(Integer):
    """A whole number in a JSON body."""

    def __init__(self, least: int = 0, most: int = LARGEST, **kwargs: Any) -> None:
        super().__init__(validate=Range(least, most), **kwargs)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid", input=value)
        return int(value)


class WholeInAddress(Whole):
    """A whole number in a query string."""

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return int(value)


class Id(Whole):
    """A key of one of our rows, in a JSON body."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=1, **kwargs)


class IdInAddress(WholeInAddress):
    """A key of one of our rows, in a query string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=1, **kwargs)


class Text(String):
    """Text over several lines, at most `most` characters; `check` raises `ValidationError` for what is refused."""

    def __init__(self, most: int, least: int = 0, *, check: Check = _accept, **kwargs: Any) -> None:
        super().__init__(validate=[Length(least, most), check], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return clean(super()._deserialize(value, attr, data, **kwargs))


class Line(Text):
    """Text on one line: runs of white space become one space."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return squeeze(super()._deserialize(value, attr, data, **kwargs))


class Moment(AwareDateTime):
    """A moment, RFC 3339 with its zone; UTC from here on."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            return super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type="moment") from error


class Money(Whole):
    """An amount in the currency's smallest unit, as 1200000 for €12,000; null: open."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "metadata", {"description": "in the currency's smallest unit: 1200000 is €12,000; null: open"}
        )
        super().__init__(allow_none=True, **kwargs)


class Currency(String):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        check = Regexp(r"^[A-Z]{3}\Z", error=_l("Write three capital letters, as in EUR."))
        super().__init__(validate=check, metadata={"pattern": "^[A-Z]{3}$"}, **kwargs)


class Body(Schema):
    """A request's JSON body; a member that we do not know is refused rather than passed over in silence."""

    class Meta:
        """Tell marshmallow, and through it the specification."""

        unknown = RAISE


class PageQuery(Schema):
    """Which page of a list."""

    cursor = Text(600, metadata={"description": "“next” of the page before"})
    limit = WholeInAddress(1, 200, load_default=50)
