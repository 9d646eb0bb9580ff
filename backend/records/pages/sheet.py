"""What of a record can be edited: its fields as inputs show them, and what was typed as the API's body has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from apiflask import Schema
from flask import request
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from backend.kit.errors import UserError
from backend.records.pages.typed import Field, typed, typed_company, typed_lines
from backend.records.schemas import CompanyChange, ContactChange, DealChange
from backend.records.shapes import CompanyView, ContactView, DealView, Outcome
from backend.web.i18n import read_money, write_money

Seen = ContactView | CompanyView | DealView

_OWNER = Field("owner_id", _l("Owner"), "owner")
_COUNTRY = Field("country", _l("Country"), hint=_l("Two letters, as in ES."))
_WORK = Field("company", _l("Company"), "company", _l("Begin to type and choose one of the team's companies."))
_FIELDS: dict[type[Seen], tuple[Field, ...]] = {
    ContactView: (
        Field("name", _l("Name"), required=True),
        Field("emails", _l("E-mail"), "lines", _l("One on each line; the first is where you write to.")),
        Field("title", _l("Job")),
        Field("phone", _l("Phone"), "tel"),
        _WORK,
        _COUNTRY,
        _OWNER,
    ),
    CompanyView: (
        Field("name", _l("Name"), required=True),
        Field("domains", _l("Mail domain"), "lines", _l("One on each line; mail from there belongs to this company.")),
        Field("industry", _l("Industry")),
        Field("city", _l("City")),
        _COUNTRY,
        Field("employees", _l("People"), "number"),
        _OWNER,
    ),
    DealView: (
        Field("name", _l("Name"), required=True),
        _WORK,
        Field("amount", _l("Amount"), "money"),
        Field("expected_close", _l("Closes"), "date"),
        Field("source", _l("Source"), hint=_l("The fair, campaign or person that it came from.")),
        _OWNER,
    ),
}
_LOST = Field("lost_reason", _l("Lost because"))
_SCHEMAS: dict[type[Seen], type[Schema]] = {
    ContactView: ContactChange, CompanyView: CompanyChange, DealView: DealChange,
}  # fmt: skip


def fields_of(seen: Seen) -> tuple[Field, ...]:
    """Return the fields of a record's form; a lost deal has its reason too."""
    is_lost = isinstance(seen, DealView) and seen.stage.outcome is Outcome.LOST
    return (*_FIELDS[type(seen)], *((_LOST,) if is_lost else ()))


def shown(seen: Seen) -> dict[str, str]:
    """Write each field as its input shows it."""
    texts = {name: "" if value is None else str(value) for name, value in _present(seen).items()}
    if isinstance(seen, ContactView):
        texts |= {"emails": "\n".join(seen.emails), "company": seen.company_name}
    elif isinstance(seen, CompanyView):
        texts["domains"] = "\n".join(seen.domains)
    else:
        texts |= {"amount": write_money(seen.amount_minor, seen.currency), "company": seen.company_name}
    return texts


def _present(seen: Seen) -> dict[str, Any]:
    """Write a record's fields as the API's body has them."""
    common: dict[str, Any] = {"name": seen.record.name, "owner_id": seen.record.owner_id}
    if isinstance(seen, ContactView):
        return common | {
            "title": seen.title, "phone": seen.phone, "country": seen.country, "company_id": seen.company_id,
            "emails": list(seen.emails),
        }  # fmt: skip
    if isinstance(seen, CompanyView):
        return common | {
            "industry": seen.industry, "city": seen.city, "country": seen.country, "employees": seen.employees,
            "domains": list(seen.domains),
        }  # fmt: skip
    return common | {
        "company_id": seen.company_id, "amount_minor": seen.amount_minor, "currency": seen.currency,
        "expected_close": seen.expected_close and seen.expected_close.isoformat(), "source": seen.source,
        "lost_reason": seen.lost_reason,
    }  # fmt: skip


def changes_of(session: Session, seen: Seen) -> dict[str, Any]:
    """Read the form as the API's body would be, without what stays as it is."""
    given: dict[str, Any] = {name: typed(name) for name in _texts(seen)}
    if "country" in given:
        given["country"] = given["country"].upper()
    given["owner_id"] = request.form.get("owner_id", type=int)
    if isinstance(seen, ContactView):
        given["emails"] = typed_lines("emails")
    elif isinstance(seen, CompanyView):
        count = typed("employees")
        given |= {"domains": typed_lines("domains"), "employees": int(count) if count.isdecimal() else count or None}
    else:
        currency = typed("currency") or seen.currency
        given |= {"amount_minor": read_money(typed("amount"), currency), "currency": currency}
        given["expected_close"] = typed("expected_close") or None
    if not isinstance(seen, CompanyView) and typed("company") != seen.company_name:
        given["company_id"] = typed_company(session)
    present = _present(seen)
    changes = {name: value for name, value in given.items() if value != present[name]}
    if isinstance(seen, ContactView) and "name" in changes:
        changes["first_name"], _, changes["last_name"] = changes["name"].partition(" ")
    return changes


def _texts(seen: Seen) -> list[str]:
    present = _present(seen)
    return [
        f.name for f in fields_of(seen) if f.kind in {"text", "tel"} and f.name in present and f.name in request.form
    ]


def checked(seen: Seen, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check changes as the API does. Raises `UserError`, naming the first field that is wrong."""
    try:
        loaded: Mapping[str, Any] = _SCHEMAS[type(seen)]().load(dict(changes))
    except ValidationError as error:
        name, why = next(iter(cast("dict[str, Any]", error.messages).items()))
        label = next((field.label for field in fields_of(seen) if field.name == name.removesuffix("_minor")), name)
        raise UserError("%(label)s: %(why)s", label=label, why=_first_words(why)) from error
    return loaded


def _first_words(why: Any) -> str:
    """Find the first sentence in marshmallow's nest of messages."""
    while not isinstance(why, str):
        why = next(iter(why.values() if isinstance(why, Mapping) else why))
    return why
