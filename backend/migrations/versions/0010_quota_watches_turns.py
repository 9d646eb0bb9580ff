"""Quota shared by all workers, watches at Gmail, turns of imports, and what push notices announced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota_buckets",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("taken", json_type(), nullable=False),
        sa.Column("closed_until", UtcDateTime(), nullable=True),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("total", BigKey, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_quota_buckets")),
    )
    op.create_table(
        "sync_watches",
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("topic", sa.String(length=300), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_sync_watches_mailbox_id")),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_sync_watches")),
    )
    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_import_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("hinted_history_id", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("hint_looks", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_sync_items_thread", "sync_items", ["mailbox_id", "gmail_thread_id"])
    # Imports under way get their next turn; a mailbox without one loses its turn at the end of it.
    op.execute("UPDATE sync_states SET next_import_at = next_sync_at")


def downgrade() -> None:
    op.drop_index("ix_sync_items_thread", "sync_items")
    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.drop_column("hint_looks")
        batch_op.drop_column("hinted_history_id")
        batch_op.drop_column("next_import_at")
    op.drop_table("sync_watches")
    op.drop_table("quota_buckets")
