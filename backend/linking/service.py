"""Linking mails as they come, relinking history, and taking links back. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from backend.kit.clock import Clock
from backend.linking import history, store
from backend.linking.history import Changes
from backend.linking.knowledge import Gatherer
from backend.linking.rules import decide, new_people
from backend.linking.shapes import Decision, Knowledge, KnownLink, NewPerson, Policy, Proposal
from backend.mail.shapes import StoredMessage
from backend.mail.store import Filed, load_messages
from backend.records import service as records
from backend.records.service import Team
from backend.records.shapes import Origin, RecordKind
from backend.records.store import lookup
from backend.records.store.writing import insert_contacts


@dataclass(frozen=True, slots=True)
class Linker:
    """Links one workspace's mail. Made once for a run of batches: it keeps the policy that it was made with."""

    workspace_id: int
    policy: Policy
    clock: Clock

    def link(self, session: Session, filed: Filed) -> None:
        """Decide mails just stored, make the people whom they make contacts, and bring history into line.

        Mail that came before (the person's earlier mail, the rest of the conversation) is decided again where this
        batch changed what is known, so that the outcome does not hang on the order of arrival.
        """
        messages = filed.messages
        store.follow_joins(session, self.workspace_id, filed.joined)
        people = self._make_people(session, self._new_people(session, messages))
        known_before = _records_by_conversation(store.links_of_conversations(session, _conversations(messages)))
        older = self._load(session, store.message_ids_concerning(session, self.workspace_id, people) if people else [])
        decisions = self.decide_all(session, _union(messages, older))
        self.apply(session, decisions)
        grown = _grown(decisions, known_before) | set(filed.joined.values())
        if grown:
            siblings = self._load(session, store.message_ids_of_conversations(session, grown))
            self.apply(session, self.decide_all(session, siblings))

    def refresh(
        self, session: Session, message_ids: Sequence[int], *, by: str = "rule", batch_id: int | None = None
    ) -> Changes:
        """Decide the conversations of these mails afresh and bring their links into line; returns what changed."""
        decisions = self.decide_afresh(session, message_ids)
        changes = history.compare(session, decisions)
        history.write(session, changes, by=by, batch_id=batch_id, now=self.clock.now())
        self.apply(session, decisions, batch_id)
        return history.with_ids(session, changes)

    def decide_afresh(self, session: Session, message_ids: Sequence[int]) -> list[Decision]:
        """Decide whole conversations as if only hands and answers had ever touched them.

        The first round finds what each conversation is about, the second hands it to all of its mails.
        """
        messages = self._load(session, message_ids)
        everything = self._load(session, store.message_ids_of_conversations(session, _conversations(messages)))
        knowledge = Gatherer(self.workspace_id, self.policy).gather(session, everything)
        by_hand = {c: tuple(k for k in known if k.is_hand) for c, known in knowledge.links.items()}
        links = {c: list(known) for c, known in by_hand.items()}
        self._decide_in_turn(everything, knowledge, links)
        return self._decide_in_turn(everything, knowledge, links)

    def decide_all(self, session: Session, messages: Sequence[StoredMessage]) -> list[Decision]:
        """Decide mails in order of time, each knowing what the ones before brought its conversation."""
        knowledge = Gatherer(self.workspace_id, self.policy).gather(session, messages)
        return self._decide_in_turn(messages, knowledge, {c: list(known) for c, known in knowledge.links.items()})

    def _decide_in_turn(
        self, messages: Sequence[StoredMessage], knowledge: Knowledge, links: dict[int, list[KnownLink]]
    ) -> list[Decision]:
        """Decide one after the other; `links` grows with what each brings its conversation."""
        decisions = []
        for message in messages:
            known = links.setdefault(message.conversation_id, [])
            decision = decide(message, self.policy, replace(knowledge, links={message.conversation_id: tuple(known)}))
            _learn(known, decision.links)
            decisions.append(decision)
        return decisions

    def apply(self, session: Session, decisions: Sequence[Decision], batch_id: int | None = None) -> list[int]:
        """Write decisions down: new links, receipts, questions. Returns the ids of the mails that got a link."""
        now = self.clock.now()
        rows = [
            _link_row(self.workspace_id, d.message, p, batch_id) | {"created_at": now}
            for d in decisions
            for p in d.links
        ]
        store.insert_links(session, rows)
        store.write_receipts(session, self.workspace_id, decisions, now)
        self._ask(session, decisions)
        return [d.message.id for d in decisions if d.links]

    def _ask(self, session: Session, decisions: Sequence[Decision]) -> None:
        questions = {
            d.message.conversation_id: [
                {"deal_id": c.deal_id, "score": c.score, "evidence": dict(c.evidence)} for c in d.question
            ]
            for d in decisions
            if d.question
        }
        store.ask(session, self.workspace_id, questions, self.clock.now())
        settled = {d.message.conversation_id for d in decisions if any(p.kind == RecordKind.DEAL for p in d.links)}
        if settled:
            store.drop_questions(session, settled)

    def _new_people(self, session: Session, messages: Sequence[StoredMessage]) -> list[NewPerson]:
        """Whom these mails make contacts.

        A mail of ours, or one that joins two conversations, also makes those contacts who had written before.
        """
        answered = store.conversations_with_ours(session, _conversations(messages))
        strangers = store.mails_of_strangers(session, self.workspace_id, answered) if answered else []
        relevant = _union(messages, self._load(session, strangers))
        keys = {p.address.key for m in relevant for p in m.participants}
        known = lookup.addresses_taken(session, self.workspace_id, keys)
        lists = store.list_addresses(session, self.workspace_id, keys)
        people: dict[str, NewPerson] = {}
        for message in relevant:
            is_answer = message.conversation_id in answered
            for person in new_people(message, self.policy, known, lists, is_answer_to_us=is_answer):
                first = people.setdefault(person.address_key, person)
                if person.name and not first.name:
                    people[person.address_key] = replace(first, name=person.name)
        return list(people.values())

    def _make_people(self, session: Session, people: Sequence[NewPerson]) -> list[str]:
        if not people:
            return []
        team = Team(self.workspace_id, self.clock)
        companies = records.companies_of_addresses(session, team, [p.address_key for p in people], Origin.MAIL)
        news = [records.contact_from_address(p.email, p.name, Origin.MAIL, companies[p.address_key]) for p in people]
        insert_contacts(session, self.workspace_id, news, team.now())
        return [p.address_key for p in people]

    def _load(self, session: Session, message_ids: Sequence[int]) -> list[StoredMessage]:
        return load_messages(session, self.workspace_id, message_ids) if message_ids else []


