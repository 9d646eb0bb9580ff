"""mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.db import UtcDateTime, json_type
from backend.db.base import BigKey
from backend.db.search import SearchIndex

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_conversations_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_table(
        "conversation_keys",
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("rfc_id", sa.String(length=998), nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_conversation_keys_conversation_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_conversation_keys_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "rfc_id", name=op.f("pk_conversation_keys")),
    )
    with op.batch_alter_table("conversation_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversation_keys_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("rfc_message_id", sa.String(length=998), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("snippet", sa.String(length=300), nullable=False),
        sa.Column("sender_key", sa.String(length=320), nullable=False),
        sa.Column("sender_email", sa.String(length=320), nullable=False),
        sa.Column("sender_name", sa.String(length=500), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("kind_why", sa.String(length=200), nullable=False),
        sa.Column("list_key", sa.String(length=320), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("attachment_count", sa.Integer(), nullable=False),
        sa.Column("live_copies", sa.Integer(), nullable=False),
        sa.Column("problems", json_type(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_messages_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("workspace_id", "fingerprint", name=op.f("uq_messages_workspace_id_fingerprint")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_conversation_id", ["conversation_id", "sent_at"], unique=False)
        batch_op.create_index(
            "ix_messages_list_key",
            ["workspace_id", "list_key"],
            unique=False,
            sqlite_where=sa.text("list_key <> ''"),
            postgresql_where=sa.text("list_key <> ''"),
        )
        batch_op.create_index(
            "ix_messages_workspace_id_rfc_message_id", ["workspace_id", "rfc_message_id"], unique=False
        )
        batch_op.create_index("ix_messages_workspace_id_sent_at", ["workspace_id", "sent_at", "id"], unique=False)

    op.create_table(
        "copies",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("mailbox_id", BigKey, nullable=False),
        sa.Column("message_id", BigKey, nullable=False),
        sa.Column("gmail_id", sa.String(length=32), nullable=False),
        sa.Column("gmail_thread_id", sa.String(length=32), nullable=False),
        sa.Column("labels", json_type(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_copies_mailbox_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_copies_message_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_copies_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copies")),
        sa.UniqueConstraint("mailbox_id", "gmail_id", name=op.f("uq_copies_mailbox_id_gmail_id")),
    )
    with op.batch_alter_table("copies", schema=None) as batch_op:
        batch_op.create_index("ix_copies_mailbox_id_gmail_thread_id", ["mailbox_id", "gmail_thread_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_copies_message_id"), ["message_id"], unique=False)

    op.create_table(
        "message_attachments",
        sa.Column("message_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("part_id", sa.String(length=100), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("is_inline", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_attachments_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "part_id", name=op.f("pk_message_attachments")),
    )
    op.create_table(
        "message_bodies",
        sa.Column("message_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_bodies_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_bodies")),
    )
    op.create_table(
        "message_participants",
        sa.Column("message_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("workspace_id", BigKey, nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_participants_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_message_participants_workspace_id")),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_message_participants")),
    )
    with op.batch_alter_table("message_participants", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_participants_address_key", ["workspace_id", "address_key", "message_id"], unique=False
        )
        batch_op.create_index("ix_message_participants_domain", ["workspace_id", "domain", "message_id"], unique=False)

    for statement in SearchIndex("message_search").statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE message_search")
    with op.batch_alter_table("message_participants", schema=None) as batch_op:
        batch_op.drop_index("ix_message_participants_domain")
        batch_op.drop_index("ix_message_participants_address_key")

    op.drop_table("message_participants")
    op.drop_table("message_bodies")
    op.drop_table("message_attachments")
    with op.batch_alter_table("copies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_copies_message_id"))
        batch_op.drop_index("ix_copies_mailbox_id_gmail_thread_id")

    op.drop_table("copies")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_workspace_id_sent_at")
        batch_op.drop_index("ix_messages_workspace_id_rfc_message_id")
        batch_op.drop_index(
            "ix_messages_list_key", sqlite_where=sa.text("list_key <> ''"), postgresql_where=sa.text("list_key <> ''")
        )
        batch_op.drop_index("ix_messages_conversation_id")

    op.drop_table("messages")
    with op.batch_alter_table("conversation_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conversation_keys_conversation_id"))

    op.drop_table("conversation_keys")
    op.drop_table("conversations")
