"""Rehearsing a sequence in the browser: a form, then its calendar, its mails as they would leave, what happens beside.

It is played while the visitor waits, so people and time are bounded, and one rehearsal runs at a time in each process;
the command takes more. Nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_bytes, policy
from itertools import groupby
from threading import Lock
from typing import cast

from flask import Flask, current_app, render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.store import mailboxes
from backend.kit.errors import ConflictError, UserError
from backend.sequences.authoring import sequence_store
from backend.sequences.authoring.drafts import in_work
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.pages.one import require_view
from backend.sequences.pages.room import blueprint
from backend.sequences.simulation.rehearsing import rehearse
from backend.sequences.simulation.shapes import Calendar, Day, Happening, Plan, Rehearsal, RehearsedMail
from backend.sequences.simulation.stage import OpenStage
from backend.web.house import house
from backend.web.i18n import sentence_of

MOST_PEOPLE, MOST_DAYS, PATIENCE_S = 500, 92, 25
MOST_TEXTS = 600  # mails whose text stands in the page
_USUAL = {"days": 30, "invented": 0, "replies": 0, "bounces": 0, "away": 0}
_KEY = "enlace_sequences_stage"
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form says. Shares are per cent; `contacts`: ids with commas, of people who are not on the way yet."""

    days: int = 30
    invented: int = 0
    replies: int = 0
    bounces: int = 0
    away: int = 0
    is_draft: bool = False
    contacts: str = ""


def open_rehearsals(app: Flask, open_stage: OpenStage) -> None:
    """Tie the way to put a stage up to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = open_stage


@blueprint.get("/<int:sequence_id>/rehearsal")
@needs()
def show_rehearsal(sequence_id: int) -> str:
    """The form."""
    return _page(sequence_id, Choice())


@blueprint.post("/<int:sequence_id>/rehearsal")
@needs()
def play_rehearsal(sequence_id: int) -> str | tuple[str, int]:
    """Play it; what is wrong comes back with its sentence."""
    choice = Choice()
    try:
        choice = _choice()
        return _page(sequence_id, choice, _played(sequence_id, choice))
    except UserError as error:
        return _page(sequence_id, choice, problem=error), 400


def _choice() -> Choice:
    form = request.form
    try:
        numbers = {name: int(form.get(name, usual) or 0) for name, usual in _USUAL.items()}
    except ValueError as error:
        raise UserError("Days, people and shares are whole numbers.") from error
    chosen = Choice(**numbers, is_draft=form.get("what") == "draft", contacts=form.get("contacts", ""))
    if chosen.days > MOST_DAYS or chosen.invented + len(_ids(chosen)) > MOST_PEOPLE:
        raise UserError(
            "Here at most %(people)s people and %(days)s days are rehearsed; `enlace sequence simulate` takes more.",
            people=MOST_PEOPLE,
            days=MOST_DAYS,
        )
    return chosen


def _ids(choice: Choice) -> tuple[int, ...]:
    return tuple(int(word) for word in choice.contacts.split(",") if word.strip().isdecimal())


def _played(sequence_id: int, choice: Choice) -> Rehearsal:
    actor, open_stage = current_actor(), cast("OpenStage", current_app.extensions[_KEY])
    with house().db.read() as session:
        plan = _plan(session, sequence_id, choice)
    if not _one_at_a_time.acquire(blocking=False):
        raise ConflictError("Another rehearsal is being played just now; try again in half a minute.")
    try:
        db, clock = house().db, house().clock
        return rehearse(db, clock, open_stage, actor.workspace_id, sequence_id, plan, patience_s=PATIENCE_S)
    finally:
        _one_at_a_time.release()


def _plan(session: Session, sequence_id: int, choice: Choice) -> Plan:
    """A rep rehearses what leaves their own mailbox, managers what leaves the team's."""
    actor = current_actor()
    sequence = require_sequence(session, actor.workspace_id, sequence_id)
    own = mailboxes(session, actor.workspace_id, user_id=actor.user_id)
    if not own and not actor.sees_all:
        raise UserError("Connect your mailbox first: mails of a sequence leave from it.")
    is_own = choice.contacts or not actor.sees_all
    return Plan(
        days=choice.days,
        contact_ids=_ids(choice),
        invented=choice.invented,
        mailbox_ids=tuple(mailbox.id for mailbox in own) if is_own else (),
        replies=choice.replies / 100,
        bounces=choice.bounces / 100,
        away=choice.away / 100,
        definition=in_work(session, sequence) if choice.is_draft else None,
    )


def _page(
    sequence_id: int, choice: Choice, rehearsal: Rehearsal | None = None, problem: UserError | None = None
) -> str:
    with house().db.read() as session:
        view = require_view(session, sequence_id)
        version = sequence_store.current_version(
            session, require_sequence(session, current_actor().workspace_id, sequence_id)
        )
    return render_template(
        "sequences/rehearsal.html",
        sequence=view,
        has_version=version is not None,
        choice=choice,
        chosen=len(_ids(choice)),
        problem=sentence_of(problem) if problem else "",
        rehearsal=rehearsal,
        shown=_Shown(rehearsal) if rehearsal else None,
        most_people=MOST_PEOPLE,
        most_days=MOST_DAYS,
        patience_s=PATIENCE_S,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """A rehearsal as its page shows it."""

    rehearsal: Rehearsal

    def weeks(self, calendar: Calendar) -> Iterator[list[Day | None]]:
        """The calendar's days, seven in a row from Monday; None before its first and behind its last."""
        first, last = calendar.days[0].day, calendar.days[-1].day
        known = {day.day: day for day in calendar.days}
        monday = first - timedelta(days=first.weekday())
        while monday <= last:
            yield [known.get(monday + timedelta(days=n)) for n in range(7)]
            monday += timedelta(days=7)

    def days(self) -> list[tuple[date, list[tuple[RehearsedMail, str | None]]]]:
        """Mails by their local day, each with its text, or None beyond the first many."""
        dated = [(mail, _text(mail) if n < MOST_TEXTS else None) for n, mail in enumerate(self.rehearsal.mails)]
        by_day = sorted(dated, key=lambda each: each[0].local)
        return [(day, list(mails)) for day, mails in groupby(by_day, key=lambda each: each[0].local.date())]

    def waits(self) -> Mapping[tuple[str, str], list[Happening]]:
        """What happened beside mail, by kind and reason; the end of the way is no news."""
        found: dict[tuple[str, str], list[Happening]] = {}
        for one in self.rehearsal.happenings:
            found.setdefault((one.kind, one.reason), []).append(one)
        return found


def _text(mail: RehearsedMail) -> str:
    body = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
    return str(body.get_content()) if body is not None else gettext("(no plain text)")
