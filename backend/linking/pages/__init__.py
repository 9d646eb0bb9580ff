"""Linking's pages: why a mail is linked, undo by reach, the inbox of unlinked mail, and merging duplicates."""

from backend.linking.pages import mail, merge
from backend.linking.pages.room import blueprint

__all__ = ["blueprint", "mail", "merge"]
