"""Import policies, private threads, requests to read a colleague's mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_requests",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("asker_id", BigKey, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'granted', 'refused')", name=op.f("ck_access_requests_state")),
        sa.ForeignKeyConstraint(["asker_id"], ["users.id"], name=op.f("fk_access_requests_asker_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_access_requests_conversation_id")
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_access_requests_mailbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_access_requests_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
        sa.UniqueConstraint(
            "conversation_id",
            "mailbox_id",
            "asker_id",
            name=op.f("uq_access_requests_conversation_id_mailbox_id_asker_id"),
        ),
    )
    with op.batch_alter_table("access_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_requests_mailbox_id"), ["mailbox_id"], unique=False)

    op.create_table(
        "import_policies",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("labels_in", json_type(), nullable=False),
        sa.Column("labels_out", json_type(), nullable=False),
        sa.Column("is_known_only", sa.Boolean(), nullable=False),
        sa.Column("keeps_internal", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(kind = 'mailbox') = (mailbox_id IS NOT NULL)", name=op.f("ck_import_policies_owner")),
        sa.CheckConstraint("kind IN ('default', 'bounds', 'mailbox')", name=op.f("ck_import_policies_kind")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_import_policies_mailbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_import_policies_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_policies")),
    )
    with op.batch_alter_table("import_policies", schema=None) as batch_op:
        batch_op.create_index(
            "ix_import_policies_mailbox_id",
            ["mailbox_id"],
            unique=True,
            sqlite_where=sa.text("mailbox_id IS NOT NULL"),
            postgresql_where=sa.text("mailbox_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_import_policies_workspace_id_kind",
            ["workspace_id", "kind"],
            unique=True,
            sqlite_where=sa.text("mailbox_id IS NULL"),
            postgresql_where=sa.text("mailbox_id IS NULL"),
        )

    op.create_table(
        "import_policy_changes",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("before", json_type(), nullable=True),
        sa.Column("after", json_type(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_import_policy_changes_mailbox_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_import_policy_changes_user_id")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_import_policy_changes_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_policy_changes")),
    )
    with op.batch_alter_table("import_policy_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_policy_changes_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "private_threads",
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_private_threads_conversation_id")
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_private_threads_mailbox_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_private_threads_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_private_threads_workspace_id")),
        sa.PrimaryKeyConstraint("conversation_id", "mailbox_id", name=op.f("pk_private_threads")),
    )
    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rules_digest", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("is_widening", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("is_undoing", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("workspaces", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("default_sharing", sa.String(length=20), server_default="everything", nullable=False)
        )
        batch_op.add_column(sa.Column("least_sharing", sa.String(length=20), server_default="nothing", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("workspaces", schema=None) as batch_op:
        batch_op.drop_column("least_sharing")
        batch_op.drop_column("default_sharing")

    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.drop_column("is_undoing")
        batch_op.drop_column("is_widening")
        batch_op.drop_column("rules_digest")

    op.drop_table("private_threads")
    with op.batch_alter_table("import_policy_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_policy_changes_workspace_id"))

    op.drop_table("import_policy_changes")
    with op.batch_alter_table("import_policies", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_import_policies_workspace_id_kind",
            sqlite_where=sa.text("mailbox_id IS NULL"),
            postgresql_where=sa.text("mailbox_id IS NULL"),
        )
        batch_op.drop_index(
            "ix_import_policies_mailbox_id",
            sqlite_where=sa.text("mailbox_id IS NOT NULL"),
            postgresql_where=sa.text("mailbox_id IS NOT NULL"),
        )

    op.drop_table("import_policies")
    with op.batch_alter_table("access_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_requests_mailbox_id"))

    op.drop_table("access_requests")
