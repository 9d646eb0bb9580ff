"""Which records one mail belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backend.linking.rules.deals import DealVerdict, judge_deals
from backend.linking.rules.outsiders import SENDERS, domain, excluding, left_out, outsiders
from backend.linking.shapes import Decision, Knowledge, Outcome, Policy, Proposal, Reason, Rejection, Rule
from backend.mail.addresses import is_free_mail
from backend.mail.shapes import Kind, Participant, StoredMessage
from backend.records.shapes import RecordKind

CORRESPONDENCE = frozenset({Kind.PERSON, Kind.CALENDAR})


def decide(message: StoredMessage, policy: Policy, knowledge: Knowledge) -> Decision:
    """Decide one mail from complete knowledge; the same facts always give the same decision."""
    others = outsiders(message, policy)
    reason = left_out(message, others, policy)
    if reason is not Reason.NONE:
        return Decision(message, Outcome.LEFT_OUT, reason)
    people = _linkable(message, others, policy)
    base = _once([*_by_address(people, knowledge), *_by_company(message, people, knowledge)])
    base += _by_conversation(message, base, knowledge)
    verdict = judge_deals(
        message,
        [p.record_id for p in base if not _is_vetoed(p, message, people, knowledge)],
        knowledge,
        has_deal=any(p.kind == RecordKind.DEAL for p in base),
        is_correspondence=_is_correspondence(message),
    )
    return _settle(message, people, base, verdict, knowledge)


def _is_correspondence(message: StoredMessage) -> bool:
    return message.kind in CORRESPONDENCE


def _linkable(message: StoredMessage, others: tuple[Participant, ...], policy: Policy) -> list[Participant]:
    """In correspondence everybody counts; of a newsletter or an automatic answer only the sender does."""
    allowed = [p for p in others if excluding(p.address.key, policy) is None]
    return allowed if _is_correspondence(message) else [p for p in allowed if p.role in SENDERS]


def _by_address(people: Iterable[Participant], knowledge: Knowledge) -> Iterator[Proposal]:
    for person in people:
        contact = knowledge.contacts.get(person.address.key)
        if contact is not None:
            evidence = {"address": person.address.key, "role": person.role.value}
            yield Proposal(contact.id, RecordKind.CONTACT, Rule.ADDRESS, evidence)


def _by_company(message: StoredMessage, people: Iterable[Participant], knowledge: Knowledge) -> Iterator[Proposal]:
    """The company of each known person; for strangers in correspondence the company that owns their domain."""
    for person in people:
        contact = knowledge.contacts.get(person.address.key)
        if contact is not None and contact.company_id is not None:
            evidence = {"address": person.address.key, "contact_id": contact.id}
            yield Proposal(contact.company_id, RecordKind.COMPANY, Rule.COMPANY, evidence)
        elif contact is None and _is_correspondence(message):
            yield from _by_domain(person, knowledge)


def _by_domain(person: Participant, knowledge: Knowledge) -> Iterator[Proposal]:
    name = domain(person.address.key)
    company_id = knowledge.company_by_domain.get(name)
    if company_id is not None and not is_free_mail(name):
        evidence = {"address": person.address.key, "domain": name}
        yield Proposal(company_id, RecordKind.COMPANY, Rule.DOMAIN, evidence)


def _by_conversation(message: StoredMessage, base: list[Proposal], knowledge: Knowledge) -> Iterator[Proposal]:
    """A conversation hands its links on, except to newsletters of strangers that happen to sit in it."""
    if message.kind is Kind.BULK and not base:
        return
    have = {p.record_id for p in base}
    evidence = {"conversation_id": message.conversation_id}
    for link in knowledge.links.get(message.conversation_id, ()):
        if link.record_id not in have:
            yield Proposal(link.record_id, link.kind, Rule.CONVERSATION, evidence)


def _once(proposals: Iterable[Proposal]) -> list[Proposal]:
    kept: dict[int, Proposal] = {}
    for proposal in proposals:
        kept.setdefault(proposal.record_id, proposal)
    return list(kept.values())


def _settle(
    message: StoredMessage,
    people: list[Participant],
    base: list[Proposal],
    verdict: DealVerdict,
    knowledge: Knowledge,
) -> Decision:
    proposals = _once([*verdict.links, *base]) if verdict.links else base
    vetoed = [p for p in proposals if _is_vetoed(p, message, people, knowledge)]
    links = tuple(p for p in proposals if p not in vetoed)
    refused = tuple(Rejection(p.record_id, p.rule, "vetoed", p.evidence) for p in vetoed)
    outcome = Outcome.LINKED if links else Outcome.UNLINKED
    reason = Reason.NONE if links else _why_unlinked(message, refused)
    return Decision(message, outcome, reason, links, (*refused, *verdict.rejected), verdict.question)


def _is_vetoed(proposal: Proposal, message: StoredMessage, people: Iterable[Participant], knowledge: Knowledge) -> bool:
    """A veto on an address hits what that address brought; a link by conversation or deal is brought by everybody."""
    if not knowledge.vetoes:
        return False
    address = proposal.evidence.get("address")
    keys = [address] if address else [p.address.key for p in people]
    values = [("mail", str(message.id)), ("thread", str(message.conversation_id))]
    values += [("address", k) for k in keys] + [("domain", domain(k)) for k in keys]
    return any((proposal.record_id, scope, value) in knowledge.vetoes for scope, value in values)


def _why_unlinked(message: StoredMessage, refused: tuple[Rejection, ...]) -> Reason:
    if refused:
        return Reason.VETOED
    if message.kind is Kind.BULK:
        return Reason.BULK
    return Reason.NOBODY_KNOWN if _is_correspondence(message) else Reason.AUTOMATIC
