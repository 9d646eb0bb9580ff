"""Workspaces, users with their ways in (sign-in links, API keys), and mailboxes with their grants."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, PrimaryKey, UtcDateTime, json_type


class Workspace(Base):
    """One sales team; everything that the product stores belongs to exactly one."""

    __tablename__ = "workspaces"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(200), doc="what the team calls itself")
    domain: Mapped[str] = mapped_column(
        String(253),
        default="",
        doc="the team's own mail domains, as “acme.example, acme.test”; mail inside is internal",
    )
    contact_policy: Mapped[str] = mapped_column(
        String(20), default="correspondents", doc="whom mail turns into contacts: a shapes.ContactPolicy"
    )
    deal_reference_prefix: Mapped[str] = mapped_column(
        String(10), default="D", doc="the letters before a deal's number in a subject, as in [D-17]"
    )
    private_label: Mapped[str] = mapped_column(
        String(225), default="Private", doc="the Gmail label by which a rep keeps a thread out of the CRM"
    )
    default_sharing: Mapped[str] = mapped_column(
        String(20), default="everything", server_default="everything", doc="what a new mailbox shares: a shapes.Sharing"
    )
    least_sharing: Mapped[str] = mapped_column(
        String(20), default="nothing", server_default="nothing", doc="the least a mailbox may share: a shapes.Sharing"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when the team moved in")

    __table_args__ = (CheckConstraint("contact_policy IN ('correspondents', 'all', 'off')", name="contact_policy"),)


class User(Base):
    """A person of the team who signs in."""

    __tablename__ = "users"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the person's team")
    email: Mapped[str] = mapped_column(
        String(320), unique=True, doc="the sign-in name, lower case; unique in the installation, not only in the team"
    )
    name: Mapped[str] = mapped_column(String(200), default="", doc="as shown to colleagues; empty: the e-mail is shown")
    role: Mapped[str] = mapped_column(String(20), doc="a shapes.Role")
    password_hash: Mapped[str | None] = mapped_column(
        String(200), doc="argon2id with its parameters; None: this person has no password and uses a link or Google"
    )
    locale: Mapped[str] = mapped_column(String(20), default="en", doc="the language of pages: en or es")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC", doc="IANA zone in which this person plans")
    session_version: Mapped[int] = mapped_column(
        default=1, doc="stands in every session cookie; counting it up ends all sessions of this person"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when the account was made")
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="since when sign-in is refused; None: active")

    __table_args__ = (CheckConstraint("role IN ('rep', 'manager', 'admin')", name="role"),)


class SignInLink(Base):
    """A one-time link by which a person signs in without a password; only the token's hash is kept."""

    __tablename__ = "user_sign_in_links"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, doc="whom it signs in")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="that person's team")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, doc="SHA-256 of the token in the link")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was made")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="from when it is refused")
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it was redeemed; None: still good")


class ApiKey(Base):
    """A key by which a program acts as a person; only its hash is kept."""

    __tablename__ = "api_keys"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, doc="whom it acts as, with that role")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="that person's team")
    name: Mapped[str] = mapped_column(String(200), default="", doc="what it is for, in its maker's words")
    prefix: Mapped[str] = mapped_column(String(16), unique=True, doc="the key's readable beginning, to tell keys apart")
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), doc="SHA-256 of the whole key, which is random enough")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was made")
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="since when it is refused; None: good")


class Mailbox(Base):
    """A Gmail mailbox of a person of the team, with the sealed grant by which we enter it."""

    __tablename__ = "mailboxes"

    id: Mapped[PrimaryKey]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), doc="the team")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, doc="whose mailbox it is")
    address: Mapped[str] = mapped_column(String(320), doc="its primary address, lower case")
    address_key: Mapped[str] = mapped_column(
        String(320), doc="the address as it is compared (mail.addresses), so that dots and plus-tags do not matter"
    )
    status: Mapped[str] = mapped_column(String(20), default="active", doc="a shapes.MailboxStatus")
    status_reason: Mapped[str] = mapped_column(
        String(500), default="", doc="one sentence on why it is not active, shown to the rep; empty while active"
    )
    sharing: Mapped[str] = mapped_column(
        String(20), default="everything", doc="how much of its mail colleagues see: a shapes.Sharing"
    )
    grant_kind: Mapped[str] = mapped_column(
        String(20), default="", doc="how we enter: a shapes.GrantKind; empty once disconnected"
    )
    grant_ciphertext: Mapped[bytes | None] = mapped_column(
        LargeBinary, doc="the grant sealed with TOKEN_KEYS (grants.Vault); None where the kind needs no secret"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when it was first connected; kept on reconnecting")

    __table_args__ = (
        UniqueConstraint("workspace_id", "address_key"),
        CheckConstraint("status IN ('active', 'paused', 'reconnect_needed', 'disconnected')", name="status"),
        CheckConstraint("sharing IN ('everything', 'subject', 'metadata', 'nothing')", name="sharing"),
        CheckConstraint("grant_kind IN ('oauth', 'service_account', 'emulator', '')", name="grant_kind"),
    )


class MailboxAlias(Base):
    """An address besides the primary one that is also this mailbox: send-as addresses and those a rep adds."""

    __tablename__ = "mailbox_aliases"

    id: Mapped[PrimaryKey]
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), doc="the mailbox it belongs to")
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"), index=True, doc="the team")
    address_key: Mapped[str] = mapped_column(String(320), doc="the address as it is compared (mail.addresses)")

    __table_args__ = (UniqueConstraint("mailbox_id", "address_key"),)


class GivenAnswer(Base):
    """What a POST with an Idempotency-Key was answered, so that the same request again gets the same answer."""

    __tablename__ = "given_answers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, doc="who asked; keys are their own")
    key: Mapped[str] = mapped_column(String(200), primary_key=True, doc="the Idempotency-Key, as sent")
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32), doc="SHA-256 of method, path and body")
    status: Mapped[int | None] = mapped_column(
        doc="the HTTP status; None only inside the transaction that makes the answer"
    )
    headers: Mapped[dict[str, str]] = mapped_column(json_type(), doc="headers beside the body's: ETag, Location")
    body: Mapped[str] = mapped_column(Text, doc="the answer's JSON; empty until it is made")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True, doc="when; after a day the key is free again")
