"""The blueprint of the pages on what mail comes in. They stand under Privacy, where people look for them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint
from flask_babel import gettext

HERE = "/settings/privacy"

blueprint = Blueprint("intake", __name__, template_folder="../templates")


def told(text: str, waiting: Sequence[str]) -> str:
    """What a notice says: also which mailboxes wait, for stored mail follows changed rules only while they are read."""
    return f"{text} {waiting_words(waiting)}" if waiting else text


def waiting_words(waiting: Sequence[str]) -> str:
    """Say which mailboxes (addresses) are not being read, and when their mail follows."""
    said: str = gettext(
        "Not being read now: %(addresses)s. What is stored there follows the rules as soon as it is read again.",
        addresses=", ".join(waiting),
    )
    return said
