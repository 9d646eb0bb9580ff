"""Results as people read them: counts with names, best first. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.sequences.results import rules, store
from backend.sequences.results.rules import Key
from backend.sequences.results.shapes import By, Grain, Line, Tally, Wanted

Texts = Mapping[int, tuple[int, dict[str, Any]]]


def results(session: Session, actor: Actor, wanted: Wanted) -> tuple[list[Line], Tally]:
    """The lines that are asked for, most mails first, and their sum."""
    grains = store.count(session, actor, wanted)
    texts = store.versions(session, {grain.version_id for grain in grains if grain.version_id})
    sums = rules.divide(grains, wanted.by, lambda grain: template_of(texts, grain))
    lines = _named(session, actor, wanted.by, sums, texts)
    whole = Tally()
    for tally in sums.values():
        whole.add(tally)
    return sorted(
        lines, key=lambda line: (-line.tally.sent, line.name, line.version or 0, line.step or 0, line.variant or 0)
    ), whole


def replies(session: Session, actor: Actor, wanted: Wanted) -> dict[int, Tally]:
    """What was sent and answered, by the id of the line; the rest of each tally is not counted."""
    grains = store.count_replies(session, actor, wanted)
    texts = store.versions(session, {grain.version_id for grain in grains if grain.version_id})
    sums = rules.divide(grains, wanted.by, lambda grain: template_of(texts, grain))
    return {key[0]: tally for key, tally in sums.items() if key[0] is not None}


def template_of(texts: Texts, grain: Grain) -> int | None:
    """The template that a mail's wording was begun with."""
    wording = wording_of(texts, grain.version_id, grain.step, grain.variant)
    return wording.get("template_id") if wording else None


def wording_of(texts: Texts, version_id: int | None, step: int, variant: int) -> dict[str, Any]:
    """A wording as its version keeps it; {} where it is not there."""
    steps = texts.get(version_id or 0, (0, {}))[1].get("steps", [])
    variants = steps[step].get("variants", []) if step < len(steps) else []
    return dict(variants[variant]) if variant < len(variants) else {}


def _named(session: Session, actor: Actor, by: By, sums: Mapping[Key, Tally], texts: Texts) -> list[Line]:
    firsts = {key[0] for key in sums if key[0] is not None}
    if by is By.TEMPLATE:
        templates = store.template_names(session, actor, firsts)
        return [Line(templates.get(key[0] or 0, ""), tally, key[0]) for key, tally in sums.items()]
    if by is By.SENDER:
        senders = store.sender_names(session, firsts)
        named = {key: senders.get(key[0] or 0, ("", "")) for key in sums}
        return [Line(named[key][0], tally, key[0], named[key][1]) for key, tally in sums.items()]
    names = store.sequence_names(session, firsts)
    ahead = _ahead(sums) if by is By.VARIANT else set()
    return [_line(key, tally, names, texts, is_ahead=key in ahead) for key, tally in sums.items()]


def _line(key: Key, tally: Tally, names: Mapping[int, str], texts: Texts, *, is_ahead: bool) -> Line:
    """A line about a sequence, or about a version, step or wording of it."""
    sequence_id, version_id, step, variant = (*key, None, None, None)[:4]
    subject = wording_of(texts, version_id, step, variant or 0).get("subject", "") if step is not None else ""
    version = texts.get(version_id or 0, (None, {}))[0]
    return Line(names.get(sequence_id or 0, ""), tally, sequence_id, subject, version, step, variant, is_ahead)


def _ahead(sums: Mapping[Key, Tally]) -> set[Key]:
    """The wordings that lead, step by step."""
    rivals: dict[Key, dict[Key, Tally]] = {}
    for key, tally in sums.items():
        rivals.setdefault(key[:3], {})[key] = tally
    return {best for each in rivals.values() if (best := rules.leader(each)) is not None}
