"""What is done with unlinked mail: its sender becomes a contact, and all mail with them is linked at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.audit.service import record
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import NotFoundError
from backend.linking.learning import relink_concerned
from backend.linking.policy_store import load_policy
from backend.linking.rules.outsiders import outsiders
from backend.mail.shapes import Address
from backend.mail.store import load_messages
from backend.records import service as records
from backend.records.service import Team
from backend.records.shapes import Origin
from backend.records.store import lookup


@dataclass(frozen=True, slots=True)
class Adopted:
    """A contact made of a mail: its record, the batch that linked its history, and how many links that made."""

    contact_id: int
    name: str
    batch_id: int
    links: int


def adopt_person(session: Session, clock: Clock, actor: Actor, message_id: int) -> Adopted:
    """Make the first outsider of a mail a contact (of their company, where the domain tells) and link their history.

    Raises `NotFoundError` where the mail is not there or names nobody outside the team, `ConflictError` where somebody
    made that contact meanwhile.
    """
    address = _outsider(session, actor.workspace_id, message_id)
    team = Team(actor.workspace_id, clock, actor.user_id)
    company_id = records.company_of_address(session, team, address.key, Origin.MANUAL)
    new = records.contact_from_address(address.email, address.name, Origin.MANUAL, company_id)
    contact = records.make_contact(session, team, new)
    contact.owner_id = actor.user_id
    relinked = relink_concerned(session, clock, actor, f"contact:{contact.id}", lookup.concerned_by(session, contact))
    assert relinked.batch_id is not None, "the mail itself is concerned"
    record(session, clock, actor, "contact.adopt", Subject("record", contact.id), details={"message_id": message_id})
    return Adopted(contact.id, contact.name, relinked.batch_id, relinked.added)


def _outsider(session: Session, workspace_id: int, message_id: int) -> Address:
    message = next(iter(load_messages(session, workspace_id, [message_id])), None)
    others = outsiders(message, load_policy(session, workspace_id)) if message else ()
    if not others:
        raise NotFoundError("That mail is not here, or names nobody outside the team; reload the page.")
    return others[0].address
