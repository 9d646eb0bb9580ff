"""Orders with what became of them, mailboxes as senders, and whom nobody writes to any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type, one_of
from backend.db.base import BigKey
from backend.outbox.shapes import State

_IS_OPEN = text("state IN ('claimed', 'drafted', 'sending')")
_IS_WAITING, _IS_BEGUN = text("state = 'claimed'"), text("state IN ('drafted', 'sending')")


class OutboxRow(Base):
    """One mail that is to leave once at most."""

    __tablename__ = "outbox"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), doc="from whose mailbox")
    source: Mapped[str] = mapped_column(String(20), doc="what ordered it: enrolment, campaign")
    source_id: Mapped[int] = mapped_column(BigKey, doc="its id there; no foreign key, since sources lie above")
    step: Mapped[int] = mapped_column(doc="which of its mails, from 0")
    run: Mapped[int] = mapped_column(doc="counted up where somebody goes through it again")
    token: Mapped[str] = mapped_column(
        String(32), doc="what X-Enlace-Send says: a hash of the order's key, the same in every copy of this database"
    )
    group_id: Mapped[int] = mapped_column(BigKey, doc="with which orders it stands in one queue: its sequence")
    version_id: Mapped[int | None] = mapped_column(
        BigKey, doc="which of its source's texts it bears, for the results; None: the source has no versions"
    )
    variant: Mapped[int] = mapped_column(default=0, doc="which of that text's wordings, from 0")
    contact_id: Mapped[int] = mapped_column(
        BigKey, doc="to whom; no foreign key, since people are erased, and books stay"
    )
    email: Mapped[str] = mapped_column(String(320), doc="the recipient's address as written")
    address_key: Mapped[str] = mapped_column(String(320), doc="the address as compared (mail.addresses)")
    domain: Mapped[str] = mapped_column(String(253), doc="the address's registrable domain; may be empty")
    state: Mapped[str] = mapped_column(String(8), doc="a shapes.State")
    reason: Mapped[str] = mapped_column(String(40), default="", doc="why it ended so, or waits; empty: nothing to say")
    evidence: Mapped[str] = mapped_column(String(500), default="", doc="what the reason rests on, without content")
    rank: Mapped[int] = mapped_column(doc="0: a follow-up, 1: a first touch; lower goes first")
    turn: Mapped[int] = mapped_column(BigKey, doc="place in the mailbox's queue among its rank: groups take turns")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it is next to be looked at")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="not sent by then, it is skipped")
    attempts: Mapped[int] = mapped_column(default=0, doc="times that it was taken up and failed or broke off")
    draft_id: Mapped[str] = mapped_column(String(64), default="", doc="Gmail's id of the draft; empty: none known")
    thread_id: Mapped[str] = mapped_column(String(32), default="", doc="Gmail's thread in this mailbox; may be empty")
    gmail_id: Mapped[str] = mapped_column(String(32), default="", doc="Gmail's id of the sent mail; empty: not sent")
    rfc_id: Mapped[str] = mapped_column(String(998), default="", doc="the Message-ID that Gmail gave it, no brackets")
    subject: Mapped[str] = mapped_column(String(998), default="", doc="the subject as sent; empty: not read back yet")
    references: Mapped[list[str]] = mapped_column(json_type(), default=list, doc="its References as sent")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was ordered")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when Gmail took it; None: not sent")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it came to its end; None: open")

    __table_args__ = (
        UniqueConstraint("source", "source_id", "step", "run"),
        UniqueConstraint("workspace_id", "token"),
        CheckConstraint(
            "state IN ('claimed', 'drafted', 'sending', 'sent', 'skipped', 'vetoed', 'unknown')", name="state"
        ),
        Index("ix_outbox_queue", "mailbox_id", "rank", "turn", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index(
            "ix_outbox_groups",
            "mailbox_id",
            "rank",
            "group_id",
            "turn",
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        Index("ix_outbox_waiting", "mailbox_id", "due_at", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
        Index("ix_outbox_begun", "mailbox_id", "due_at", sqlite_where=_IS_BEGUN, postgresql_where=_IS_BEGUN),
        Index("ix_outbox_mailbox_id_sent_at", "mailbox_id", "sent_at"),
        Index("ix_outbox_mailbox_id_thread_id", "mailbox_id", "thread_id"),
        Index("ix_outbox_contact_id", "contact_id"),
        # All that results are divided by, so that they are counted from the index alone.
        Index(
            "ix_outbox_results", "group_id", "version_id", "step", "variant", "mailbox_id", "sent_at", "workspace_id"
        ),
        Index("ix_outbox_workspace_id_address_key", "workspace_id", "address_key"),
    )


# The same conditions for statements.
IS_OPEN = one_of(OutboxRow.state, *State.open())
IS_BEGUN = one_of(OutboxRow.state, State.DRAFTED, State.SENDING)
IS_WAITING = OutboxRow.state == literal_column(f"'{State.CLAIMED}'")


class OutboxSender(Base):
    """A mailbox that sends: its lease, its pace, its pauses."""

    __tablename__ = "outbox_senders"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True, doc="which mailbox")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    next_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, index=True, doc="when an order of it is next due; None: none is open"
    )
    fence: Mapped[int] = mapped_column(
        default=0, doc="counted up by each lease; a worker with an older one is too late"
    )
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="until when somebody sends; None: nobody")
    pace: Mapped[dict[str, Any]] = mapped_column(json_type(), default=dict, doc="what differs from shapes.Pace")
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="nothing leaves before; None: not paused")
    pause_reason: Mapped[str] = mapped_column(String(500), default="", doc="a shapes.Pause, and what it rests on")
    last_slot_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="the latest moment given to a mail")
    first_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it first sent; the ramp begins there")
    reports_read_id: Mapped[int] = mapped_column(
        BigKey, default=0, doc="copies up to this id were searched for bounces"
    )


class Suppression(Base):
    """An address to which nothing is sent any more, by anybody of the team."""

    __tablename__ = "suppressions"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    address_key: Mapped[str] = mapped_column(String(320), doc="the address as compared (mail.addresses)")
    ground: Mapped[str] = mapped_column(String(20), doc="a shapes.Ground")
    evidence: Mapped[str] = mapped_column(String(500), doc="what it rests on: a report's mail and status, a click")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="since when")

    __table_args__ = (
        UniqueConstraint("workspace_id", "address_key"),
        Index("ix_suppressions_workspace_id_ground", "workspace_id", "ground", "id"),
    )
