"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a user may do: a rep works, a manager also reads everybody's, an admin also sets policy."""

    REP = "rep"
    MANAGER = "manager"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or key of a person) behind a request or a job; every verb takes one and stays in its workspace."""

    user_id: int
    workspace_id: int
    role: Role
    email: str
    name: str = ""
    locale: str = "en"
    timezone: str = "UTC"

    @property
    def sees_all(self) -> bool:
        """Whether records of other owners are visible by role."""
        return self.role in {Role.MANAGER, Role.ADMIN}


class ContactPolicy(StrEnum):
    """Whom a workspace turns into contacts by itself."""

    CORRESPONDENTS = "correspondents"
    ALL = "all"
    OFF = "off"


class MailboxStatus(StrEnum):
    """Whether a mailbox is read; only an active one is."""

    ACTIVE = "active"
    PAUSED = "paused"
    RECONNECT_NEEDED = "reconnect_needed"
    DISCONNECTED = "disconnected"


class Sharing(StrEnum):
    """How much of a mailbox's mail colleagues see, from all to nothing."""

    EVERYTHING = "everything"
    SUBJECT = "subject"
    METADATA = "metadata"
    NOTHING = "nothing"


class GrantKind(StrEnum):
    """How the product enters a mailbox."""

    OAUTH = "oauth"
    SERVICE_ACCOUNT = "service_account"
    EMULATOR = "emulator"
    NONE = ""
