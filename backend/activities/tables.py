"""What people did or will do besides mail: notes, tasks, calls and meetings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime


class Activity(Base):
    """One note, task, call or meeting."""

    __tablename__ = "activities"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    kind: Mapped[str] = mapped_column(String(10), doc="a shapes.ActivityKind")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who wrote it, or who has to do it")
    text: Mapped[str] = mapped_column(Text, doc="in the writer's words")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it happened; for a task when it was set")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="a task's deadline; None: no deadline or no task")
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when a task was done; None: open or no task")
    outcome: Mapped[str] = mapped_column(String(20), default="", doc="a call's: connected, voicemail, no_answer, busy")
    minutes: Mapped[int | None] = mapped_column(doc="how long a call or meeting took; None: not known")

    __table_args__ = (
        CheckConstraint("kind IN ('note', 'task', 'call', 'meeting')", name="kind"),
        Index("ix_activities_workspace_id_at", "workspace_id", "at"),
        Index("ix_activities_owner_id_due_at", "owner_id", "kind", "done_at", "due_at"),
    )


class ActivityRecord(Base):
    """A record that an activity is about."""

    __tablename__ = "activity_records"

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True, doc="contact, company or deal")
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"), primary_key=True, index=True, doc="which")
