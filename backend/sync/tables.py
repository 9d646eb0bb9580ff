"""Where each mailbox's sync stands, every Gmail id that was seen but is not stored, and the ledger of them all."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type
from backend.db.base import BigKey


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
    next_sync_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when its new mail is to be looked for")
    next_import_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="when slow work goes on: the import of older mail, the nightly audit; None: there is none"
    )
    hinted_history_id: Mapped[str | None] = mapped_column(
        String(20), doc="newest historyId that a push notice named and the cursor has not passed; None: none waits"
    )
    hint_looks: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="looks for what the hint announced; the pause between them grows"
    )
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
    next_audit_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="when Gmail's list is next held against the store; None: not before a drain reached the end"
    )

    rules_digest: Mapped[str] = mapped_column(
        String(32),
        default="",
        server_default="",
        doc="privacy's import rules that the stored copies follow; empty: none yet",
    )
    is_widening: Mapped[bool] = mapped_column(
        default=False, server_default=false(), doc="whether the listing under way looks for what rules now let in"
    )
    is_undoing: Mapped[bool] = mapped_column(
        default=False, server_default=false(), doc="whether what the mailbox brought is being taken out again"
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
    waiting_since: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="when it was queued, for pending ones; None: skipped"
    )

    __table_args__ = (
        CheckConstraint("state IN ('pending', 'skipped')", name="state"),
        Index("ix_sync_items_mailbox_id_gmail_id", "mailbox_id", "gmail_id", unique=True),
        Index("ix_sync_items_queue", "mailbox_id", "state", "priority", "id"),
        Index("ix_sync_items_thread", "mailbox_id", "gmail_thread_id"),
    )


class SyncDay(Base):
    """One mailbox's books for one day (UTC): how many ids came, and by how much each account grew or shrank.

    An id stands in exactly one account: stored, pending, skipped or gone. So `seen` is their sum on every day, and the
    sums over all days are what is in the mailbox's tables now.
    """

    __tablename__ = "sync_days"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True, doc="which mailbox")
    day: Mapped[date] = mapped_column(Date, primary_key=True, doc="the day in UTC")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    seen: Mapped[int] = mapped_column(default=0, doc="ids that were new, less those that were never entered rightly")
    stored: Mapped[int] = mapped_column(default=0, doc="copies that came, less those that went")
    pending: Mapped[int] = mapped_column(default=0, doc="ids that began to wait, less those that were settled")
    skipped: Mapped[int] = mapped_column(default=0, doc="ids skipped, less those that came back; by reason: SyncSkip")
    gone: Mapped[int] = mapped_column(default=0, doc="ids that Gmail no longer has")
    errors: Mapped[int] = mapped_column(default=0, doc="drains and fetches that failed")
    units: Mapped[int] = mapped_column(default=0, doc="quota units taken for calls to Gmail, people's own included")
    longest_wait_s: Mapped[int] = mapped_column(default=0, doc="lag: the longest that an id had waited, in seconds")
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when a drain last reached the end")


class SyncSkip(Base):
    """What was skipped in a mailbox on a day, by reason; less what came back."""

    __tablename__ = "sync_skips"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True, doc="which mailbox")
    day: Mapped[date] = mapped_column(Date, primary_key=True, doc="the day in UTC")
    reason: Mapped[str] = mapped_column(String(30), primary_key=True, doc="a shapes.SkipReason")
    number: Mapped[int] = mapped_column(doc="how many")


class SyncAudit(Base):
    """One comparison of Gmail's own list with the store, and what came of it."""

    __tablename__ = "sync_audits"

    id: Mapped[PrimaryKey]
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), doc="which mailbox")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when Gmail's list was read")
    listed: Mapped[int] = mapped_column(doc="ids that Gmail listed, spam and bin apart")
    stored: Mapped[int] = mapped_column(doc="copies in the store")
    missing: Mapped[int] = mapped_column(doc="ids that Gmail listed and nothing here explained")
    extra: Mapped[int] = mapped_column(doc="live copies here that Gmail did not list")
    left: Mapped[int] = mapped_column(doc="of those, still unsettled when the drain of the audit ended")
    misbooked: Mapped[int] = mapped_column(doc="ids by which the ledger was off from the store, put right at once")

    __table_args__ = (Index("ix_sync_audits_mailbox_id", "mailbox_id", "id"),)


class QuotaBucket(Base):
    """Units of Gmail's quota that a mailbox, or the whole project, took in the last minute; shared by all workers."""

    __tablename__ = "quota_buckets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True, doc='"mailbox:<id>", or "project"')
    taken: Mapped[list[list[int]]] = mapped_column(
        json_type(), doc="[slot, units] as buckets.Bucket has them; older ones drop out at the next taking"
    )
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="Gmail asked for silence until then")
    batch: Mapped[int] = mapped_column(doc="how many messages the mailbox's next batch asks for")
    total: Mapped[int] = mapped_column(BigKey, doc="units taken since ever, for the ledger")


class SyncWatch(Base):
    """A mailbox's registration for push notices at Gmail, which lapses after seven days."""

    __tablename__ = "sync_watches"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True, doc="which mailbox")
    topic: Mapped[str] = mapped_column(String(300), doc="the Pub/Sub topic it was registered for; empty: none is")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it lapses; None: it is not registered")
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when to register it anew")
    failures: Mapped[int] = mapped_column(default=0, doc="tries in a row that failed; the pause grows with it")
    last_error: Mapped[str] = mapped_column(String(500), default="", doc="what the last one failed of; empty: nothing")
