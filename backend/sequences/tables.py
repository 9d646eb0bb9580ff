"""What reps write again and again: templates, sequences with their versions, and who is on the way through one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type
from backend.db.base import BigKey


class Template(Base):
    """A mail to start from, with fields in Liquid."""

    __tablename__ = "templates"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), doc="whose own it is; None: the whole team's")
    name: Mapped[str] = mapped_column(String(200), doc="as people find it")
    kind: Mapped[str] = mapped_column(
        String(10), default="mail", doc="mail, or snippet: a piece that mails take in by its name"
    )
    subject: Mapped[str] = mapped_column(String(500), default="", doc="Liquid; may be empty: the draft keeps its own")
    body: Mapped[str] = mapped_column(Text, doc="plain text with Liquid")
    is_html: Mapped[bool] = mapped_column(default=False, doc="whether it leaves as HTML too")
    version: Mapped[int] = mapped_column(default=1, doc="counted up by each change")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was written")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was last changed")

    __table_args__ = (Index("ix_templates_workspace_id_name", "workspace_id", "name"),)


class Sequence(Base):
    """Mails and tasks one after the other, until the person answers."""

    __tablename__ = "sequences"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    uid: Mapped[str] = mapped_column(
        String(32), unique=True, doc="its name for ever, in every copy of this database: mails' keys are made of it"
    )
    name: Mapped[str] = mapped_column(String(200), doc="as people find it")
    description: Mapped[str] = mapped_column(
        String(1000), default="", server_default="", doc="what it is for, in the team's own words; may be empty"
    )
    kind: Mapped[str] = mapped_column(
        String(10), default="sequence", doc="sequence, or campaign: one mail, once, to a list"
    )
    number: Mapped[int] = mapped_column(default=0, doc="the version that new enrolments get; 0: none published yet")
    draft: Mapped[dict[str, Any]] = mapped_column(
        json_type(), default=dict, server_default="{}",
        doc="the next version as it is being written, sound or not; empty: nothing differs from the published one",
    )  # fmt: skip
    revision: Mapped[int] = mapped_column(
        default=1, server_default="1", doc="counted up by each change of name, draft or version; the ETag"
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who made it")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="since when nobody is enrolled; None: in use")

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)


class SequenceRights(Base):
    """Who of a team may publish and enrol; a team without a row lets everybody."""

    __tablename__ = "sequence_rights"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), primary_key=True, doc="the team")
    publish_role: Mapped[str] = mapped_column(String(20), doc="the least accounts.shapes.Role that publishes")
    enrol_role: Mapped[str] = mapped_column(String(20), doc="the least accounts.shapes.Role that enrols")


class Absence(Base):
    """Days on which nothing of a sequence leaves in a rep's name."""

    __tablename__ = "absences"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, doc="who is away")
    first_day: Mapped[date] = mapped_column(doc="the first day, local")
    last_day: Mapped[date] = mapped_column(doc="the last day, local")


class SequenceVersion(Base):
    """What a sequence said when it was published; never changed, and who began with it goes on with it."""

    __tablename__ = "sequence_versions"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id"), doc="whose version")
    number: Mapped[int] = mapped_column(doc="from 1")
    definition: Mapped[dict[str, Any]] = mapped_column(
        json_type(), doc="steps and rules, as definitions.dump writes it"
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="who published it")
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")

    __table_args__ = (UniqueConstraint("sequence_id", "number"),)


