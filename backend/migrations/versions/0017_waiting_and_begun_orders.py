"""Orders that wait, and orders that were begun, are each found in an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEXES = {"ix_outbox_waiting": "state = 'claimed'", "ix_outbox_begun": "state IN ('drafted', 'sending')"}
BOTH = "state IN ('claimed', 'drafted', 'sending')"


def upgrade() -> None:
    op.drop_index("ix_outbox_due", "outbox")
    for name, which in INDEXES.items():
        _create(name, which)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "outbox")
    _create("ix_outbox_due", BOTH)


def _create(name: str, which: str) -> None:
    where = sa.text(which)
    op.create_index(name, "outbox", ["mailbox_id", "due_at"], sqlite_where=where, postgresql_where=where)
