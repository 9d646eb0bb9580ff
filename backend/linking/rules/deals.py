"""Which deal a mail belongs to: its reference, the only open one, the clearly best one, or one question.

A score is made of points for what speaks for the deal: who takes part (up to 45), words of its name in the subject (up
to 40; words that all candidates share tell nothing), and how lately before the mail it had moved (up to 15). It leads
clearly with `ENOUGH` points and `LEAD` more than the next.

Nothing here hangs on when a mail is judged: of a deal's course counts what it was at the time of the mail, and other
mail about the deal counts only inside one conversation (docs/decisions/0043).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz

from backend.kit.text import fold
from backend.linking.shapes import Candidate, Knowledge, Proposal, Rejection, Rule
from backend.mail.conversations import base_subject
from backend.mail.shapes import StoredMessage
from backend.records.shapes import DealRef, RecordKind, StageEntry

ENOUGH = 40
LEAD = 12
TAKES_PART, SAME_COMPANY = 45, 20
SUBJECT_POINTS = 40
SAME_WORD = 85  # of 100: "seat" and "seats", "almacen" and "almacenes"
SHORTEST_WORD = 3
MOVE_POINTS = 15
FRESH = timedelta(days=30)
BEFORE_DEAL = timedelta(days=30)  # first contacts come before somebody opens a deal for them
AFTER_CLOSE = timedelta(days=14)
CANDIDATES_SHOWN = 5
_REFERENCE = re.compile(r"(?<![\w-])([A-Za-z]{1,10}-\d{1,10})(?![\w-])")
_NOT_WORDS = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class DealVerdict:
    """What the deal rules found: at most one link by evidence, several by reference, or a question."""

    links: tuple[Proposal, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    question: tuple[Candidate, ...] = ()


def references_in(subject: str) -> tuple[str, ...]:
    """Everything in a subject that may be a deal's reference, in upper case: "Re: [d-17] offer" holds D-17."""
    return tuple(dict.fromkeys(r.upper() for r in _REFERENCE.findall(subject)))


def judge_deals(
    message: StoredMessage, record_ids: Sequence[int], knowledge: Knowledge, *, has_deal: bool, is_correspondence: bool
) -> DealVerdict:
    """Judge which deal the mail is about, given the contacts and companies that it belongs to.

    `has_deal`: its conversation brought its deal along.
    """
    by_reference = _by_reference(message, knowledge)
    if by_reference:
        return DealVerdict(links=by_reference)
    if has_deal:
        return DealVerdict()
    if message.conversation_id in knowledge.answers:
        return _by_answer(message, knowledge)
    candidates = _candidates(message, record_ids, knowledge)
    if not candidates or not is_correspondence:
        return DealVerdict()
    return _choose(message, record_ids, candidates)


def _by_reference(message: StoredMessage, knowledge: Knowledge) -> tuple[Proposal, ...]:
    if not knowledge.deals_by_reference:
        return ()
    found = [(r, knowledge.deals_by_reference.get(r)) for r in references_in(message.subject)]
    return tuple(
        Proposal(deal.id, RecordKind.DEAL, Rule.DEAL_REFERENCE, {"reference": reference})
        for reference, deal in found
        if deal is not None
    )


def _by_answer(message: StoredMessage, knowledge: Knowledge) -> DealVerdict:
    deal_id = knowledge.answers[message.conversation_id]
    if deal_id is None:
        return DealVerdict()
    evidence = {"conversation_id": message.conversation_id}
    return DealVerdict(links=(Proposal(deal_id, RecordKind.DEAL, Rule.ANSWER, evidence),))


def _candidates(message: StoredMessage, record_ids: Sequence[int], knowledge: Knowledge) -> list[DealRef]:
    """Deals of the people in the mail, or else of their companies, that were alive when it was sent."""
    by_person = [d for r in record_ids for d in knowledge.deals_by_contact.get(r, ())]
    by_company = [d for r in record_ids for d in knowledge.deals_by_company.get(r, ())]
    for deals in (by_person, by_company):
        alive = {d.id: d for d in deals if _was_alive(d, message.sent_at)}
        if alive:
            return list(alive.values())
    return []


def _was_alive(deal: DealRef, moment: datetime) -> bool:
    came = _last_entry(deal, moment)
    return deal.created_at - BEFORE_DEAL <= moment and (came is None or came.is_open or moment <= came.at + AFTER_CLOSE)


def _last_entry(deal: DealRef, moment: datetime) -> StageEntry | None:
    """How the deal came to the stage where it stood at that moment; None: it was not there yet."""
    return next((entry for entry in reversed(deal.course) if entry.at <= moment), None)


def _choose(message: StoredMessage, record_ids: Sequence[int], candidates: list[DealRef]) -> DealVerdict:
    people = frozenset(record_ids)
    if len(candidates) == 1 and candidates[0].contact_ids & people:
        deal = candidates[0]
        evidence = {"contact_ids": sorted(deal.contact_ids & people), "deal": deal.name}
        return DealVerdict(links=(Proposal(deal.id, RecordKind.DEAL, Rule.DEAL_ONLY, evidence),))
    shared = frozenset.intersection(*(_words(d.name) for d in candidates)) if len(candidates) > 1 else frozenset()
    scores = (_score(message, people, d, shared) for d in candidates)
    scored = sorted(scores, key=lambda c: (-c.score, c.deal_id))
    best, rest = scored[0], scored[1:]
    second = rest[0].score if rest else 0
    if best.score >= ENOUGH and best.score - second >= LEAD:
        rejected = tuple(Rejection(c.deal_id, Rule.DEAL_EVIDENCE, "fewer points", c.evidence) for c in rest)
        link = Proposal(best.deal_id, RecordKind.DEAL, Rule.DEAL_EVIDENCE, dict(best.evidence) | {"score": best.score})
        return DealVerdict(links=(link,), rejected=rejected)
    unsure = tuple(Rejection(c.deal_id, Rule.DEAL_EVIDENCE, "no clear lead", c.evidence) for c in scored)
    return DealVerdict(rejected=unsure, question=tuple(scored[:CANDIDATES_SHOWN]))


def _score(message: StoredMessage, people: frozenset[int], deal: DealRef, shared: frozenset[str]) -> Candidate:
    points = {
        "participants": _participant_points(deal, people),
        "subject": _subject_points(message.subject, _words(deal.name) - shared),
        "stage_activity": _move_points(deal, message.sent_at),
    }
    evidence = {name: value for name, value in points.items() if value}
    return Candidate(deal.id, sum(points.values()), evidence)


def _participant_points(deal: DealRef, people: frozenset[int]) -> int:
    if deal.contact_ids & people:
        return TAKES_PART
    return SAME_COMPANY if deal.company_id in people else 0


def _subject_points(subject: str, telling: frozenset[str]) -> int:
    """Points for the telling words of a deal's name that the subject holds; half of them already say much."""
    written = _words(base_subject(subject))
    found = sum(any(fuzz.ratio(word, other) >= SAME_WORD for other in written) for word in telling)
    return round(SUBJECT_POINTS * (found / len(telling)) ** 0.5) if found else 0


def _words(text: str) -> frozenset[str]:
    words = _NOT_WORDS.split(fold(text))
    return frozenset(w for w in words if len(w) >= SHORTEST_WORD or w.isdigit())


def _move_points(deal: DealRef, moment: datetime) -> int:
    """Points for the last move before that moment; a month later it counts no more."""
    came = _last_entry(deal, moment)
    return round(MOVE_POINTS * max(0.0, 1 - (moment - came.at) / FRESH)) if came is not None else 0
