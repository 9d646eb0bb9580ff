"""Privacy's pages: who sees my mail, what comes in, and what colleagues ask me."""

from backend.privacy.pages import own, threads
from backend.privacy.pages.room import blueprint

__all__ = ["blueprint", "own", "threads"]
