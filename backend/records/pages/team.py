"""In whose name a page changes records."""

from __future__ import annotations

from backend.accounts.guards import current_actor
from backend.records.service import Team
from backend.web.house import house


def acting_team() -> Team:
    """Return the signed-in person's team, with the installation's clock."""
    actor = current_actor()
    return Team(actor.workspace_id, house().clock, actor.user_id)
