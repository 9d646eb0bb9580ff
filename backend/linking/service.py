"""Linking mails as they come, relinking history, and taking links back. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.kit.clock import Clock
from backend.linking import history, mail_store, question_store, store
from backend.linking.history import Changes
from backend.linking.knowledge import Notebook, add_links
from backend.linking.policy_store import load_policy
from backend.linking.rules import decide, new_people
from backend.linking.shapes import Decision, Knowledge, KnownLink, NewPerson, Policy, Proposal
from backend.mail.shapes import StoredMessage
from backend.mail.store import Filed, load_messages
from backend.privacy.store.sight import known_to_team
from backend.records import service as records
from backend.records.service import Team
from backend.records.shapes import Origin
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

        Mail that came before (the person's earlier mail, that of the new company's people, the rest of the
        conversation) is decided again where this batch changed what is known, so that the outcome does not hang on the
        order of arrival. All is decided before anything is written, and each mail's receipt is written once.
        """
        store.follow_joins(session, self.workspace_id, filed.joined)
        mails = {m.id: m for m in filed.messages}
        people, domains = self._make_people(session, self._new_people(session, filed.messages, mails))
        older = mail_store.message_ids_concerning(session, self.workspace_id, people, domains)
        notebook = Notebook(session, self.workspace_id, self.policy)
        first = self._decide(notebook, [*filed.messages, *self._load(session, older, mails)])
        news = notebook.note(first)
        grown = mail_store.message_ids_of_conversations(session, news.grown | set(filed.joined.values()))
        settled = notebook.settled(first)
        again = self._decide(notebook, self._load(session, [i for i in grown if i not in settled], mails))
        links = [*news.links, *notebook.note(again).links]
        decisions = [*first, *again]
        about_deals = {d.message.conversation_id for d in decisions if d.is_about_deals}
        whole = self._load(session, mail_store.message_ids_of_conversations(session, about_deals), mails)
        afresh = self._decide_afresh(notebook, whole) if whole else []
        self._write(
            session,
            [(m, p) for m, p in links if m.conversation_id not in about_deals],
            [d for d in decisions if d.message.conversation_id not in about_deals],
        )
        if afresh:
            self._bring_into_line(session, afresh)

    def refresh(
        self, session: Session, message_ids: Sequence[int], *, by: str = "rule", batch_id: int | None = None
    ) -> Changes:
        """Decide the conversations of these mails afresh and bring their links into line; returns what changed."""
        return self._bring_into_line(session, self.decide_afresh(session, message_ids), by=by, batch_id=batch_id)

    def _bring_into_line(
        self, session: Session, decisions: Sequence[Decision], *, by: str = "rule", batch_id: int | None = None
    ) -> Changes:
        """Write down decisions about whole conversations: links come, go and come back."""
        changes = history.compare(session, decisions)
        history.write(session, changes, by=by, batch_id=batch_id, now=self.clock.now())
        added = set(changes.added)
        links = [(d.message, p) for d in decisions for p in d.links if (d.message.id, p.record_id) in added]
        self._write(session, links, decisions, batch_id)
        self._ask(session, decisions)
        return history.with_ids(session, changes)

    def decide_afresh(self, session: Session, message_ids: Sequence[int]) -> list[Decision]:
        """Decide the conversations of these mails as if only hands and answers had ever touched them."""
        conversations = {m.conversation_id for m in self._load(session, message_ids, {})}
        everything = self._load(session, mail_store.message_ids_of_conversations(session, conversations), {})
        return self._decide_afresh(Notebook(session, self.workspace_id, self.policy), everything)

    def _decide_afresh(self, notebook: Notebook, conversations: Sequence[StoredMessage]) -> list[Decision]:
        """Decide all mails of some conversations, whatever rules linked them to before.

        The first round finds what each conversation is about, the second hands it to all of its mails: which deal that
        is hangs on the whole of it (docs/decisions/0043).
        """
        in_time = _in_time(conversations)
        notebook.take_in(in_time)
        links = {c: [k for k in known if k.is_hand] for c, known in notebook.knowledge.links.items()}
        first = self._decide_in_turn(in_time, notebook.knowledge, links)
        again = self._decide_in_turn(in_time, notebook.knowledge, links)
        return [_with_own_reasons(a, f) for a, f in zip(again, first, strict=True)]

    def _decide(self, notebook: Notebook, messages: Iterable[StoredMessage]) -> list[Decision]:
        """Decide mails in order of time, each knowing what the ones before brought its conversation."""
        in_time = _in_time(messages)
        notebook.take_in(in_time)
        links = {c: list(known) for c, known in notebook.knowledge.links.items()}
        return self._decide_in_turn(in_time, notebook.knowledge, links)

    def _decide_in_turn(
        self, messages: Sequence[StoredMessage], knowledge: Knowledge, links: dict[int, list[KnownLink]]
    ) -> list[Decision]:
        """Decide one after the other; `links` grows with what each brings its conversation."""
        decisions, knowledge = [], replace(knowledge, links=links)
        for message in messages:
            decision = decide(message, self.policy, knowledge)
            add_links(links.setdefault(message.conversation_id, []), decision.links)
            decisions.append(decision)
        return decisions

    def _write(
        self,
        session: Session,
        links: Sequence[tuple[StoredMessage, Proposal]],
        decisions: Sequence[Decision],
        batch_id: int | None = None,
    ) -> None:
        """Write down new links and receipts; of two decisions about one mail the later one counts."""
        now = self.clock.now()
        store.insert_links(session, [_link_row(self.workspace_id, m, p, batch_id, now) for m, p in links])
        final = {d.message.id: d for d in decisions}
        store.write_receipts(session, self.workspace_id, final.values(), now)

    def _ask(self, session: Session, decisions: Sequence[Decision]) -> None:
        """Ask about whole conversations that several deals claim alike, and withdraw what is no question any more."""
        questions = {d.message.conversation_id: d.question for d in decisions if d.question}
        question_store.ask(session, self.workspace_id, questions, self.clock.now())
        settled = {d.message.conversation_id for d in decisions} - questions.keys()
        question_store.drop(session, settled)

    def _new_people(
        self, session: Session, messages: Sequence[StoredMessage], mails: dict[int, StoredMessage]
    ) -> list[NewPerson]:
        """Whom these mails make contacts.

        A mail of ours, or one that joins two conversations, also makes those contacts who had written before.
        """
        answered = mail_store.conversations_with_ours(session, {m.conversation_id for m in messages})
        strangers = mail_store.mails_of_strangers(session, self.workspace_id, answered)
        relevant = _in_time([*messages, *self._load(session, strangers, mails)])
        keys = {p.address.key for m in relevant for p in m.participants}
        known = lookup.addresses_taken(session, self.workspace_id, keys)
        lists = mail_store.list_addresses(session, self.workspace_id, keys)
        found: list[NewPerson] = []
        for message in relevant:
            is_answer = message.conversation_id in answered
            found += new_people(message, self.policy, known, lists, is_answer_to_us=is_answer)
        people: dict[str, NewPerson] = {}
        for person in self._known_to_team(session, found):
            first = people.setdefault(person.address_key, person)
            if person.name and not first.name:
                people[person.address_key] = replace(first, name=person.name)
        return list(people.values())

    def _known_to_team(self, session: Session, people: list[NewPerson]) -> list[NewPerson]:
        """A contact is everybody's to see: who stands only in mail that its owners hide becomes none."""
        visible = known_to_team(session, {p.message_id for p in people}) if people else set()
        return [p for p in people if p.message_id in visible]

    def _make_people(self, session: Session, people: Sequence[NewPerson]) -> tuple[list[str], set[str]]:
        """Make contacts, and companies for them; returns the people's address keys and the new companies' domains."""
        if not people:
            return [], set()
        team = Team(self.workspace_id, self.clock)
        companies, domains = records.companies_of_addresses(session, team, [p.address_key for p in people], Origin.MAIL)
        news = [records.contact_from_address(p.email, p.name, Origin.MAIL, companies[p.address_key]) for p in people]
        insert_contacts(session, self.workspace_id, news, team.now())
        return [p.address_key for p in people], domains

    def _load(
        self, session: Session, message_ids: Sequence[int], mails: dict[int, StoredMessage]
    ) -> list[StoredMessage]:
        """These mails; those that are not among `mails` are loaded into it."""
        missing = [i for i in message_ids if i not in mails]
        if missing:
            mails.update({m.id: m for m in load_messages(session, self.workspace_id, missing)})
        return [mails[i] for i in message_ids if i in mails]


