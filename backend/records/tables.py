"""One identity space: whatever can be linked, noted, owned or merged is a record; each kind adds its own columns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type
from backend.db.base import BigKey
from backend.db.search import SearchIndex

ADDRESS_LENGTH = 320


class Record(Base):
    """What contacts, companies, deals and later kinds have in common."""

    __tablename__ = "records"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    kind: Mapped[str] = mapped_column(String(10), doc="a shapes.RecordKind")
    name: Mapped[str] = mapped_column(String(500), doc="what people call it")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), doc="who is responsible; None: nobody yet")
    origin: Mapped[str] = mapped_column(String(20), doc="a shapes.Origin: how it came to be")
    fields: Mapped[dict[str, Any]] = mapped_column(json_type(), default=dict, doc="custom fields by key")
    version: Mapped[int] = mapped_column(default=1, doc="counted up by each change; the ETag")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was made")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was last changed by anybody")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was deleted; None: it lives")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("records.id"), doc="the record that took it up")

    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012 - SQLAlchemy reads it once
    __table_args__ = (
        CheckConstraint("kind IN ('contact', 'company', 'deal')", name="kind"),
        Index("ix_records_workspace_id_kind_name", "workspace_id", "kind", "name"),
        Index("ix_records_workspace_id_kind_updated_at", "workspace_id", "kind", "updated_at"),
    )


class Contact(Record):
    """A person outside the team."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(BigKey, ForeignKey("records.id"), primary_key=True)
    first_name: Mapped[str] = mapped_column(String(200), default="", doc="given name; may be empty")
    last_name: Mapped[str] = mapped_column(String(200), default="", doc="family name; may be empty")
    title: Mapped[str] = mapped_column(String(200), default="", doc="job, as in Head of Purchasing")
    phone: Mapped[str] = mapped_column(String(50), default="", doc="as written")
    country: Mapped[str] = mapped_column(String(2), default="", doc="ISO 3166 code; may be empty")
    company_id: Mapped[int | None] = mapped_column(
        ForeignKey("companies.id"), index=True, doc="where this person works; None: an individual, or not known"
    )

    __mapper_args__ = {"polymorphic_identity": "contact"}  # noqa: RUF012 - SQLAlchemy reads it once


class Company(Record):
    """An organisation."""

    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(BigKey, ForeignKey("records.id"), primary_key=True)
    industry: Mapped[str] = mapped_column(String(200), default="", doc="in the team's words; may be empty")
    city: Mapped[str] = mapped_column(String(200), default="", doc="may be empty")
    country: Mapped[str] = mapped_column(String(2), default="", doc="ISO 3166 code; may be empty")
    employees: Mapped[int | None] = mapped_column(doc="number of people; None: not known")

    __mapper_args__ = {"polymorphic_identity": "company"}  # noqa: RUF012 - SQLAlchemy reads it once


class Deal(Record):
    """A sale that may come."""

    __tablename__ = "deals"

    id: Mapped[int] = mapped_column(BigKey, ForeignKey("records.id"), primary_key=True)
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipelines.id"), doc="the process it runs through")
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"), index=True, doc="where it stands")
    stage_entered_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="since when it stands there")
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True, doc="the buyer; may be None")
    amount_minor: Mapped[int | None] = mapped_column(BigKey, doc="value in the currency's smallest unit; None: open")
    currency: Mapped[str] = mapped_column(String(3), default="EUR", doc="ISO 4217 code")
    expected_close: Mapped[date | None] = mapped_column(doc="when it should be won; None: open")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was won or lost; None: still open")
    lost_reason: Mapped[str] = mapped_column(String(200), default="", doc="why it was lost; empty otherwise")
    source: Mapped[str] = mapped_column(String(200), default="", doc="campaign, fair or referral; may be empty")
    products: Mapped[list[str]] = mapped_column(json_type(), default=list, doc="what is offered, by name")

    __mapper_args__ = {"polymorphic_identity": "deal"}  # noqa: RUF012 - SQLAlchemy reads it once


