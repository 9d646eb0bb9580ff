"""The blueprint of the doors, and what they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint

blueprint = APIBlueprint("sequences_api", __name__, url_prefix="/api/v1", tag="Sequences")

Fields = Mapping[str, Any]
Shown = tuple[Any, int, Mapping[str, str]]
