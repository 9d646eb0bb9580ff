"""linking privacy sync."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_batches",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("user_id", BigKey, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("added", json_type(), nullable=False),
        sa.Column("removed", json_type(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_link_batches_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_link_batches_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_batches")),
    )
    with op.batch_alter_table("link_batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_batches_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "exclusions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('address', 'domain')", name=op.f("ck_exclusions_kind")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_exclusions_mailbox_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_exclusions_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_exclusions_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusions")),
        sa.UniqueConstraint(
            "workspace_id", "mailbox_id", "kind", "value", name=op.f("uq_exclusions_workspace_id_mailbox_id_kind_value")
        ),
    )
    with op.batch_alter_table("exclusions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exclusions_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "link_receipts",
        sa.Column("message_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("rejected", json_type(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_link_receipts_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_link_receipts_workspace_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_link_receipts")),
    )
    with op.batch_alter_table("link_receipts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_link_receipts_workspace_id_outcome", ["workspace_id", "outcome", "sent_at", "message_id"], unique=False
        )

    op.create_table(
        "link_vetoes",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("record_id", BigKey, nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("scope IN ('mail', 'thread', 'address', 'domain')", name=op.f("ck_link_vetoes_scope")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_link_vetoes_record_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_link_vetoes_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_link_vetoes_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_vetoes")),
        sa.UniqueConstraint(
            "workspace_id",
            "record_id",
            "scope",
            "value",
            name=op.f("uq_link_vetoes_workspace_id_record_id_scope_value"),
        ),
    )
    with op.batch_alter_table("link_vetoes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_vetoes_record_id"), ["record_id"], unique=False)
        batch_op.create_index(
            "ix_link_vetoes_workspace_id_scope_value", ["workspace_id", "scope", "value"], unique=False
        )

    op.create_table(
        "links",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("message_id", BigKey, nullable=False),
        sa.Column("record_id", BigKey, nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("rule", sa.String(length=30), nullable=False),
        sa.Column("evidence", json_type(), nullable=False),
        sa.Column("batch_id", BigKey, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["link_batches.id"], name=op.f("fk_links_batch_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_links_message_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_links_record_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_links_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("message_id", "record_id", name=op.f("uq_links_message_id_record_id")),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index(
            "ix_links_record_id_sent_at",
            ["record_id", "sent_at", "message_id"],
            unique=False,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "sync_items",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("gmail_id", sa.String(length=32), nullable=False),
        sa.Column("gmail_thread_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'skipped')", name=op.f("ck_sync_items_state")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_sync_items_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_items")),
    )
    with op.batch_alter_table("sync_items", schema=None) as batch_op:
        batch_op.create_index("ix_sync_items_mailbox_id_gmail_id", ["mailbox_id", "gmail_id"], unique=True)
        batch_op.create_index("ix_sync_items_queue", ["mailbox_id", "state", "priority", "id"], unique=False)

    op.create_table(
        "sync_states",
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("history_id", sa.String(length=20), nullable=True),
        sa.Column("is_listing", sa.Boolean(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("page_token", sa.String(length=500), nullable=True),
        sa.Column("estimate", sa.Integer(), nullable=False),
        sa.Column("next_sync_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_sync_states_mailbox_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_sync_states_workspace_id")),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_sync_states")),
    )
    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.create_index("ix_sync_states_next_sync_at", ["next_sync_at"], unique=False)

    op.create_table(
        "link_questions",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("candidates", json_type(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answer_id", BigKey, nullable=True),
        sa.Column("user_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["deals.id"], name=op.f("fk_link_questions_answer_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_link_questions_conversation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_link_questions_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_link_questions_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_questions")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_link_questions_conversation_id")),
    )
    with op.batch_alter_table("link_questions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_link_questions_workspace_id_answered_at", ["workspace_id", "answered_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("link_questions", schema=None) as batch_op:
        batch_op.drop_index("ix_link_questions_workspace_id_answered_at")

    op.drop_table("link_questions")
    with op.batch_alter_table("sync_states", schema=None) as batch_op:
        batch_op.drop_index("ix_sync_states_next_sync_at")

    op.drop_table("sync_states")
    with op.batch_alter_table("sync_items", schema=None) as batch_op:
        batch_op.drop_index("ix_sync_items_queue")
        batch_op.drop_index("ix_sync_items_mailbox_id_gmail_id")

    op.drop_table("sync_items")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_links_record_id_sent_at",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.drop_table("links")
    with op.batch_alter_table("link_vetoes", schema=None) as batch_op:
        batch_op.drop_index("ix_link_vetoes_workspace_id_scope_value")
        batch_op.drop_index(batch_op.f("ix_link_vetoes_record_id"))

    op.drop_table("link_vetoes")
    with op.batch_alter_table("link_receipts", schema=None) as batch_op:
        batch_op.drop_index("ix_link_receipts_workspace_id_outcome")

    op.drop_table("link_receipts")
    with op.batch_alter_table("exclusions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exclusions_workspace_id"))

    op.drop_table("exclusions")
    with op.batch_alter_table("link_batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_batches_workspace_id"))

    op.drop_table("link_batches")
