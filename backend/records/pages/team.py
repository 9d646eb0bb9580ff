"""In whose name a page changes records."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor
from backend.records.editing import Editor
from backend.records.relinking import relinking
from backend.records.service import Team
from backend.web.house import house


def acting_team() -> Team:
    """Return the signed-in person's team, with the installation's clock."""
    actor = current_actor()
    return Team(actor.workspace_id, house().clock, actor.user_id)


def acting_editor(session: Session) -> Editor:
    """Return the pen of the signed-in person: what is written with it is audited, and stored mail follows."""
    return Editor(session, house().clock, current_actor(), relinking())
