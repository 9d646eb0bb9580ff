"""What the doors of accounts need beside the house: the vault, Google's sign-in, and how addresses are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import give_grant_back
from backend.gmail.identity import Certificates
from backend.gmail.oauth import OAuthClient

_KEY = "enlace_accounts_desk"


@dataclass(frozen=True, slots=True)
class GoogleSignIn:
    """This installation's client at Google, and the certificates that prove Google's answers."""

    client: OAuthClient
    certificates: Certificates


@dataclass(frozen=True, slots=True)
class Desk:
    """`google` is None where no client is configured; `address_key` is that of `mail.addresses`, which lies above."""

    vault: Vault
    google: GoogleSignIn | None
    address_key: Callable[[str], str]


def open_desk(app: Flask, desk: Desk) -> None:
    """Tie the desk to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = desk


def desk() -> Desk:
    """Return the desk of the app that serves the present request."""
    return cast("Desk", current_app.extensions[_KEY])


def give_back(sealed: Iterable[bytes]) -> bool:
    """Tell Google that grants are no longer wanted; False where one could not be told. Outside any transaction."""
    here = desk()
    client = here.google.client if here.google is not None else None
    told = [client is None or give_grant_back(client, here.vault, grant) for grant in sealed]
    return all(told)
