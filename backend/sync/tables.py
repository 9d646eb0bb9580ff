"""Where each mailbox's sync stands, and every Gmail id that was seen but is not stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime


class SyncState(Base):
    """One mailbox's cursor, its full listing under way, its lease, and when it is due."""

    __tablename__ = "sync_states"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True, doc="which mailbox")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    history_id: Mapped[str | None] = mapped_column(
        String(20),
        doc="the cursor: what changed up to this historyId is queued or stored; taken from the profile before a full "
        "listing begins; None: the next drain begins one",
    )
    is_listing: Mapped[bool] = mapped_column(default=False, doc="whether a full listing is under way")
    listing: Mapped[int] = mapped_column(default=0, doc="number of the full listing under way or last done")
    page_token: Mapped[str | None] = mapped_column(
        String(500), doc="next page of the listing under way; None: begin at the first"
    )
    estimate: Mapped[int] = mapped_column(default=0, doc="messages in the mailbox as Gmail guessed; 0: not known")
    next_sync_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when the mailbox is due")
    failures: Mapped[int] = mapped_column(default=0, doc="drains in a row that failed; the pause grows with it")
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when a drain last reached the end")
    last_error: Mapped[str] = mapped_column(
        String(500), default="", doc="what the last drain failed of; empty: nothing"
    )
    fence: Mapped[int] = mapped_column(
        default=0, doc="counted up by each lease; a worker with an older one may not write"
    )
    lease_until: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="until when somebody is draining; None: nobody"
    )

    __table_args__ = (Index("ix_sync_states_next_sync_at", "next_sync_at"),)


class SyncItem(Base):
    """A Gmail id that was seen and is not stored: pending, or skipped for a reason. Storing it removes the row."""

    __tablename__ = "sync_items"

    id: Mapped[PrimaryKey]
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), doc="which mailbox")
    gmail_id: Mapped[str] = mapped_column(String(32), doc="the message")
    gmail_thread_id: Mapped[str] = mapped_column(String(32), doc="its thread there")
    state: Mapped[str] = mapped_column(String(8), doc="pending or skipped")
    reason: Mapped[str] = mapped_column(String(30), default="", doc="a shapes.SkipReason for skipped ones; else empty")
    detail: Mapped[str] = mapped_column(String(300), default="", doc="what was wrong, without content")
    priority: Mapped[int] = mapped_column(default=0, doc="lower first: 0 new mail, 5 listed, 9 refreshes")
    attempts: Mapped[int] = mapped_column(default=0, doc="fetches that failed")
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="not before")

    __table_args__ = (
        CheckConstraint("state IN ('pending', 'skipped')", name="state"),
        Index("ix_sync_items_mailbox_id_gmail_id", "mailbox_id", "gmail_id", unique=True),
        Index("ix_sync_items_queue", "mailbox_id", "state", "priority", "id"),
    )
