"""What people do to records: add, change, delete. Each is audited, and stored mail follows it.

Nothing here commits. A record in a request (an owner, a company, a contact) must be the team's, or it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.store import get_user, get_workspace
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, UserError
from backend.mail.addresses import key_of, registrable_domain
from backend.records import service
from backend.records.service import Team
from backend.records.shapes import Concerned, NewCompany, NewContact, NewDeal, Relinked
from backend.records.store import lookup, writing
from backend.records.tables import RECORD_SEARCH, Company, Contact, Deal, Record

R = TypeVar("R", bound=Record)
Changes = Mapping[str, Any]
Relink = Callable[[Session, Clock, Actor, str, Concerned], Relinked]
"""Decides the concerned mail afresh, for a cause such as "contact:17"."""


def as_columns(given: Changes) -> dict[str, Any]:
    """Turn changes as people and programs write them into what `Editor.change` takes.

    `emails` become addresses, each mailbox once; `domains` what is registered: mail.nordwind.example is Nordwind's too.
    """
    changes = {name: value for name, value in given.items() if name != "emails"}
    if "emails" in given:
        changes["addresses"] = address_pairs(given["emails"])
    if "domains" in given:
        changes["domains"] = tuple(dict.fromkeys(registrable_domain(domain) for domain in given["domains"]))
    return changes


def address_pairs(emails: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Turn addresses into (key, as written) pairs, each mailbox once."""
    return tuple({key_of(email): email for email in reversed(emails)}.items())[::-1]


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody who edits records in one transaction; `relink` is linking's verb, which `relinking` finds."""

    session: Session
    clock: Clock
    actor: Actor
    relink: Relink

    def add_contact(self, new: NewContact, *, find_company: bool = True) -> tuple[Contact, Relinked]:
        """Add a person; `find_company` takes (or makes) the company that owns the first address's domain.

        Raises `ConflictError` for somebody else's address, `NotFoundError` for a foreign owner or company.
        """
        self._check(new.owner_id, new.company_id)
        if find_company and new.company_id is None and new.addresses:
            company_id = service.company_of_address(self.session, self._team, new.addresses[0][0], new.origin)
            new = replace(new, company_id=company_id)
        return self._added(service.make_contact(self.session, self._team, new))

    def add_company(self, new: NewCompany) -> tuple[Company, Relinked]:
        """Add an organisation. Raises `ConflictError` for another's domain, `UserError` for free mail."""
        self._check(new.owner_id)
        return self._added(service.make_company(self.session, self._team, new))

    def add_deal(self, new: NewDeal) -> tuple[Deal, Relinked]:
        """Add a sale. Raises `NotFoundError` for a pipeline, stage, company, contact or owner that is not there."""
        self._check(new.owner_id, new.company_id, new.contact_ids)
        prefix = get_workspace(self.session, self.actor.workspace_id).deal_reference_prefix
        return self._added(service.make_deal(self.session, self._team, new, prefix))

    def change(self, record: R, changes: Changes) -> Relinked:
        """Change fields of a record, as its columns are called.

        Lists are given whole: `addresses` (pairs of key and as written), `domains`, `contact_ids`. A deal's `stage_id`
        moves it, with `lost_reason`. Raises `ConflictError` for an address or domain of another's, `NotFoundError` for
        what is not the team's, `UserError` for what cannot be.
        """
        self._check(changes.get("owner_id"), changes.get("company_id"), changes.get("contact_ids") or ())
        self._refuse_taken(record, changes)
        document, before = writing.document_of(self.session, record), self._ties(record)
        self._set(record, changes)
        service.touch(record, self.clock.now())
        self.session.flush()
        RECORD_SEARCH.remove(self.session, [(record.id, document)])
        RECORD_SEARCH.add(self.session, [(record.id, writing.document_of(self.session, record))])
        after = self._ties(record)
        relinked = self._relink(record, before[0] | after[0]) if before != after else Relinked()
        self._audit(record, "change", fields=sorted(changes))
        return relinked

    def delete(self, record: Record) -> Relinked:
        """Take a record out of every list, and mail off it; the row stays, its addresses and domains are free again."""
        concerned = lookup.concerned_by(self.session, record)
        record.deleted_at = self.clock.now()
        service.touch(record, self.clock.now())
        self.session.flush()
        if isinstance(record, Company):
            writing.leave_company(self.session, record.id)
        relinked = self._relink(record, concerned)
        self._audit(record, "delete")
        return relinked

    def _added(self, record: R) -> tuple[R, Relinked]:
        relinked = self._relink(record, lookup.concerned_by(self.session, record))
        self._audit(record, "create")
        return record, relinked

    def _set(self, record: Record, changes: Changes) -> None:
        lists = {"addresses", "domains", "contact_ids", "stage_id", "lost_reason"}
        for name in changes.keys() - lists:
            setattr(record, name, changes[name])
        if isinstance(record, Contact) and "addresses" in changes:
            writing.replace_addresses(self.session, record, changes["addresses"])
        if isinstance(record, Company) and "domains" in changes:
            writing.replace_domains(self.session, record, changes["domains"])
        if isinstance(record, Deal):
            self._set_deal(record, changes)

    def _set_deal(self, deal: Deal, changes: Changes) -> None:
        if "contact_ids" in changes:
            writing.replace_people(self.session, deal, changes["contact_ids"])
        reason = changes.get("lost_reason", "")
        if changes.get("stage_id", deal.stage_id) != deal.stage_id:
            service.move_deal(self.session, self._team, deal.id, changes["stage_id"], lost_reason=reason)
        elif "lost_reason" in changes:
            deal.lost_reason = reason
        if reason and not writing.is_lost(self.session, deal):
            raise UserError("Only a lost deal has a reason for it; move the deal to a lost stage, or leave it out.")

    def _check(self, owner_id: int | None, company_id: int | None = None, contact_ids: Collection[int] = ()) -> None:
        """Raise `NotFoundError` for what is not the team's."""
        if owner_id is not None:
            get_user(self.session, self.actor.workspace_id, owner_id)
        if company_id is not None:
            service.require(self.session, self.actor.workspace_id, company_id, Company)
        for contact_id in contact_ids:
            service.require(self.session, self.actor.workspace_id, contact_id, Contact)

    def _refuse_taken(self, record: Record, changes: Changes) -> None:
        keys = {key for key, _ in changes.get("addresses", ())}
        people = lookup.contacts_by_address(self.session, self.actor.workspace_id, keys)
        companies = lookup.companies_by_domain(self.session, self.actor.workspace_id, changes.get("domains", ()))
        taken = [(word, person.id, person.name) for word, person in people.items()]
        taken += [(word, company.id, company.name) for word, company in companies.items()]
        for word, owner_id, name in taken:
            if owner_id != record.id:
                raise ConflictError(
                    "%(word)s belongs to %(name)s already; nothing was saved. Leave it out.", word=word, name=name
                )
        service.refuse_free_mail(changes.get("domains", ()))

    def _ties(self, record: Record) -> tuple[Concerned, int | None]:
        """What decides which mail is a record's: when this changes, stored mail must follow."""
        return lookup.concerned_by(self.session, record), getattr(record, "company_id", None)

    def _relink(self, record: Record, concerned: Concerned) -> Relinked:
        return self.relink(self.session, self.clock, self.actor, f"{record.kind}:{record.id}", concerned)

    def _audit(self, record: Record, what: str, **details: Any) -> None:
        audit(
            self.session, self.clock, self.actor, f"{record.kind}.{what}", Subject("record", record.id), details=details
        )

    @property
    def _team(self) -> Team:
        return Team(self.actor.workspace_id, self.clock, self.actor.user_id)
