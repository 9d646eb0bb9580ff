"""What the API says of contacts, companies, deals and pipelines, and what it takes."""

from __future__ import annotations

from typing import Any

from apiflask import Schema
from apiflask.fields import Date, List, Nested, String
from apiflask.validators import Length, OneOf, Regexp
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError

from backend.accounts.rules import checked_email
from backend.kit.errors import UserError
from backend.mail.addresses import registrable_domain
from backend.records.shapes import Outcome, RecordKind
from backend.web.fields import LARGEST_COUNT, Body, Currency, Id, IdInAddress, Line, Moment, Money, PageQuery, Whole
from backend.web.i18n import sentence_of

MOST_ADDRESSES = 20
MOST_PEOPLE = 200
_COUNTRY = Regexp(r"^([A-Z]{2})?\Z", error=_l("Write the country in two capital letters, as in ES."))


def is_address(text: str) -> None:
    """Raise `ValidationError` for what is no mail address."""
    try:
        checked_email(text)
    except UserError as error:
        raise ValidationError(sentence_of(error)) from error


def is_domain(text: str) -> None:
    """Raise `ValidationError` for what nobody can register."""
    if not registrable_domain(text):
        raise ValidationError(gettext("“%(text)s” is not a mail domain; write it as nordwind.example.", text=text))


class Country(String):
    """An ISO 3166 code; may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=_COUNTRY, metadata={"pattern": "^([A-Z]{2})?$"}, **kwargs)


class Addresses(List[str]):
    """A person's mail addresses, the primary one first."""

    def __init__(self, **kwargs: Any) -> None:
        address = Line(254, check=is_address, metadata={"format": "email"})
        super().__init__(address, validate=Length(max=MOST_ADDRESSES), **kwargs)


class Domains(List[str]):
    """A company's mail domains."""

    def __init__(self, **kwargs: Any) -> None:
        domain = Line(253, check=is_domain, metadata={"format": "hostname"})
        super().__init__(domain, validate=Length(max=MOST_ADDRESSES), **kwargs)


class RelinkedOut(Schema):
    """What became of stored mail."""

    batch_id = Id(
        allow_none=True, metadata={"description": "POST /links/relink/{batch_id}/undo undoes it; null: nothing to undo"}
    )
    mails = Whole(metadata={"description": "how many mails were decided afresh"})
    added = Whole(metadata={"description": "links that came"})
    removed = Whole(metadata={"description": "links that went"})


