"""What can be left out."""

from __future__ import annotations

from enum import StrEnum


class ExclusionKind(StrEnum):
    """An address as compared, or a registrable domain."""

    ADDRESS = "address"
    DOMAIN = "domain"
