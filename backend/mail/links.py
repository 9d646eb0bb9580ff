"""Where a mail opens in Gmail itself."""

from __future__ import annotations


def gmail_url(address: str, gmail_id: str) -> str:
    """Return the address that opens a mail in its owner's own Gmail."""
    return f"https://mail.google.com/mail/u/{address}/#all/{gmail_id}"
