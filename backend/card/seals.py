"""Sealed words: what a card carries where there is no record yet, signed for one reader.

A card's parameters pass through the browser, so that they may hold ids only. A mail that was not synced yet, a stranger
and a change that can be undone have no id: their few facts are signed, and no other reader can use them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from backend.card.limits import OPAQUE_ID
from backend.kit.errors import NotFoundError

_LONGEST_ID = 18  # digits: any of them fits a 64-bit key


class Sealed(StrEnum):
    """What was sealed: a seal of one kind opens nothing of another."""

    MAIL = "mail"
    PERSON = "person"
    CHANGE = "change"


class Seals:
    """Seals and opens for one reader. `secret` is the installation's."""

    def __init__(self, secret: str, user_id: int) -> None:
        self._secret = secret
        self._user_id = user_id

    def seal(self, kind: Sealed, *versions: Any) -> str:
        """Return the first of `versions` (JSON values, the fullest first) that fits into a parameter, sealed.

        Raises `ValueError` where none does.
        """
        return self.seal_first(kind, versions)

    def seal_first(self, kind: Sealed, versions: Iterable[Any]) -> str:
        """The same for versions that are made one after the other."""
        for content in versions:
            if token := self.find_seal(kind, content):
                return token
        raise ValueError(f"nothing that fits was left to seal of a {kind}")

    def find_seal(self, kind: Sealed, content: Any) -> str:
        """Return `content` sealed; "" where it does not fit into a parameter."""
        token = str(self._serializer(kind).dumps(content))
        return token if OPAQUE_ID.fullmatch(token) else ""

    def unseal(self, kind: Sealed, token: str) -> Any:
        """Return what was sealed. Raises `NotFoundError` for what was not sealed here for this reader."""
        try:
            return self._serializer(kind).loads(token)
        except BadSignature as error:
            raise gone() from error

    def _serializer(self, kind: Sealed) -> URLSafeSerializer:
        salt = f"enlace.card.{kind}.{self._user_id}"
        return URLSafeSerializer(self._secret, salt, signer_kwargs={"digest_method": hashlib.sha256})


def read_id(text: str) -> int:
    """Read an id that a database may have. Raises `NotFoundError`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        raise gone()
    return int(text)


def gone() -> NotFoundError:
    """The same words for what is not there, what is another reader's, and what was made up."""
    return NotFoundError("That is not here any more; open the mail again.")
