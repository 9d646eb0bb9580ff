"""What the team knows that may concern a batch of mails: gathered as mails come up, and asked for only once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend.linking import mail_store, question_store, store
from backend.linking.rules.deals import references_in
from backend.linking.rules.outsiders import domain, outsiders
from backend.linking.shapes import Decision, Knowledge, KnownLink, Policy, Proposal, Rule
from backend.mail.shapes import StoredMessage
from backend.records.store import lookup

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class News:
    """What decisions bring: links that no row holds yet, and the conversations for which a record is new."""

    links: list[tuple[StoredMessage, Proposal]] = field(default_factory=list)
    grown: set[int] = field(default_factory=set)


@dataclass
class Notebook:
    """Knowledge that grows for as long as one transaction decides mails.

    `knowledge` is complete for every mail that was taken in. `rows` holds (mail, record) of every link row of their
    conversations, undone ones included.
    """

    session: Session
    workspace_id: int
    policy: Policy
    knowledge: Knowledge = field(default_factory=Knowledge)
    rows: set[tuple[int, int]] = field(default_factory=set)
    _asked: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))

    def take_in(self, messages: Sequence[StoredMessage]) -> None:
        """Learn everything that `rules.decide` may ask about these mails and that is not known yet."""
        if not messages:
            return
        keys = self._new("key", {p.address.key for m in messages for p in outsiders(m, self.policy)})
        domains = self._new("domain", {domain(key) for key in keys})
        conversations = self._new("conversation", {m.conversation_id for m in messages})
        known = self.knowledge
        known.contacts.update(lookup.contacts_by_address(self.session, self.workspace_id, keys))
        companies = lookup.companies_by_domain(self.session, self.workspace_id, domains)
        known.company_by_domain.update({d: c.id for d, c in companies.items()})
        self._read_links(conversations)
        if self._has_vetoes:
            ids = {str(m.id) for m in messages} | {str(m.conversation_id) for m in messages}
            values = self._new("veto", ids | keys | domains)
            known.vetoes.update(store.vetoes_of(self.session, self.workspace_id, values))
        if self._has_deals:
            self._read_deals(messages, conversations)

    def note(self, decisions: Sequence[Decision]) -> News:
        """Learn what these decisions bring. A link that was taken back stays so and hands nothing on."""
        news = News()
        for decision in decisions:
            message = decision.message
            new = [link for link in decision.links if (message.id, link.record_id) not in self.rows]
            news.links.extend((message, link) for link in new)
            self.rows.update((message.id, link.record_id) for link in new)
            known = self.knowledge.links.setdefault(message.conversation_id, [])
            if not {link.record_id for link in decision.links} <= {k.record_id for k in known}:
                news.grown.add(message.conversation_id)
                add_links(known, new)
        return news

    def settled(self, decisions: Sequence[Decision]) -> set[int]:
        """Mails that need not be decided again: they hold all that their conversations brought, and nothing else."""
        return {d.message.id for d in decisions if not d.rejected and self._holds_all(d)}

    def _holds_all(self, decision: Decision) -> bool:
        known = self.knowledge.links.get(decision.message.conversation_id, ())
        return {link.record_id for link in decision.links} == {k.record_id for k in known}

    def _new(self, kind: str, wanted: set[T]) -> set[T]:
        """Those of `wanted` that were never asked for; from now on they were."""
        new = wanted - self._asked[kind]
        self._asked[kind] |= new
        return new

    @cached_property
    def _has_vetoes(self) -> bool:
        return store.has_vetoes(self.session, self.workspace_id)

    @cached_property
    def _has_deals(self) -> bool:
        return lookup.has_deals(self.session, self.workspace_id)

    def _read_links(self, conversation_ids: set[int]) -> None:
        known: dict[int, dict[int, KnownLink]] = defaultdict(dict)
        for row in mail_store.link_rows_of_conversations(self.session, conversation_ids):
            conversation_id, message_id, record_id, kind, rule, holds, undone_by = row
            self.rows.add((message_id, record_id))
            if holds:
                known[conversation_id].setdefault(record_id, KnownLink(record_id, kind, rule == Rule.HAND))
            elif undone_by.startswith("user:"):  # somebody said of this very mail that it does not belong there
                self.knowledge.vetoes.add((record_id, "mail", str(message_id)))
        self.knowledge.links.update({conversation: list(links.values()) for conversation, links in known.items()})

    def _read_deals(self, messages: Sequence[StoredMessage], conversation_ids: set[int]) -> None:
        """Deals of everybody known or linked so far, those that subjects refer to, and answers of people."""
        ws, known = self.workspace_id, self.knowledge
        contacts = known.contacts.values()
        companies = {c.company_id for c in contacts if c.company_id} | set(known.company_by_domain.values())
        linked = {k.record_id for links in known.links.values() for k in links}
        asked = self._new("deals of", {c.id for c in contacts} | companies | linked)
        by_contact, by_company = lookup.deals_by_people(self.session, ws, asked, asked)
        known.deals_by_contact.update({i: deals for i, deals in by_contact.items() if i in asked})
        known.deals_by_company.update({i: deals for i, deals in by_company.items() if i in asked})
        references = self._new("reference", {r for m in messages for r in references_in(m.subject)})
        by_reference = lookup.deals_by_reference(self.session, ws, references) if references else {}
        known.deals_by_reference.update(by_reference)
        known.answers.update(question_store.answers_of(self.session, conversation_ids))


def add_links(known: list[KnownLink], links: Iterable[Proposal]) -> None:
    """Add links to a conversation's, unless their records are among them."""
    have = {k.record_id for k in known}
    known += [KnownLink(p.record_id, p.kind, is_hand=False) for p in links if p.record_id not in have]
