"""The blueprint of privacy's API."""

from __future__ import annotations

from apiflask import APIBlueprint

blueprint = APIBlueprint("privacy_api", __name__, url_prefix="/api/v1", tag="Privacy")
