"""Privacy's verbs. Nothing here commits, nor touches stored mail."""

from backend.privacy.service.exclusions import exclude, include

__all__ = ["exclude", "include"]
