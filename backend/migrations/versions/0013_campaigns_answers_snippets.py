"""Campaigns, who was left out of them, answers to our mail, and templates that others take in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_marks",
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("read_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_answer_marks_mailbox_id")),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_answer_marks")),
    )
    op.create_table(
        "campaign_left_out",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("sequence_id", BigKey, nullable=False),
        sa.Column("contact_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sequence_id"], ["sequences.id"], name=op.f("fk_campaign_left_out_sequence_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_campaign_left_out_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_left_out")),
    )
    with op.batch_alter_table("campaign_left_out", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_left_out_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaign_left_out_sequence_id"), ["sequence_id"], unique=False)

    op.create_table(
        "campaigns",
        sa.Column("sequence_id", BigKey, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("audience", json_type(), nullable=False),
        sa.Column("template_id", BigKey, nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_html", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["sequence_id"], ["sequences.id"], name=op.f("fk_campaigns_sequence_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_campaigns_workspace_id")),
        sa.PrimaryKeyConstraint("sequence_id", name=op.f("pk_campaigns")),
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaigns_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "outbox_answers",
        sa.Column("outbox_id", BigKey, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("message_id", BigKey, nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_outbox_answers_outbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_outbox_answers_workspace_id")),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_outbox_answers")),
    )
    with op.batch_alter_table("outbox_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_answers_at"), ["at"], unique=False)

    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_enrolments_paused",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("state = 'paused'"),
            postgresql_where=sa.text("state = 'paused'"),
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version_id", BigKey, nullable=True))
        batch_op.add_column(sa.Column("variant", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index("ix_outbox_group_id_sent_at", ["group_id", "sent_at"], unique=False)
        batch_op.create_index("ix_outbox_workspace_id_address_key", ["workspace_id", "address_key"], unique=False)
        batch_op.create_index("ix_outbox_workspace_id_sent_at", ["workspace_id", "sent_at"], unique=False)

    with op.batch_alter_table("sequences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=10), server_default="sequence", nullable=False))

    with op.batch_alter_table("templates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=10), server_default="mail", nullable=False))
        batch_op.add_column(sa.Column("is_html", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("templates", schema=None) as batch_op:
        batch_op.drop_column("is_html")
        batch_op.drop_column("kind")

    with op.batch_alter_table("sequences", schema=None) as batch_op:
        batch_op.drop_column("kind")

    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.drop_index("ix_enrolments_paused")

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_group_id_sent_at")
        batch_op.drop_index("ix_outbox_workspace_id_sent_at")
        batch_op.drop_index("ix_outbox_workspace_id_address_key")
        batch_op.drop_column("variant")
        batch_op.drop_column("version_id")

    with op.batch_alter_table("outbox_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_answers_at"))

    op.drop_table("outbox_answers")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaigns_workspace_id"))

    op.drop_table("campaigns")
    with op.batch_alter_table("campaign_left_out", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_left_out_sequence_id"))
        batch_op.drop_index(batch_op.f("ix_campaign_left_out_contact_id"))

    op.drop_table("campaign_left_out")
    op.drop_table("answer_marks")
