"""In which language the machine writes to a colleague."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from backend.accounts.store import find_user
from backend.kit.catalogue import gettext_for


def gettext_of(session: Session, user_id: int) -> Callable[..., str]:
    """Translate for somebody of the team, as for a task that a worker sets them; call it `_`."""
    user = find_user(session, user_id)
    return gettext_for(user.locale if user else "en")
