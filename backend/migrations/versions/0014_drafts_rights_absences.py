"""Drafts of sequences, who may publish and enrol, and days on which reps are away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import json_type
from backend.db.base import BigKey

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sequence_rights",
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("publish_role", sa.String(length=20), nullable=False),
        sa.Column("enrol_role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sequence_rights_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_sequence_rights")),
    )
    op.create_table(
        "absences",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_absences_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_absences_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    with op.batch_alter_table("absences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_absences_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("sequences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("draft", json_type(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("sequences", schema=None) as batch_op:
        batch_op.drop_column("revision")
        batch_op.drop_column("draft")

    with op.batch_alter_table("absences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_absences_user_id"))

    op.drop_table("absences")
    op.drop_table("sequence_rights")