class Changed(Schema):
    """A record with what its change meant for stored mail; dumped from `doors.Changed`."""

    relinked = Nested(RelinkedOut)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Take everything but `relinked` from the record itself."""
        return obj.relinked if attr == "relinked" else super().get_attribute(obj.seen, attr, default)


class Deleted(Schema):
    """What a deletion meant for stored mail."""

    relinked = Nested(RelinkedOut)


class RecordOut(Schema):
    """A record of any kind."""

    id = Id()
    kind = String(validate=OneOf(list(RecordKind)))
    name = String()
    owner_id = Id(allow_none=True)
    owner_name = String()
    version = Whole(1)
    created_at = Moment()
    updated_at = Moment()


class _OfRecord(Schema):
    """What contacts, companies and deals show alike."""

    id = Id(attribute="record.id")
    name = String(attribute="record.name")
    owner_id = Id(attribute="record.owner_id", allow_none=True)
    owner_name = String(attribute="record.owner_name")
    version = Whole(1, attribute="record.version", metadata={"description": "the ETag"})
    created_at = Moment(attribute="record.created_at")
    updated_at = Moment(attribute="record.updated_at")


class ContactOut(_OfRecord):
    """A person."""

    first_name = String()
    last_name = String()
    title = String()
    phone = String()
    country = String()
    emails = List(String(), metadata={"description": "the primary address first"})
    company_id = Id(allow_none=True)
    company_name = String()


class CompanyOut(_OfRecord):
    """An organisation."""

    industry = String()
    city = String()
    country = String()
    employees = Whole(allow_none=True)
    domains = List(String())


class StageOut(Schema):
    """A step of a pipeline."""

    id = Id()
    pipeline_id = Id()
    name = String()
    position = Whole()
    outcome = String(validate=OneOf(list(Outcome)))
    probability = Whole(0, 100, metadata={"description": "percent of deals here that are won"})


class PersonOut(Schema):
    """Somebody who takes part in a deal; dumped from an (id, name) pair."""

    id = Id()
    name = String()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:  # noqa: ARG002 - marshmallow's signature
        """Take the pair apart."""
        return dict(zip(("id", "name"), obj, strict=True))[attr]


class DealOut(_OfRecord):
    """A sale that may come."""

    reference = String(metadata={"description": "as mail carries it in its subject: [D-17]"})
    pipeline_id = Id()
    stage = Nested(StageOut)
    stage_entered_at = Moment()
    company_id = Id(allow_none=True)
    company_name = String()
    amount_minor = Money()
    currency = String()
    expected_close = Date(allow_none=True)
    closed_at = Moment(allow_none=True)
    lost_reason = String()
    source = String()
    products = List(String())
    people = List(Nested(PersonOut))


class PipelineOut(Schema):
    """A sales process with its stages in order."""

    id = Id()
    name = String()
    stages = List(Nested(StageOut))


class PipelineList(Schema):
    """All pipelines, in order."""

    items = List(Nested(PipelineOut))


class _Page(Schema):
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class RecordPage(_Page):
    """One page of records."""

    items = List(Nested(RecordOut))


class ContactPage(_Page):
    """One page of contacts."""

    items = List(Nested(ContactOut))


class CompanyPage(_Page):
    """One page of companies."""

    items = List(Nested(CompanyOut))


class DealPage(_Page):
    """One page of deals."""

    items = List(Nested(DealOut))


class ContactChanged(Changed, ContactOut):
    """A person after a change."""


class CompanyChanged(Changed, CompanyOut):
    """An organisation after a change."""


class DealChanged(Changed, DealOut):
    """A sale after a change."""


class SearchQuery(PageQuery):
    """What to search for."""

    q = Line(200, 1, required=True, metadata={"description": "words in name, address, domain or reference"})


class _ListQuery(PageQuery):
    q = Line(200, metadata={"description": "words in name, address, domain or reference"})
    owner_id = IdInAddress()


class CompanyQuery(_ListQuery):
    """Which companies, in which order."""

    sort = String(load_default="name", validate=OneOf(["name", "recent"]))


class ContactQuery(CompanyQuery):
    """Which contacts, in which order."""

    company_id = IdInAddress()


class DealQuery(_ListQuery):
    """Which deals, in which order."""

    sort = String(load_default="close", validate=OneOf(["name", "recent", "amount", "close"]))
    state = String(load_default="all", validate=OneOf(["open", "closed", "all"]))
    pipeline_id = IdInAddress()
    stage_id = IdInAddress()
    company_id = IdInAddress()


class ContactChange(Body):
    """What may be changed of a person; what is left out stays."""

    name = Line(500, 1)
    first_name = Line(200)
    last_name = Line(200)
    title = Line(200)
    phone = Line(50)
    country = Country()
    emails = Addresses()
    company_id = Id(allow_none=True)
    owner_id = Id(allow_none=True)


class ContactIn(ContactChange):
    """A person to be added. Without `company_id` the company follows from the first address, unless it is free mail."""

    name = Line(500, 1, required=True)


class CompanyChange(Body):
    """What may be changed of an organisation; what is left out stays."""

    name = Line(500, 1)
    industry = Line(200)
    city = Line(200)
    country = Country()
    employees = Whole(0, LARGEST_COUNT, allow_none=True)
    domains = Domains()
    owner_id = Id(allow_none=True)


class CompanyIn(CompanyChange):
    """An organisation to be added."""

    name = Line(500, 1, required=True)


class _DealFields(Body):
    company_id = Id(allow_none=True)
    contact_ids = List(Id(), validate=Length(max=MOST_PEOPLE), metadata={"description": "who takes part"})
    amount_minor = Money()
    currency = Currency()
    expected_close = Date(allow_none=True)
    source = Line(200)
    products = List(Line(200, 1), validate=Length(max=100))
    owner_id = Id(allow_none=True)
    stage_id = Id()


class DealChange(_DealFields):
    """What may be changed of a sale; what is left out stays. `lost_reason` goes with a lost stage."""

    name = Line(500, 1)
    lost_reason = Line(200)


class DealIn(_DealFields):
    """A sale to be added; without `pipeline_id` in the first pipeline, without `stage_id` in its first stage."""

    name = Line(500, 1, required=True)
    pipeline_id = Id()
