"""What came to a mailbox since: copies by mailbox, in the order in which they were stored."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("copies", schema=None) as batch_op:
        batch_op.create_index("ix_copies_mailbox_id_id", ["mailbox_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("copies", schema=None) as batch_op:
        batch_op.drop_index("ix_copies_mailbox_id_id")
