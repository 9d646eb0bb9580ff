"""Merges of duplicate records, each with what its undo needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_merges",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("kept_id", BigKey, nullable=False),
        sa.Column("lost_id", BigKey, nullable=False),
        sa.Column("moved", json_type(), nullable=False),
        sa.Column("batch_id", BigKey, nullable=True),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["records.id"], name=op.f("fk_record_merges_kept_id")),
        sa.ForeignKeyConstraint(["lost_id"], ["records.id"], name=op.f("fk_record_merges_lost_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_record_merges_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_record_merges_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_merges")),
    )
    with op.batch_alter_table("record_merges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_merges_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_record_merges_lost_id"), ["lost_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_record_merges_workspace_id"), ["workspace_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("record_merges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_merges_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_record_merges_lost_id"))
        batch_op.drop_index(batch_op.f("ix_record_merges_kept_id"))

    op.drop_table("record_merges")
