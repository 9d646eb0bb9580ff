"""Privacy's queries."""

from backend.privacy.store.exclusions import find_exclusion, find_exclusion_by_id

__all__ = ["find_exclusion", "find_exclusion_by_id"]
