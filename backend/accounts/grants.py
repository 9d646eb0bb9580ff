"""Grants under seal: what opens a mailbox is stored only encrypted, with the keys of TOKEN_KEYS."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from backend.kit.errors import UserError


class Vault:
    """Seals with the first key and opens with any, so that a new key can be put before an old one."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: str) -> bytes:
        """Encrypt `secret`, with a check that nobody altered it."""
        return self._fernet.encrypt(secret.encode("utf-8"))

    def open(self, sealed: bytes) -> str:
        """Decrypt. Raises `UserError` where no key fits, or the bytes were altered."""
        try:
            return self._fernet.decrypt(sealed).decode("utf-8")
        except InvalidToken as error:
            raise _no_key_fits() from error

    def reseal(self, sealed: bytes) -> bytes:
        """Seal anew with the first key, for the change of keys. Raises `UserError` as `open` does."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise _no_key_fits() from error


def _no_key_fits() -> UserError:
    return UserError(
        "A mailbox's grant cannot be opened with the keys in ENLACE_TOKEN_KEYS; add the key it was sealed with, "
        "or reconnect the mailbox."
    )
