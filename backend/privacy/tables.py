"""Whose mail stays out, what mailboxes take in, and who may read what a colleague keeps to themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type


class Exclusion(Base):
    """An address or domain whose mail is not taken in: for the whole team, or for one mailbox."""

    __tablename__ = "exclusions"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailboxes.id"), doc="one mailbox; None: the whole team")
    kind: Mapped[str] = mapped_column(String(10), doc="address or domain")
    value: Mapped[str] = mapped_column(String(320), doc="an address as compared, or a registrable domain")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who said so")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")

    __table_args__ = (
        UniqueConstraint("workspace_id", "mailbox_id", "kind", "value"),
        CheckConstraint("kind IN ('address', 'domain')", name="kind"),
    )


class PrivateThread(Base):
    """A conversation that a mailbox's owner keeps to themselves: colleagues see a locked line.

    It belongs to the mailbox, not to the person, so that it holds when the mailbox is handed over.
    """

    __tablename__ = "private_threads"

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id"), primary_key=True, doc="which conversation"
    )
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True, doc="whose copies of it")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who said so")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")


class AccessRequest(Base):
    """Somebody asks to read a conversation in a colleague's mailbox; granted, it is the grant itself."""

    __tablename__ = "access_requests"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), doc="what they ask to read")
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), index=True, doc="in whose mailbox")
    asker_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who asks")
    state: Mapped[str] = mapped_column(String(10), doc="a shapes.RequestState")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when the owner answered; None: open")

    __table_args__ = (
        UniqueConstraint("conversation_id", "mailbox_id", "asker_id"),
        CheckConstraint("state IN ('asked', 'granted', 'refused')", name="state"),
    )


class Policy(Base):
    """What mail is taken in: the team's default, its bounds, or one mailbox's own choice."""

    __tablename__ = "import_policies"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailboxes.id"), doc="whose; None: the team's")
    kind: Mapped[str] = mapped_column(String(10), doc="a shapes.PolicyKind")
    months: Mapped[int | None] = mapped_column(doc="months before a mailbox was connected; None: no such limit")
    since: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="nothing older; None: no such limit")
    labels_in: Mapped[list[str]] = mapped_column(json_type(), doc="only mail with one of these labels; empty: all")
    labels_out: Mapped[list[str]] = mapped_column(json_type(), doc="no mail with any of these labels")
    is_known_only: Mapped[bool] = mapped_column(doc="whether only mail with contacts is taken in")
    keeps_internal: Mapped[bool] = mapped_column(doc="whether mail among colleagues is taken in")

    __table_args__ = (
        CheckConstraint("kind IN ('default', 'bounds', 'mailbox')", name="kind"),
        CheckConstraint("(kind = 'mailbox') = (mailbox_id IS NOT NULL)", name="owner"),
        Index(
            "ix_import_policies_mailbox_id",
            "mailbox_id",
            unique=True,
            sqlite_where=text("mailbox_id IS NOT NULL"),
            postgresql_where=text("mailbox_id IS NOT NULL"),
        ),
        Index(
            "ix_import_policies_workspace_id_kind",
            "workspace_id",
            "kind",
            unique=True,
            sqlite_where=text("mailbox_id IS NULL"),
            postgresql_where=text("mailbox_id IS NULL"),
        ),
    )


class PolicyChange(Base):
    """A change of what is taken in, with what held before: one thing, to be undone as one."""

    __tablename__ = "import_policy_changes"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailboxes.id"), doc="whose; None: the team's")
    kind: Mapped[str] = mapped_column(String(10), doc="a shapes.PolicyKind")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who changed it")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    before: Mapped[dict[str, Any] | None] = mapped_column(json_type(), doc="the policy before; None: there was none")
    after: Mapped[dict[str, Any] | None] = mapped_column(json_type(), doc="the policy since; None: none of its own")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was undone; None: it holds")
