"""Grants and tokens: who may enter which mailbox, until when, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from backend.gmail.emulator import refusals
from backend.gmail.emulator.store import Store

TOKEN_LIFE = timedelta(seconds=3599)

_MAIL = "https://mail.google.com/"
_SCOPE = "https://www.googleapis.com/auth/gmail."
_ALL_BUT_DELETE = frozenset({_MAIL, _SCOPE + "modify"})
_READ = _ALL_BUT_DELETE | {_SCOPE + "readonly"}
_COMPOSE = _ALL_BUT_DELETE | {_SCOPE + "compose"}
_SCOPES_BY_VERB = {
    "messages.delete": frozenset({_MAIL}),
    "messages.batchDelete": frozenset({_MAIL}),
    "threads.delete": frozenset({_MAIL}),
    "messages.insert": _ALL_BUT_DELETE | {_SCOPE + "insert"},
    "messages.import": _ALL_BUT_DELETE | {_SCOPE + "insert"},
    "messages.send": _COMPOSE | {_SCOPE + "send"},
    "getProfile": _READ | {_SCOPE + "compose", _SCOPE + "metadata"},
    "messages.list": _READ | {_SCOPE + "metadata"},
    "history.list": _READ | {_SCOPE + "metadata"},
    "labels.list": _READ | {_SCOPE + "labels", _SCOPE + "metadata"},
    "labels.get": _READ | {_SCOPE + "labels", _SCOPE + "metadata"},
    "settings.sendAs.create": frozenset({_SCOPE + "settings.sharing", _MAIL}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token lets its bearer do: everything of `scopes` in one mailbox."""

    address: str
    scopes: frozenset[str]

    def covers(self, verb: str) -> bool:
        """Whether the scopes suffice for a verb."""
        if verb in _SCOPES_BY_VERB:
            needed = _SCOPES_BY_VERB[verb]
        elif verb.startswith("drafts."):
            needed = _COMPOSE | ({_SCOPE + "readonly"} if verb in {"drafts.get", "drafts.list"} else set())
        elif verb.endswith((".get", ".list")) or verb in {"watch", "stop"}:
            needed = _READ
        else:
            needed = _ALL_BUT_DELETE
        return not needed.isdisjoint(self.scopes)


def full_grant(address: str) -> Grant:
    """Return a grant that covers everything."""
    return Grant(address, frozenset({_MAIL, _SCOPE + "settings.sharing"}))


def new_refresh_token(store: Store, address: str, scope: str) -> str:
    """Grant a mailbox; whoever grants it anew has not revoked it any more."""
    with store.transaction():
        number = store.next_number("refresh token")
        token = f"1//{store.noise('refresh', number, 64):016x}{number:04x}"
        store.execute("INSERT INTO grant_given VALUES (?, ?, ?)", token, address, scope)
        store.execute("DELETE FROM revoked WHERE address = ?", address)
    return token


def new_access_token(store: Store, address: str, scope: str, refresh_token: str = "") -> str:
    """Return a token that opens the mailbox for an hour."""
    with store.transaction():
        number = store.next_number("access token")
        token = f"ya29.{store.noise('access', number, 64):016x}{number:04x}"
        expires_ms = store.now_ms() + TOKEN_LIFE // timedelta(milliseconds=1)
        row = (token, refresh_token, address, scope, expires_ms)
        store.execute("INSERT INTO access_token VALUES (?, ?, ?, ?, ?)", *row)
    return token


def find_refresh_token(store: Store, token: str) -> tuple[str, str] | None:
    """Return the address and scope of a grant, None where it was revoked or never given."""
    found = store.row("SELECT address, scope FROM grant_given WHERE refresh_token = ?", token)
    return (found[0], found[1]) if found else None


def find_access_token(store: Store, token: str) -> Grant:
    """Return what a token covers. Raises a 401 for one that is unknown, expired or revoked."""
    sql = "SELECT address, scope FROM access_token WHERE token = ? AND expires_ms > ?"
    found = store.row(sql, token, store.now_ms())
    if found is None:
        raise refusals.unauthorized()
    return Grant(found[0], frozenset(found[1].split()))


def revoke_token(store: Store, token: str) -> bool:
    """Revoke a grant by its refresh token or by one of its access tokens; False for an unknown one."""
    with store.transaction():
        refresh = store.value("SELECT refresh_token FROM access_token WHERE token = ?", token)
        gone = store.execute("DELETE FROM grant_given WHERE refresh_token IN (?, ?)", token, refresh).rowcount
        sql = "DELETE FROM access_token WHERE token = ? OR refresh_token IN (?, nullif(?, ''))"
        gone += store.execute(sql, token, token, refresh).rowcount
    return gone > 0


def expire_access_tokens(store: Store, address: str) -> None:
    """Let every access token of a mailbox lapse; its grants stay."""
    store.execute("DELETE FROM access_token WHERE address = ?", address.lower())
