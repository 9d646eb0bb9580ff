"""Pure decisions on accounts: addresses, names of keys, and who stands above whom."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email

from backend.accounts.shapes import Role, Sharing
from backend.kit.errors import UserError

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200  # argon2 reads all of it, and so must we
SIGN_IN_LINK_LIVES = timedelta(hours=24)
LANGUAGES = ("en", "es")

_RANK = {Role.REP: 0, Role.MANAGER: 1, Role.ADMIN: 2}
_KEY_MARK = "enl_"
_PREFIX_LENGTH = 12
LONGEST_DOMAINS = 253  # what the column of workspaces holds
_DOMAIN = re.compile(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")
_PREFIX = re.compile(r"[A-Z]{1,10}")


def has_rank(role: Role, least: Role) -> bool:
    """Whether `role` is `least` or stands above it."""
    return _RANK[role] >= _RANK[least]


def shares_at_least(sharing: Sharing, least: Sharing) -> bool:
    """Whether a mailbox that shares so much shares at least that."""
    order = list(Sharing)
    return order.index(sharing) <= order.index(least)


def checked_email(text: str) -> str:
    """Return an e-mail address in lower case. Raises `UserError` for what is none."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise UserError("“%(text)s” is not an e-mail address.", text=text) from error
    return found.normalized.lower()


def checked_password(text: str) -> str:
    """Return `text`. Raises `UserError` for one that is too short or too long."""
    if len(text) < SHORTEST_PASSWORD:
        raise UserError(
            "A password has at least %(shortest_password)s characters.", shortest_password=SHORTEST_PASSWORD
        )
    if len(text) > LONGEST_PASSWORD:
        raise UserError("A password has at most %(longest_password)s characters.", longest_password=LONGEST_PASSWORD)
    return text


def new_token() -> str:
    """Draw a one-time token of 256 random bits, fit for an address."""
    return secrets.token_urlsafe(32)


def new_api_key() -> str:
    """Draw an API key; its beginning is readable, its end is 256 random bits."""
    return f"{_KEY_MARK}{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def key_prefix(key: str) -> str:
    """Return the part of an API key that is shown and looked up."""
    return key[:_PREFIX_LENGTH]


def digest(secret: str) -> bytes:
    """SHA-256 of a random secret; enough where nobody could guess the secret itself."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def checked_domains(text: str) -> str:
    """Return mail domains in lower case, as "acme.example, acme.test"; "" for none.

    Raises `UserError` for what is no domain, and for more than the column holds.
    """
    domains = dict.fromkeys(word.lower().removeprefix("@") for word in text.replace(",", " ").split())
    if not all(_DOMAIN.fullmatch(domain) for domain in domains):
        raise UserError("“%(text)s” is not a mail domain; write it as example.com, or leave it empty.", text=text)
    joined = ", ".join(domains)
    if len(joined) > LONGEST_DOMAINS:
        raise UserError("These are more domains than fit; leave out those that nobody writes from.")
    return joined


def checked_prefix(text: str) -> str:
    """Return the letters before a deal's number, in upper case. Raises `UserError` for anything else."""
    prefix = text.strip().upper()
    if not _PREFIX.fullmatch(prefix):
        raise UserError(
            "“%(text)s” cannot stand before a deal's number; use one to ten letters, as D in D-17.", text=text
        )
    return prefix
