"""What reps write again and again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime


class Template(Base):
    """A mail to start from, with fields in Liquid."""

    __tablename__ = "templates"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), doc="whose own it is; None: the whole team's")
    name: Mapped[str] = mapped_column(String(200), doc="as people find it")
    subject: Mapped[str] = mapped_column(String(500), default="", doc="Liquid; may be empty: the draft keeps its own")
    body: Mapped[str] = mapped_column(Text, doc="plain text with Liquid")
    version: Mapped[int] = mapped_column(default=1, doc="counted up by each change")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was written")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was last changed")

    __table_args__ = (Index("ix_templates_workspace_id_name", "workspace_id", "name"),)
