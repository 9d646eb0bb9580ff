"""People of a sequence are counted and listed from indexes, and so are suppressed addresses of a ground."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_enrolments_standing": ("enrolments", ["sequence_id", "state", "reason", "step", "version_id", "user_id"]),
    "ix_enrolments_sequence_id_id": ("enrolments", ["sequence_id", "id"]),
    "ix_enrolments_user_id_id": ("enrolments", ["user_id", "id"]),
    "ix_suppressions_workspace_id_ground": ("suppressions", ["workspace_id", "ground", "id"]),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
