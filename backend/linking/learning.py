"""What a new address, domain or deal means for mail that came long before: shown first, then done as one batch.

`relink_concerned` is what `records.relinking` is handed at the composition root.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.kit.clock import Clock
from backend.linking import mail_store
from backend.linking.undo import preview_relink, relink
from backend.records.shapes import Concerned, Relinked


def relink_concerned(session: Session, clock: Clock, actor: Actor, cause: str, concerned: Concerned) -> Relinked:
    """Decide all concerned mail afresh, as one batch that can be undone; no mail, no batch."""
    mails = mails_concerned(session, actor.workspace_id, concerned)
    if not mails:
        return Relinked()
    batch = relink(session, clock, actor.workspace_id, mails, cause, user_id=actor.user_id)
    session.flush()
    return Relinked(batch.id, len(mails), len(batch.added), len(batch.removed))


def preview_concerned(session: Session, clock: Clock, actor: Actor, concerned: Concerned) -> Relinked:
    """What `relink_concerned` would do; writes nothing."""
    mails = mails_concerned(session, actor.workspace_id, concerned)
    if not mails:
        return Relinked()
    preview = preview_relink(session, clock, actor.workspace_id, mails)
    return Relinked(None, len(mails), len(preview.added), len(preview.removed))


def mails_concerned(session: Session, workspace_id: int, concerned: Concerned) -> Collection[int]:
    """Ids of the mails of these addresses and domains, linked to these records, or naming these references."""
    by_people = mail_store.message_ids_concerning(session, workspace_id, concerned.address_keys, concerned.domains)
    by_reference = mail_store.message_ids_referring_to(session, workspace_id, concerned.references)
    return {*by_people, *mail_store.message_ids_linked_to(session, concerned.record_ids), *by_reference}
