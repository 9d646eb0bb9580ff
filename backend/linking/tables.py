"""Links from mails to records, each with its receipt; vetoes, questions, and batches that can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type
from backend.db.base import BigKey


class Link(Base):
    """A mail belongs to a record. A link that was undone stays as a row, so that its receipt can still be read."""

    __tablename__ = "links"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), doc="the mail")
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), doc="contact, company or deal")
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="the mail's time again, so that a timeline is one index")
    rule: Mapped[str] = mapped_column(String(30), doc="a shapes.Rule: which rule decided")
    evidence: Mapped[dict[str, Any]] = mapped_column(json_type(), doc="what the rule saw, in its own keys")
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("link_batches.id"), doc="the relinking that made it, if any"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was decided")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was taken back; None: it holds")
    undone_by: Mapped[str] = mapped_column(
        String(40), default="", doc="user:ID, veto:ID, batch:ID or rule; empty: holds"
    )

    __table_args__ = (
        UniqueConstraint("message_id", "record_id"),
        Index(
            "ix_links_record_id_sent_at",
            "record_id",
            "sent_at",
            "message_id",
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )


class Receipt(Base):
    """Why a mail is linked as it is, or not at all; one for each mail, rewritten when it is decided anew."""

    __tablename__ = "link_receipts"

    message_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    outcome: Mapped[str] = mapped_column(String(12), doc="a shapes.Outcome: linked, unlinked, left_out")
    reason: Mapped[str] = mapped_column(String(40), doc="a shapes.Reason for what is not linked; empty where linked")
    rejected: Mapped[list[dict[str, Any]]] = mapped_column(json_type(), doc="candidates that lost, each with why")
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="the mail's time again, for the team's timeline")
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")

    __table_args__ = (
        Index("ix_link_receipts_workspace_id_outcome", "workspace_id", "outcome", "sent_at", "message_id"),
    )


class Veto(Base):
    """Somebody said that mail of this kind does not belong to this record; no rule links it again."""

    __tablename__ = "link_vetoes"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), index=True, doc="the record it does not belong to")
    scope: Mapped[str] = mapped_column(String(10), doc="a shapes.Scope: mail, thread, address or domain")
    value: Mapped[str] = mapped_column(
        String(320), doc="message id, conversation id, address key or domain, as the scope says"
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who said so")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")

    __table_args__ = (
        UniqueConstraint("workspace_id", "record_id", "scope", "value"),
        CheckConstraint("scope IN ('mail', 'thread', 'address', 'domain')", name="scope"),
        Index("ix_link_vetoes_workspace_id_scope_value", "workspace_id", "scope", "value"),
    )


class Question(Base):
    """A conversation that several deals claim alike: asked once, answered by a person."""

    __tablename__ = "link_questions"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), unique=True, doc="which exchange")
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(
        json_type(), doc="deals with score and evidence, best first"
    )
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it first came up")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when somebody answered; None: open")
    answer_id: Mapped[int | None] = mapped_column(
        ForeignKey("deals.id"), doc="the deal chosen; None: open, or none of them"
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), doc="who answered")

    __table_args__ = (Index("ix_link_questions_workspace_id_answered_at", "workspace_id", "answered_at"),)


class LinkBatch(Base):
    """A relinking of history, after a new contact, address, deal or merge: one thing, to be undone as one."""

    __tablename__ = "link_batches"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    cause: Mapped[str] = mapped_column(Text, doc="what set it off, as contact:17")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), doc="who applied it; None: a rule")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    added: Mapped[list[int]] = mapped_column(json_type(), doc="ids of the links that it made or brought back")
    removed: Mapped[list[int]] = mapped_column(json_type(), doc="ids of the links that it took back")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was undone; None: it holds")
