"""Writing down: notes, tasks, calls; and tasks that are done."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backend.activities import service
from backend.activities.rules import due_at
from backend.activities.shapes import ActivityKind, CallOutcome, NewActivity
from backend.activities.store import find_same
from backend.card.service.asked import Asked, Changed, Done
from backend.card.service.visit import Visit
from backend.card.words import Words
from backend.db import serialise
from backend.kit.errors import UserError
from backend.kit.text import shorten

RETRY_WITHIN = timedelta(minutes=1)
_SHOWN = 60


def save_note(visit: Visit, asked: Asked) -> Done:
    """Write a note down."""
    return _save(visit, asked, ActivityKind.NOTE, asked.input("text"), visit.words.gettext("Note saved."))


def save_task(visit: Visit, asked: Asked) -> Done:
    """Set oneself a task."""
    due = _due_at(visit, asked.input("due"))
    return _save(visit, asked, ActivityKind.TASK, asked.input("title"), visit.words.gettext("Task saved."), due_at=due)


def save_call(visit: Visit, asked: Asked) -> Done:
    """Write down that one called, and how it ended."""
    outcomes = call_outcomes(visit.words)
    outcome = asked.input("outcome")
    if outcome not in outcomes:
        raise UserError(visit.words.gettext("Choose how the call ended."))
    text = asked.input("text") or visit.words.gettext("Call: %(outcome)s", outcome=outcomes[outcome])
    return _save(visit, asked, ActivityKind.CALL, text, visit.words.gettext("Call saved."), outcome=outcome)


def call_outcomes(words: Words) -> dict[str, str]:
    """How a call can end, in words."""
    return {
        CallOutcome.CONNECTED.value: words.gettext("connected"),
        CallOutcome.VOICEMAIL.value: words.gettext("voicemail"),
        CallOutcome.NO_ANSWER.value: words.gettext("no answer"),
        CallOutcome.BUSY.value: words.gettext("busy"),
    }


def _save(
    visit: Visit, asked: Asked, kind: ActivityKind, text: str, said: str,
    *, due_at: datetime | None = None, outcome: str = "",
) -> Done:  # fmt: skip
    """Save once: the wire has no id for an action, so the same words within a minute are taken for a retry."""
    new = NewActivity(kind, text, (asked.id("record"),), visit.actor.user_id, due_at=due_at, outcome=outcome)
    serialise(visit.session, "activities from cards", visit.actor.user_id)
    saved = find_same(visit.session, visit.workspace_id, new, visit.now - RETRY_WITHIN)
    activity = saved or service.add_activity(visit.session, visit.clock, visit.workspace_id, new)
    return Done(said, (Changed.ACTIVITY, (activity.id,)))


def _due_at(visit: Visit, day: str) -> datetime | None:
    """The end of that working day where the reader is; None for "". Raises `UserError`."""
    if not day:
        return None
    try:
        return due_at(date.fromisoformat(day), visit.words.zone)
    except (ValueError, OverflowError) as error:
        raise UserError(visit.words.gettext("That is not a date; write it as 2026-12-31.")) from error


def complete_task(visit: Visit, asked: Asked) -> Done:
    """Tick a task off."""
    task = service.finish_task(visit.session, visit.clock, visit.workspace_id, asked.id("task"))
    visit.session.flush()
    text = visit.words.gettext("Done: %(task)s", task=shorten(task.text, _SHOWN))
    return Done(text, (Changed.TASK, (task.id,)))