class DealReference(Base):
    """The short name of a deal that mail can carry in its subject between brackets, as [D-17]."""

    __tablename__ = "deal_references"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), primary_key=True, doc="the team")
    reference: Mapped[str] = mapped_column(String(40), primary_key=True, doc="in upper case, without brackets: D-17")
    deal_id: Mapped[int] = mapped_column(ForeignKey("deals.id"), index=True, doc="which deal")


class ContactAddress(Base):
    """A mail address of a contact; in a team each address belongs to one person at most."""

    __tablename__ = "contact_addresses"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True, doc="whose")
    address_key: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), doc="the address as compared (mail.addresses)")
    email: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), doc="the address as written")
    is_primary: Mapped[bool] = mapped_column(doc="where we write to")

    __table_args__ = (UniqueConstraint("workspace_id", "address_key"),)


class CompanyDomain(Base):
    """A mail domain of a company; never a free-mail provider's."""

    __tablename__ = "company_domains"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True, doc="whose")
    domain: Mapped[str] = mapped_column(String(253), doc="registrable domain (Public Suffix List), lower case, ASCII")

    __table_args__ = (UniqueConstraint("workspace_id", "domain"),)


class Pipeline(Base):
    """A sales process."""

    __tablename__ = "pipelines"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    name: Mapped[str] = mapped_column(String(200), doc="as shown")
    position: Mapped[int] = mapped_column(doc="order among pipelines")


class Stage(Base):
    """A step of a pipeline."""

    __tablename__ = "stages"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipelines.id"), index=True, doc="whose step")
    name: Mapped[str] = mapped_column(String(200), doc="as shown")
    position: Mapped[int] = mapped_column(doc="order in the pipeline")
    outcome: Mapped[str] = mapped_column(String(5), doc="open, won or lost")
    probability: Mapped[int] = mapped_column(doc="percent of deals here that are won, for the forecast")

    __table_args__ = (CheckConstraint("outcome IN ('open', 'won', 'lost')", name="outcome"),)


class DealPerson(Base):
    """A contact's part in a deal; it makes the person's mail count for the deal whatever their domain."""

    __tablename__ = "deal_people"

    deal_id: Mapped[int] = mapped_column(ForeignKey("deals.id"), primary_key=True, doc="the deal")
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True, index=True, doc="the person")
    role: Mapped[str] = mapped_column(String(100), default="", doc="as in decision maker; may be empty")


class StageChange(Base):
    """A deal's move from stage to stage."""

    __tablename__ = "stage_changes"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    deal_id: Mapped[int] = mapped_column(ForeignKey("deals.id"), doc="which deal")
    from_stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), doc="None: the deal was made here")
    to_stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"), doc="where it moved")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), doc="who; None: a rule or an import")

    __table_args__ = (
        Index("ix_stage_changes_deal_id_at", "deal_id", "at"),
        Index("ix_stage_changes_workspace_id_at", "workspace_id", "at"),
    )


class RecordMerge(Base):
    """Two records that were one: what moved to the kept one, so that it can be undone."""

    __tablename__ = "record_merges"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    kept_id: Mapped[int] = mapped_column(ForeignKey("records.id"), index=True, doc="the record that took it up")
    lost_id: Mapped[int] = mapped_column(ForeignKey("records.id"), index=True, doc="the record that went")
    moved: Mapped[dict[str, Any]] = mapped_column(json_type(), doc="what moved, as linking.merge_store writes it")
    batch_id: Mapped[int | None] = mapped_column(
        BigKey, doc="the relinking that followed; no foreign key, since linking lies above; None: no mail was concerned"
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who merged")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was undone; None: it holds")


RECORD_SEARCH = SearchIndex("record_search")
RECORD_SEARCH.attach(Base.metadata)
