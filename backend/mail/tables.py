"""Messages once per workspace, copies once per mailbox, conversations across mailboxes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type
from backend.db.base import BigKey
from backend.db.search import SearchIndex

ADDRESS_LENGTH = 320
MESSAGE_ID_LENGTH = 998


class Conversation(Base):
    """Mails that answer each other, whoever's mailbox holds them."""

    __tablename__ = "conversations"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    subject: Mapped[str] = mapped_column(Text, doc="the subject of the first mail that we saw of it")


class ConversationKey(Base):
    """A Message-ID that a mail of a conversation bears or refers to: by it later mails find the conversation."""

    __tablename__ = "conversation_keys"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), primary_key=True, doc="the team")
    rfc_id: Mapped[str] = mapped_column(String(MESSAGE_ID_LENGTH), primary_key=True, doc="without angle brackets")
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True, doc="where it belongs")


class Message(Base):
    """One mail, once, however many mailboxes hold a copy."""

    __tablename__ = "messages"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), doc="the exchange that it is part of")
    rfc_message_id: Mapped[str] = mapped_column(
        String(MESSAGE_ID_LENGTH), doc="the Message-ID header without brackets; empty where the mail had none"
    )
    fingerprint: Mapped[str] = mapped_column(
        String(32), doc="Message-ID, sender, date and subject in one hash: two mails may bear one Message-ID"
    )
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="Gmail's internalDate of the first copy that we saw")
    subject: Mapped[str] = mapped_column(Text, doc="decoded; empty where there was none")
    snippet: Mapped[str] = mapped_column(String(300), doc="the beginning of the new text, for lists")
    sender_key: Mapped[str] = mapped_column(
        String(ADDRESS_LENGTH), doc="the sender's address as compared; may be empty"
    )
    sender_email: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), doc="the sender's address as written")
    sender_name: Mapped[str] = mapped_column(String(500), doc="the sender's name; may be empty")
    is_ours: Mapped[bool] = mapped_column(doc="whether somebody of the team sent it")
    kind: Mapped[str] = mapped_column(String(12), doc="a shapes.Kind")
    kind_why: Mapped[str] = mapped_column(String(200), doc="the evidence for the kind")
    list_key: Mapped[str] = mapped_column(
        String(ADDRESS_LENGTH), doc="for list mail the list's own address, so that nobody takes it for a person"
    )
    size_bytes: Mapped[int] = mapped_column(doc="Gmail's estimate of the whole mail")
    attachment_count: Mapped[int] = mapped_column(doc="attachments that are not part of the text")
    live_copies: Mapped[int] = mapped_column(
        doc="copies that are neither deleted, in the bin nor in spam; at 0 the mail is not shown"
    )
    problems: Mapped[list[str]] = mapped_column(json_type(), doc="what was broken or cut while reading it")

    __table_args__ = (
        UniqueConstraint("workspace_id", "fingerprint"),
        Index("ix_messages_workspace_id_sent_at", "workspace_id", "sent_at", "id"),
        Index("ix_messages_conversation_id", "conversation_id", "sent_at"),
        Index("ix_messages_workspace_id_rfc_message_id", "workspace_id", "rfc_message_id"),
        Index(
            "ix_messages_list_key",
            "workspace_id",
            "list_key",
            sqlite_where=text("list_key <> ''"),
            postgresql_where=text("list_key <> ''"),
        ),
    )


class MessageBody(Base):
    """A mail's text, apart from what lists need."""

    __tablename__ = "message_bodies"

    message_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(Text, doc="all plain text, quotes included; quotes are cut when it is shown")


class MessageParticipant(Base):
    """Somebody in an address header of a mail."""

    __tablename__ = "message_participants"

    message_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="order in the mail, from 0")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    role: Mapped[str] = mapped_column(String(10), doc="a shapes.Role")
    address_key: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), doc="the address as compared")
    domain: Mapped[str] = mapped_column(String(253), doc="the address's registrable domain; may be empty")
    email: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), doc="the address as written")
    name: Mapped[str] = mapped_column(String(500), doc="the display name; may be empty")

    __table_args__ = (
        Index("ix_message_participants_address_key", "workspace_id", "address_key", "message_id"),
        Index("ix_message_participants_domain", "workspace_id", "domain", "message_id"),
    )


class MessageAttachment(Base):
    """A part of a mail beside its text; the bytes stay at Gmail until somebody asks."""

    __tablename__ = "message_attachments"

    message_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    part_id: Mapped[str] = mapped_column(String(100), primary_key=True, doc="Gmail's partId, as in 1.2")
    filename: Mapped[str] = mapped_column(Text, doc="as named by the sender; may be empty")
    mime_type: Mapped[str] = mapped_column(String(255), doc="as declared by the sender")
    size_bytes: Mapped[int] = mapped_column(doc="decoded size")
    is_inline: Mapped[bool] = mapped_column(doc="whether the text shows it, as a signature's picture")


class Copy(Base):
    """A mailbox's copy of a mail, under the ids that Gmail gave it there."""

    __tablename__ = "copies"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), doc="whose copy")
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True, doc="the mail")
    gmail_id: Mapped[str] = mapped_column(String(32), doc="Gmail's message id, unique in the mailbox")
    gmail_thread_id: Mapped[str] = mapped_column(String(32), doc="Gmail's thread id, meaningful in the mailbox only")
    labels: Mapped[list[str]] = mapped_column(json_type(), doc="Gmail's label ids, sorted")
    is_live: Mapped[bool] = mapped_column(doc="neither in the bin nor in spam")
    is_private: Mapped[bool] = mapped_column(default=False, doc="whether it bears the label that keeps it out")
    listing: Mapped[int] = mapped_column(default=0, doc="the number of the full listing that last saw it (sync)")

    __table_args__ = (
        UniqueConstraint("mailbox_id", "gmail_id"),
        Index("ix_copies_mailbox_id_gmail_thread_id", "mailbox_id", "gmail_thread_id"),
        Index("ix_copies_mailbox_id_id", "mailbox_id", "id"),
    )


MESSAGE_SEARCH = SearchIndex("message_search")
MESSAGE_SEARCH.attach(Base.metadata)
