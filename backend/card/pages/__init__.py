"""The pages that stand in for Gmail in the demo: `mails` with a card beside each, `compose` with one beside a draft."""

from backend.card.pages import compose, mails
from backend.card.pages.room import blueprint

__all__ = ["blueprint", "compose", "mails"]
