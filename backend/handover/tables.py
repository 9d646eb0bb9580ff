"""Handovers: what a colleague who left had, and who has it now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type


class Handover(Base):
    """One handover from a leaver to an heir, with what its undo needs."""

    __tablename__ = "handovers"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    leaver_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="whose it was")
    heir_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="whose it is now")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="the admin who did it")
    moved: Mapped[dict[str, list[int]]] = mapped_column(
        json_type(), doc="ids that changed hands: records, tasks, mailboxes"
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was taken back; None: it stands")
