"""Pages on what mail comes in: rules with their effect before they are saved, exclusions, the start of an import."""

from backend.sync.pages import choosing, exclusions, importing
from backend.sync.pages.room import blueprint

__all__ = ["blueprint", "choosing", "exclusions", "importing"]