class Enrolment(Base):
    """A person on the way through one version of a sequence."""

    __tablename__ = "enrolments"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id"), doc="which sequence")
    version_id: Mapped[int] = mapped_column(ForeignKey("sequence_versions.id"), doc="the version it is pinned to")
    contact_id: Mapped[int] = mapped_column(BigKey, doc="who; no foreign key, since people are erased, and books stay")
    email: Mapped[str] = mapped_column(String(320), doc="the person's address then, as written")
    address_key: Mapped[str] = mapped_column(String(320), doc="the same as compared")
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), doc="from whose mailbox")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), doc="the rep whose it is")
    deal_id: Mapped[int | None] = mapped_column(BigKey, doc="the deal that it is about; None: none")
    run: Mapped[int] = mapped_column(doc="from 1; higher where the same person goes through it again")
    state: Mapped[str] = mapped_column(String(8), doc="a shapes.EnrolmentState")
    reason: Mapped[str] = mapped_column(
        String(40), default="", doc="why it stands still or ended; empty: nothing to say"
    )
    step: Mapped[int] = mapped_column(default=0, doc="the step to be done next, from 0")
    due_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="when there is something to do; None: it ended, or its mail is in the outbox"
    )
    wall: Mapped[str] = mapped_column(
        String(16), default="", doc="local time behind due_at, as 2026-03-29T02:30; empty: due_at is the time itself"
    )
    thread: Mapped[dict[str, Any]] = mapped_column(
        json_type(), default=dict, doc="the mail to reply to; empty: none yet"
    )
    baseline: Mapped[dict[str, Any]] = mapped_column(
        json_type(), default=dict, doc="what held at the start and stops it when it changes: owner, deal's stage"
    )
    failures: Mapped[int] = mapped_column(default=0, doc="times in a row that it could not be worked on")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when the person was enrolled")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it ended; None: it runs")

    __table_args__ = (
        CheckConstraint("state IN ('active', 'paused', 'finished', 'stopped')", name="state"),
        UniqueConstraint("sequence_id", "contact_id", "run"),
        Index(
            "ix_enrolments_running", "sequence_id", "contact_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_enrolments_due_at", "due_at",
            sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_enrolments_contact_id", "contact_id"),
        # All that people are counted by, so that they are counted from the index alone.
        Index("ix_enrolments_standing", "sequence_id", "state", "reason", "step", "version_id", "user_id"),
        Index("ix_enrolments_sequence_id_id", "sequence_id", "id"),
        Index("ix_enrolments_user_id_id", "user_id", "id"),
        Index(
            "ix_enrolments_paused", "user_id",
            sqlite_where=text("state = 'paused'"), postgresql_where=text("state = 'paused'"),
        ),
    )  # fmt: skip


class EnrolmentEvent(Base):
    """One line of an enrolment's ledger: what was done or left, why, and on what evidence. Never changed."""

    __tablename__ = "enrolment_events"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"), doc="whose ledger")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when")
    kind: Mapped[str] = mapped_column(String(20), doc="a shapes.EventKind")
    step: Mapped[int] = mapped_column(doc="at which step")
    reason: Mapped[str] = mapped_column(String(40), default="", doc="why, in one word; empty: it needs none")
    evidence: Mapped[str] = mapped_column(String(500), default="", doc="what that rests on, without content")

    __table_args__ = (Index("ix_enrolment_events_enrolment_id", "enrolment_id", "id"),)


class Campaign(Base):
    """One mail to a list: a sequence of one step whose people are settled when it starts."""

    __tablename__ = "campaigns"

    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id"), primary_key=True, doc="its sequence")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    audience: Mapped[dict[str, Any]] = mapped_column(
        json_type(), default=dict, doc="whom, as campaigns.shapes.Audience"
    )
    template_id: Mapped[int | None] = mapped_column(
        BigKey, doc="the template that the text was begun with; no foreign key, since templates are deleted"
    )
    subject: Mapped[str] = mapped_column(String(500), default="", doc="Liquid; may be empty while it is written")
    body: Mapped[str] = mapped_column(Text, default="", doc="Liquid; may be empty while it is written")
    is_html: Mapped[bool] = mapped_column(default=False, doc="whether it leaves as HTML too")
    version: Mapped[int] = mapped_column(default=1, doc="counted up by each change; the ETag")
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="since when mails leave; None: a draft")
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="since when it stands still; None: it does not")
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when somebody ended it; None: nobody did")


class LeftOut(Base):
    """Somebody who was on a campaign's list when it started, and gets nothing of it."""

    __tablename__ = "campaign_left_out"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id"), index=True, doc="the campaign")
    contact_id: Mapped[int] = mapped_column(BigKey, index=True, doc="who; no foreign key: people are erased")
    reason: Mapped[str] = mapped_column(String(40), doc="why, in one word")
    evidence: Mapped[str] = mapped_column(String(500), default="", doc="what that rests on, without content")
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it started")


class Answer(Base):
    """What a mail of ours brought about: the first reply to it."""

    __tablename__ = "outbox_answers"

    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), primary_key=True, doc="which mail of ours")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    message_id: Mapped[int] = mapped_column(BigKey, doc="the reply; no foreign key, since mail is erased")
    how: Mapped[str] = mapped_column(String(10), doc="in_thread, or outside: a new mail of the same person")
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True, doc="when it was sent")


class AnswerMark(Base):
    """How far the mail of a mailbox was searched for answers."""

    __tablename__ = "answer_marks"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True, doc="whose mail")
    read_id: Mapped[int] = mapped_column(BigKey, doc="copies up to this id were searched")
