"""Who of a list could be enrolled, and who could not and why: told before anything starts. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.kit.clock import Clock
from backend.sequences.authoring.definitions import load
from backend.sequences.campaigns import audience_store
from backend.sequences.campaigns.rules import colleagues_mail, sort_out
from backend.sequences.campaigns.shapes import Audience, Obstacles, Out, Person, Text
from backend.sequences.people import list_store
from backend.sequences.people.enrolling import MOST_AT_ONCE, require_not_too_many


@dataclass(frozen=True, slots=True)
class Checked:
    """A list sorted out: `fit` can be enrolled, `out` cannot, by reason; `unknown` are addresses of no contact.

    `asking` are those of the fit with whom, or with whose company, a colleague wrote lately: their mails will wait for
    somebody's word, as things are now.
    """

    fit: tuple[Person, ...]
    out: Mapping[str, tuple[Out, ...]]
    unknown: tuple[str, ...]
    asking: tuple[Person, ...] = ()


def check(
    session: Session, clock: Clock, actor: Actor, sequence_id: int, definition: Mapping[str, Any], audience: Audience,
    *, again: bool, mailbox_id: int | None = None,
) -> Checked:  # fmt: skip
    """Sort a list out as things are now; the mails would leave from `mailbox_id`.

    Raises `UserError` where more than 50,000 are on it.
    """
    listed = audience_store.people(session, actor.workspace_id, audience, limit=MOST_AT_ONCE + 1)
    require_not_too_many(len(listed))
    fresh = timedelta(days=load(definition).habits.collision_days)
    obstacles = audience_store.obstacles(session, actor.workspace_id, listed, mailbox_id, clock.now() - fresh)
    sender = {"sender.name": actor.name, "sender.email": actor.email}
    found = sort_out(listed, Text("", texts_of(definition)), sender, Obstacles(suppressed=obstacles.suppressed))
    known = list_store.enrolled_before(session, sequence_id, only_running=again)
    fit = tuple(person for person in found.fit if person.contact_id not in known)
    asking = tuple(person for person in fit if colleagues_mail(person, obstacles))
    return Checked(fit, _by_reason([*found.out, *_before(found.fit, known)]), audience.unknown, asking)


def texts_of(definition: Mapping[str, Any]) -> str:
    """Every text of every mail, for fields that have nothing to say."""
    variants = (each for step in definition.get("steps", ()) for each in step.get("variants", ()))
    return "\n".join(text for each in variants for text in (each["subject"], each["body"]))


def _before(fit: Collection[Person], known: Mapping[int, bool]) -> list[Out]:
    reasons = {True: "on_the_way", False: "was_before"}
    return [Out(person, reasons[known[person.contact_id]]) for person in fit if person.contact_id in known]


def _by_reason(out: Collection[Out]) -> dict[str, tuple[Out, ...]]:
    reasons = dict.fromkeys(each.reason for each in out)
    return {reason: tuple(each for each in out if each.reason == reason) for reason in reasons}
