"""Gathering what the team knows that may concern a batch of mails, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.linking import store
from backend.linking.rules.deals import references_in
from backend.linking.rules.outsiders import domain, outsiders
from backend.linking.shapes import Knowledge, Policy
from backend.mail.shapes import StoredMessage
from backend.records.shapes import DealRef, RecordKind
from backend.records.store import lookup


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Gathers for one workspace."""

    workspace_id: int
    policy: Policy

    def gather(self, session: Session, messages: Sequence[StoredMessage]) -> Knowledge:
        """Everything that `rules.decide` may ask about these mails."""
        if not messages:
            return Knowledge()
        ws = self.workspace_id
        keys = {p.address.key for m in messages for p in outsiders(m, self.policy)}
        domains = {domain(key) for key in keys}
        conversations = {m.conversation_id for m in messages}
        contacts = lookup.contacts_by_address(session, ws, keys)
        by_domain = lookup.companies_by_domain(session, ws, domains)
        links = store.links_of_conversations(session, conversations)
        linked = {k.record_id for known in links.values() for k in known}
        company_ids = {c.company_id for c in contacts.values() if c.company_id} | {c.id for c in by_domain.values()}
        known = Knowledge(
            contacts=contacts,
            company_by_domain={d: c.id for d, c in by_domain.items()},
            links=links,
            vetoes=self._vetoes(session, messages, keys, domains),
        )
        if not lookup.has_deals(session, ws):
            return known
        contact_ids = {c.id for c in contacts.values()} | linked
        return self._with_deals(session, messages, known, contact_ids, company_ids | linked)

    def _with_deals(
        self,
        session: Session,
        messages: Sequence[StoredMessage],
        known: Knowledge,
        contact_ids: set[int],
        company_ids: set[int],
    ) -> Knowledge:
        ws = self.workspace_id
        by_contact, by_company = lookup.deals_by_people(session, ws, contact_ids, company_ids)
        references = {r for m in messages for r in references_in(m.subject)}
        by_reference = lookup.deals_by_reference(session, ws, references) if references else {}
        linked_deals = {k.record_id for links in known.links.values() for k in links if k.kind == RecordKind.DEAL}
        deals: dict[int, DealRef] = lookup.deals_by_id(session, ws, linked_deals) if linked_deals else {}
        deals |= {d.id: d for d in by_reference.values()}
        deals |= {d.id: d for group in (by_contact, by_company) for ds in group.values() for d in ds}
        return Knowledge(
            contacts=known.contacts,
            company_by_domain=known.company_by_domain,
            links=known.links,
            vetoes=known.vetoes,
            deals_by_contact=by_contact,
            deals_by_company=by_company,
            deals_by_reference=by_reference,
            deals_by_id=deals,
            answers=store.answers_of(session, {m.conversation_id for m in messages}),
            deal_mail_at=store.last_mail_at(session, set(deals)),
        )

    def _vetoes(
        self, session: Session, messages: Sequence[StoredMessage], keys: set[str], domains: set[str]
    ) -> frozenset[tuple[int, str, str]]:
        if not store.has_vetoes(session, self.workspace_id):
            return frozenset()
        ids = {str(m.id) for m in messages} | {str(m.conversation_id) for m in messages}
        return store.vetoes_of(session, self.workspace_id, ids | keys | domains)
