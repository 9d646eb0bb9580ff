"""Whose mail stays out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime


class Exclusion(Base):
    """An address or domain whose mail is linked to nothing: for the whole team, or for one person's mailboxes."""

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