def linker_for(session: Session, workspace_id: int, clock: Clock) -> Linker:
    """A linker with the team's present policy."""
    return Linker(workspace_id, store.load_policy(session, workspace_id), clock)


def _link_row(workspace_id: int, message: StoredMessage, proposal: Proposal, batch_id: int | None) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "message_id": message.id,
        "record_id": proposal.record_id,
        "sent_at": message.sent_at,
        "rule": proposal.rule.value,
        "evidence": dict(proposal.evidence),
        "batch_id": batch_id,
        "undone_at": None,
        "undone_by": "",
    }


def _learn(known: list[KnownLink], links: Iterable[Proposal]) -> None:
    ids = {k.record_id for k in known}
    known.extend(KnownLink(p.record_id, p.kind, is_hand=False) for p in links if p.record_id not in ids)


def _conversations(messages: Iterable[StoredMessage]) -> set[int]:
    return {m.conversation_id for m in messages}


def _records_by_conversation(links: dict[int, tuple[KnownLink, ...]]) -> dict[int, set[int]]:
    return {c: {k.record_id for k in known} for c, known in links.items()}


def _grown(decisions: Sequence[Decision], known_before: Mapping[int, set[int]]) -> set[int]:
    """Conversations that decisions tied to a record for the first time: the rest of their mail must hear of it."""
    return {
        d.message.conversation_id
        for d in decisions
        if {p.record_id for p in d.links} - known_before.get(d.message.conversation_id, set())
    }


def _union(first: Sequence[StoredMessage], second: Sequence[StoredMessage]) -> list[StoredMessage]:
    merged = {m.id: m for m in (*second, *first)}
    return sorted(merged.values(), key=lambda m: (m.sent_at, m.id))
