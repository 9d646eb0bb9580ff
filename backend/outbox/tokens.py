"""The words in an unsubscribe link: whom it takes off, signed, so that nobody can take others off.

A link holds for ever: people find old mail, and the law asks for it. It rests on the secret key, not on rows, so that
it outlives a restored database.
"""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from backend.kit.errors import NotFoundError


class UnsubscribeLinks:
    """Makes and reads links. `secret` is the installation's, `public_url` where it is reached."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._url = public_url
        digest = {"digest_method": hashlib.sha256}
        self._serializer = URLSafeSerializer(secret, "enlace.outbox.unsubscribe", signer_kwargs=digest)

    def url(self, workspace_id: int, address_key: str) -> str:
        """The link that stands in a mail to that address."""
        return f"{self._url}/u/{self._serializer.dumps([workspace_id, address_key])}"

    def read(self, token: str) -> tuple[int, str]:
        """(workspace, address key) of a link. Raises `NotFoundError` for what was not made here."""
        try:
            workspace_id, address_key = self._serializer.loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise NotFoundError("This link is not complete; open it again from the mail.") from error
        return int(workspace_id), str(address_key)
