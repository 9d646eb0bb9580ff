"""Results are counted from an index alone."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = ["group_id", "version_id", "step", "variant", "mailbox_id", "sent_at", "workspace_id"]


def upgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_workspace_id_sent_at")
        batch_op.drop_index("ix_outbox_group_id_sent_at")
        batch_op.create_index("ix_outbox_results", COLUMNS, unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_results")
        batch_op.create_index("ix_outbox_workspace_id_sent_at", ["workspace_id", "sent_at"], unique=False)
        batch_op.create_index("ix_outbox_group_id_sent_at", ["group_id", "sent_at"], unique=False)
