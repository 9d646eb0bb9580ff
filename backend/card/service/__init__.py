"""What a card's doors ask for: the card beside a mail, and the answer to a click. Nothing here commits."""

from backend.card.service.acts import act, changes_something, find_action
from backend.card.service.asked import Asked
from backend.card.service.context import root_card
from backend.card.service.keeping import look_of
from backend.card.service.open_mail import LockedMail, OpenMail, open_by_glimpse, open_by_id
from backend.card.service.visit import Visit

__all__ = [
    "Asked",
    "LockedMail",
    "OpenMail",
    "Visit",
    "act",
    "changes_something",
    "find_action",
    "look_of",
    "open_by_glimpse",
    "open_by_id",
    "root_card",
]
