"""A sequence's mails as one real person would read them, with what their fields cannot say; nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.kit.errors import UserError
from backend.records.shapes import ContactView, DealView
from backend.sequences.shapes import FilledMail
from backend.sequences.tables import Enrolment
from backend.sequences.texts import rules
from backend.sequences.texts.fields import values_for


@dataclass(frozen=True, slots=True)
class StepPreview:
    """A step with its texts filled in: a mail's wordings, or a task's text as the subject of one. `number` from 1."""

    number: int
    step: Mapping[str, Any]
    wordings: tuple[FilledMail, ...] = ()
    problem: UserError | None = None


def preview(
    session: Session, actor: Actor, definition: Mapping[str, Any], contact: ContactView, deal: DealView | None = None
) -> list[StepPreview]:
    """Every step of a definition, sound or not, for a contact as if the actor had enrolled them."""
    values = values_of(session, actor, contact, deal)
    return [_step(number, step, values) for number, step in enumerate(definition.get("steps", ()), 1)]


def values_of(session: Session, actor: Actor, contact: ContactView, deal: DealView | None = None) -> dict[str, str]:
    """A template's fields for a contact as if the actor wrote to them."""
    return values_for(session, _as_if_enrolled(actor, contact, deal))


def _as_if_enrolled(actor: Actor, contact: ContactView, deal: DealView | None) -> Enrolment:
    """An enrolment that is never stored."""
    return Enrolment(
        id=0,
        workspace_id=actor.workspace_id,
        user_id=actor.user_id,
        contact_id=contact.record.id,
        email=contact.emails[0] if contact.emails else "",
        deal_id=deal.record.id if deal else None,
    )


def missing_fields(seen: list[StepPreview]) -> list[str]:
    """The fields that have nothing to say in any of the mails."""
    return list(dict.fromkeys(name for each in seen for filled in each.wordings for name in filled.missing))


def _step(number: int, step: Mapping[str, Any], values: Mapping[str, str]) -> StepPreview:
    texts = [(each["subject"], each["body"]) for each in step.get("variants", ())]
    if step.get("kind_of_step") == "todo":
        texts = [(str(step.get("text", "")), "")]
    try:
        return StepPreview(number, step, tuple(rules.filled(subject, body, values) for subject, body in texts))
    except UserError as error:
        return StepPreview(number, step, problem=error)
