"""Privacy's queries."""

from backend.privacy.store.exclusions import exclusions_of, find_exclusion, find_exclusion_by_id

__all__ = ["exclusions_of", "find_exclusion", "find_exclusion_by_id"]
