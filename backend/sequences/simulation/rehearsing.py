"""Rehearsing a sequence: what matters is copied onto a stage, time goes on there, and what came of it is read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from backend.accounts.shapes import Actor, Role
from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.kit.clock import Clock, VirtualClock
from backend.kit.errors import UserError
from backend.records.service import Team
from backend.sequences.authoring.definitions import load
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.authoring.sequence_store import current_version
from backend.sequences.changing.migrating import Choice, Choices, publish_for
from backend.sequences.people.enrolling import enrol_many
from backend.sequences.simulation import store
from backend.sequences.simulation.people import PEOPLE_IN_A_COMPANY, invent
from backend.sequences.simulation.reading import Played, Scene, read
from backend.sequences.simulation.running import Run
from backend.sequences.simulation.shapes import MOST_PEOPLE, Plan, Rehearsal, Sender
from backend.sequences.simulation.stage import OpenStage, Stage
from backend.sequences.tables import SequenceVersion
from backend.sync.store import ensure_state

USUALLY = 20
Progress = Callable[[float], None]


def rehearse(
    db: Database, clock: Clock, open_stage: OpenStage, workspace_id: int, sequence_id: int, plan: Plan,
    *, patience_s: float | None = None, progress: Progress | None = None,
) -> Rehearsal:  # fmt: skip
    """Play a sequence's next days through; the real database is only read, and nothing leaves.

    `patience_s`: after so much of the machine's time it ends early; `progress` hears which share is done. Raises
    `UserError` for a plan that cannot be rehearsed, `NotFoundError`.
    """
    plan.check()
    with bound_contextvars(is_rehearsal=True), open_stage(clock.now(), plan.seed) as stage:
        with db.read() as real:
            scene, plan = _set_up(real, stage, workspace_id, sequence_id, plan)
        run = Run(stage, plan, scene.senders)
        until = scene.starts_at + timedelta(days=plan.days)
        ends_at = run.play(until, _is_enough(scene.starts_at, until, patience_s, progress))
        played = Played(run.mails, run.waits, min(ends_at, until), ends_at < until)
        with stage.db.read() as session:
            return read(session, scene, played)


def _is_enough(
    starts_at: datetime, until: datetime, patience_s: float | None, progress: Progress | None
) -> Callable[[datetime], bool]:
    began = time.monotonic()

    def is_enough(now: datetime) -> bool:
        if progress is not None:
            progress(min((now - starts_at) / (until - starts_at), 1.0))
        return patience_s is not None and time.monotonic() - began > patience_s

    return is_enough


def _set_up(real: Session, stage: Stage, workspace_id: int, sequence_id: int, plan: Plan) -> tuple[Scene, Plan]:
    """Copy what matters, open the mailboxes, and put people in who are not on the way yet."""
    sequence, now = require_sequence(real, workspace_id, sequence_id), stage.clock.now()
    senders, plan = _cast(real, workspace_id, sequence_id, plan)
    with stage.db.write() as session:
        store.copy_team(real, session, workspace_id)
        mailbox_ids = [sender.mailbox_id for sender in senders]
        store.copy_people(real, session, workspace_id, mailbox_ids, plan.contact_ids, now)
        for sender in senders:
            stage.open_mailbox(sender.address, sender.name)
            ensure_state(session, session.get_one(Mailbox, sender.mailbox_id), now)
        actors = [Actor(s.user_id, workspace_id, Role.ADMIN, s.address, s.name) for s in senders]
        version = _version(session, stage.clock, actors[0], sequence_id, plan)
        refused = _put_in(session, stage.clock, actors, version, plan)
    habits = load(version.definition).habits
    return Scene(sequence_id, sequence.name, version.number, habits, now, tuple(senders), plan.invented, refused), plan


def _cast(real: Session, workspace_id: int, sequence_id: int, plan: Plan) -> tuple[list[Sender], Plan]:
    """From which mailboxes it is played; where nobody is on the way or chosen, with invented people."""
    is_new = bool(plan.contact_ids or plan.invented)
    followed = [] if is_new else store.senders_on_the_way(real, sequence_id, plan.mailbox_ids)
    senders = store.senders(real, workspace_id, plan.mailbox_ids or followed)
    if not senders:
        raise UserError("No mailbox is connected that this could be sent from; connect one first.")
    if len(store.running(real, [sender.mailbox_id for sender in senders])) > MOST_PEOPLE:
        raise UserError(
            "More than %(most)s people are on the way from there; choose fewer mailboxes.", most=MOST_PEOPLE
        )
    return senders, plan if is_new or followed else replace(plan, invented=USUALLY)


def _version(session: Session, clock: VirtualClock, actor: Actor, sequence_id: int, plan: Plan) -> SequenceVersion:
    """The published version; the plan's own definition is published first, and who is on the way changes over."""
    if plan.definition is not None:
        publish_for(session, clock, actor, sequence_id, plan.definition, Choices(Choice.MIGRATE))
    sequence = require_sequence(session, actor.workspace_id, sequence_id)
    version = current_version(session, sequence)
    if version is None:
        raise UserError("“%(name)s” has no published version; publish one first.", name=sequence.name)
    return version


def _put_in(
    session: Session, clock: VirtualClock, actors: Sequence[Actor], version: SequenceVersion, plan: Plan
) -> dict[str, str]:
    """Enrol the plan's contacts and invented people; returns who could not be, and why."""
    sequence_id, contact_ids = version.sequence_id, plan.contact_ids
    refused = enrol_many(session, clock, actors[0], sequence_id, contact_ids).refused
    team, has_deals = Team(version.workspace_id, clock, None), "deal." in json.dumps(version.definition)
    invented = invent(session, team, plan.invented, with_deals=has_deals)
    deals = {each.contact_id: each.deal_id for each in invented if each.deal_id is not None}
    for number, actor in enumerate(actors):  # a company's people have one rep
        own = [each.contact_id for n, each in enumerate(invented) if n // PEOPLE_IN_A_COMPANY % len(actors) == number]
        enrol_many(session, clock, actor, sequence_id, own, deals=deals)
    names = store.names(session, list(refused))
    return {names.get(contact_id, str(contact_id)): why for contact_id, why in refused.items()}
