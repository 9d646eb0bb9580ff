"""The outbox and sequences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('claimed', 'drafted', 'sending')")
_DUE = sa.text("due_at IS NOT NULL")
_RUNNING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_suppressions_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("workspace_id", "address_key", name=op.f("uq_suppressions_workspace_id_address_key")),
    )
    op.create_table(
        "sequences",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sequences_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sequences_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequences")),
        sa.UniqueConstraint("uid", name=op.f("uq_sequences_uid")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_sequences_workspace_id_name")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("source_id", BigKey, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("group_id", BigKey, nullable=False),
        sa.Column("contact_id", BigKey, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.String(length=500), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("turn", BigKey, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(length=64), nullable=False),
        sa.Column("thread_id", sa.String(length=32), nullable=False),
        sa.Column("gmail_id", sa.String(length=32), nullable=False),
        sa.Column("rfc_id", sa.String(length=998), nullable=False),
        sa.Column("subject", sa.String(length=998), nullable=False),
        sa.Column("references", json_type(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('claimed', 'drafted', 'sending', 'sent', 'skipped', 'vetoed', 'unknown')",
            name=op.f("ck_outbox_state"),
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_outbox_mailbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_outbox_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("source", "source_id", "step", "run", name=op.f("uq_outbox_source_source_id_step_run")),
        sa.UniqueConstraint("workspace_id", "token", name=op.f("uq_outbox_workspace_id_token")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_contact_id", ["contact_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_due",
            ["mailbox_id", "due_at"],
            unique=False,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )
        batch_op.create_index(
            "ix_outbox_groups",
            ["mailbox_id", "rank", "group_id", "turn"],
            unique=False,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )
        batch_op.create_index("ix_outbox_mailbox_id_sent_at", ["mailbox_id", "sent_at"], unique=False)
        batch_op.create_index("ix_outbox_mailbox_id_thread_id", ["mailbox_id", "thread_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_queue",
            ["mailbox_id", "rank", "turn"],
            unique=False,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )

    op.create_table(
        "outbox_senders",
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("pace", json_type(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("pause_reason", sa.String(length=500), nullable=False),
        sa.Column("last_slot_at", UtcDateTime(), nullable=True),
        sa.Column("first_sent_at", UtcDateTime(), nullable=True),
        sa.Column("reports_read_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_outbox_senders_mailbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_outbox_senders_workspace_id")),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_outbox_senders")),
    )
    with op.batch_alter_table("outbox_senders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_senders_next_at"), ["next_at"], unique=False)

    op.create_table(
        "sequence_versions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("sequence_id", BigKey, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("definition", json_type(), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sequence_id"], ["sequences.id"], name=op.f("fk_sequence_versions_sequence_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sequence_versions_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sequence_versions_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequence_versions")),
        sa.UniqueConstraint("sequence_id", "number", name=op.f("uq_sequence_versions_sequence_id_number")),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("sequence_id", BigKey, nullable=False),
        sa.Column("version_id", BigKey, nullable=False),
        sa.Column("contact_id", BigKey, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("deal_id", BigKey, nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("wall", sa.String(length=16), nullable=False),
        sa.Column("thread", json_type(), nullable=False),
        sa.Column("baseline", json_type(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused', 'finished', 'stopped')", name=op.f("ck_enrolments_state")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_enrolments_mailbox_id")),
        sa.ForeignKeyConstraint(["sequence_id"], ["sequences.id"], name=op.f("fk_enrolments_sequence_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_enrolments_user_id")),
        sa.ForeignKeyConstraint(["version_id"], ["sequence_versions.id"], name=op.f("fk_enrolments_version_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_enrolments_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("sequence_id", "contact_id", "run", name=op.f("uq_enrolments_sequence_id_contact_id_run")),
    )
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.create_index("ix_enrolments_contact_id", ["contact_id"], unique=False)
        batch_op.create_index(
            "ix_enrolments_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=_DUE,
            postgresql_where=_DUE,
        )
        batch_op.create_index(
            "ix_enrolments_running",
            ["sequence_id", "contact_id"],
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        )

    op.create_table(
        "enrolment_events",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("enrolment_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_enrolment_events_enrolment_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_enrolment_events_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_events")),
    )
    with op.batch_alter_table("enrolment_events", schema=None) as batch_op:
        batch_op.create_index("ix_enrolment_events_enrolment_id", ["enrolment_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("enrolment_events", schema=None) as batch_op:
        batch_op.drop_index("ix_enrolment_events_enrolment_id")

    op.drop_table("enrolment_events")
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_enrolments_running",
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        )
        batch_op.drop_index(
            "ix_enrolments_due_at",
            sqlite_where=_DUE,
            postgresql_where=_DUE,
        )
        batch_op.drop_index("ix_enrolments_contact_id")

    op.drop_table("enrolments")
    op.drop_table("sequence_versions")
    with op.batch_alter_table("outbox_senders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_senders_next_at"))

    op.drop_table("outbox_senders")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_queue",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )
        batch_op.drop_index("ix_outbox_mailbox_id_thread_id")
        batch_op.drop_index("ix_outbox_mailbox_id_sent_at")
        batch_op.drop_index(
            "ix_outbox_groups",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )
        batch_op.drop_index(
            "ix_outbox_due",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )
        batch_op.drop_index("ix_outbox_contact_id")

    op.drop_table("outbox")
    op.drop_table("sequences")
    op.drop_table("suppressions")