def linker_for(session: Session, workspace_id: int, clock: Clock) -> Linker:
    """A linker with the team's present policy."""
    return Linker(workspace_id, load_policy(session, workspace_id), clock)


def _link_row(
    workspace_id: int, message: StoredMessage, proposal: Proposal, batch_id: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "message_id": message.id,
        "record_id": proposal.record_id,
        "sent_at": message.sent_at,
        "rule": proposal.rule.value,
        "evidence": dict(proposal.evidence),
        "batch_id": batch_id,
        "created_at": now,
        "undone_at": None,
        "undone_by": "",
    }


def _with_own_reasons(decision: Decision, first: Decision) -> Decision:
    """What a mail itself brought its conversation keeps the reasons for which it did."""
    own = {p.record_id: p for p in first.links}
    links = tuple(own.get(p.record_id, p) for p in decision.links)
    lost = {r.record_id: r for r in (*first.rejected, *decision.rejected)}
    rejected = tuple(r for i, r in lost.items() if all(p.record_id != i for p in links))
    return replace(decision, links=links, rejected=rejected)


def _in_time(messages: Iterable[StoredMessage]) -> list[StoredMessage]:
    """Each mail once, in order of time."""
    return sorted({m.id: m for m in messages}.values(), key=lambda m: (m.sent_at, m.id))
