"""The ledger of every Gmail id by mailbox and day, the audits' results, and handovers from those who leave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# What was there before there were books: each mailbox begins with what it has.
_OPENING_DAY = """
    INSERT INTO sync_days (mailbox_id, day, workspace_id, seen, stored, pending, skipped, gone, errors, units,
                           longest_wait_s, last_success_at)
    SELECT mailbox_id, CURRENT_DATE, workspace_id, stored + pending + skipped, stored, pending, skipped, 0, 0, 0, 0,
           NULL
    FROM (SELECT s.mailbox_id, s.workspace_id,
                 (SELECT count(*) FROM copies c WHERE c.mailbox_id = s.mailbox_id) AS stored,
                 (SELECT count(*) FROM sync_items i WHERE i.mailbox_id = s.mailbox_id AND i.state = 'pending'
                  AND NOT EXISTS (SELECT 1 FROM copies c WHERE c.mailbox_id = i.mailbox_id
                                  AND c.gmail_id = i.gmail_id)) AS pending,
                 (SELECT count(*) FROM sync_items i WHERE i.mailbox_id = s.mailbox_id
                  AND i.state = 'skipped') AS skipped
          FROM sync_states s) AS present
"""
_OPENING_SKIPS = """
    INSERT INTO sync_skips (mailbox_id, day, reason, number)
    SELECT mailbox_id, CURRENT_DATE, reason, count(*) FROM sync_items WHERE state = 'skipped'
    GROUP BY mailbox_id, reason
"""


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("leaver_id", BigKey, nullable=False),
        sa.Column("heir_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("moved", json_type(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["heir_id"], ["users.id"], name=op.f("fk_handovers_heir_id")),
        sa.ForeignKeyConstraint(["leaver_id"], ["users.id"], name=op.f("fk_handovers_leaver_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_handovers_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_handovers_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index(op.f("ix_handovers_workspace_id"), "handovers", ["workspace_id"])
    op.create_table(
        "sync_audits",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("misbooked", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_sync_audits_mailbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sync_audits_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_audits")),
    )
    op.create_index("ix_sync_audits_mailbox_id", "sync_audits", ["mailbox_id", "id"])
    op.create_table(
        "sync_days",
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("longest_wait_s", sa.Integer(), nullable=False),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_sync_days_mailbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sync_days_workspace_id")),
        sa.PrimaryKeyConstraint("mailbox_id", "day", name=op.f("pk_sync_days")),
    )
    op.create_table(
        "sync_skips",
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_sync_skips_mailbox_id")),
        sa.PrimaryKeyConstraint("mailbox_id", "day", "reason", name=op.f("pk_sync_skips")),
    )
    with op.batch_alter_table("sync_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("waiting_since", UtcDateTime(), nullable=True))
    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_audit_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE sync_items SET waiting_since = next_attempt_at WHERE state = 'pending'")
    op.execute(_OPENING_DAY)
    op.execute(_OPENING_SKIPS)


def downgrade() -> None:
    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.drop_column("next_audit_at")
    with op.batch_alter_table("sync_items", schema=None) as batch_op:
        batch_op.drop_column("waiting_since")
    op.drop_table("sync_skips")
    op.drop_table("sync_days")
    op.drop_index("ix_sync_audits_mailbox_id", "sync_audits")
    op.drop_table("sync_audits")
    op.drop_index(op.f("ix_handovers_workspace_id"), "handovers")
    op.drop_table("handovers")
