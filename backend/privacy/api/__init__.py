"""Privacy over HTTP: conversations kept private, and requests to read them."""

from backend.privacy.api import threads
from backend.privacy.api.room import blueprint

__all__ = ["blueprint", "threads"]
