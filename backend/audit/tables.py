"""The log and the head of each workspace's chain.

No foreign keys: an entry outlives what it names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type


class AuditEntry(Base):
    """One thing done or looked at; written once, never changed."""

    __tablename__ = "audit_entries"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(BigInteger, doc="whose chain it belongs to")
    seq: Mapped[int] = mapped_column(BigInteger, doc="its place in the workspace's chain: 1, 2, 3, without gaps")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was done")
    actor_id: Mapped[int | None] = mapped_column(BigInteger, doc="the user who did it; None: the product by itself")
    action: Mapped[str] = mapped_column(String(80), doc="what was done, as in “mailbox.connect”")
    subject_type: Mapped[str] = mapped_column(String(40), doc="the kind of thing it was done to, as in “mailbox”")
    subject_id: Mapped[str] = mapped_column(String(80), doc="that thing's id, as text")
    details: Mapped[dict[str, Any]] = mapped_column(
        json_type(), doc="what else explains it; never secrets or mail text"
    )
    prev_hash: Mapped[str] = mapped_column(String(64), doc="the hash of the entry before; 64 zeros for the first")
    hash: Mapped[str] = mapped_column(String(64), doc="SHA-256 in hex over all other columns but id (rules.entry_hash)")

    __table_args__ = (
        UniqueConstraint("workspace_id", "seq"),
        Index("ix_audit_entries_subject", "workspace_id", "subject_type", "subject_id"),
    )


class AuditHead(Base):
    """The end of each workspace's chain; its row lock puts those who append into a line."""

    __tablename__ = "audit_heads"

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, doc="whose chain")
    seq: Mapped[int] = mapped_column(BigInteger, doc="the last entry's place; 0: no entry yet")
    hash: Mapped[str] = mapped_column(String(64), doc="the last entry's hash; 64 zeros: no entry yet")
