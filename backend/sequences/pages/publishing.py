"""Publishing what is written: what is wrong with it, what it changes, and for whom of the people on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import UserError
from backend.sequences.authoring import drafts, sequence_store
from backend.sequences.authoring.definitions import problems
from backend.sequences.authoring.publishing import require_sequence
from backend.sequences.changing.effects import Effect, effects
from backend.sequences.changing.migrating import Choice, Choices, Published, publish_for
from backend.sequences.pages.looking import differences
from backend.sequences.pages.one import require_view
from backend.sequences.pages.room import blueprint
from backend.sequences.rights import Right, may
from backend.sequences.tables import Sequence
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.toasts import toast

MOST_SHOWN = 100


@blueprint.get("/<int:sequence_id>/publish")
@needs()
def show_publish(sequence_id: int) -> str:
    """What would be published: what is wrong with it, or what it changes, in all and for each on the way."""
    actor = current_actor()
    with house().db.read() as session:
        view = require_view(session, sequence_id)
        sequence = require_sequence(session, actor.workspace_id, sequence_id)
        version, draft = sequence_store.current_version(session, sequence), drafts.in_work(session, sequence)
        found = problems(draft)
        people = [] if found or version is None or not sequence.draft else _effects(session, sequence, draft)
        may_publish = may(session, actor, Right.PUBLISH)
    return render_template(
        "sequences/publish.html",
        sequence=view,
        problems={number: sentence_of(error) for number, error in found.items()},
        changes=differences(version.definition if version else {}, draft),
        people=people,
        choices=list(Choice),
        is_first=version is None,
        may_publish=may_publish,
    )


def _effects(session: Session, sequence: Sequence, draft: Mapping[str, Any]) -> list[Effect]:
    return effects(session, current_actor(), sequence, draft, house().clock.now(), limit=MOST_SHOWN)


@blueprint.post("/<int:sequence_id>/publish")
@needs()
def publish_draft(sequence_id: int) -> Response:
    """Publish what is written. Raises `UserError` where something is wrong with it, or nothing differs."""
    actor, choices = current_actor(), _choices()
    with house().db.write() as session:
        sequence = require_sequence(session, actor.workspace_id, sequence_id)
        if not sequence.draft:
            raise UserError(gettext("Nothing differs from the published version."))
        done = publish_for(session, house().clock, actor, sequence_id, sequence.draft, choices)
        words = _words(done)
    toast(words)
    return redirect(url_for("sequences.show_one", sequence_id=sequence_id))


def _choices() -> Choices:
    """What the form says for all, and for single ones as `17:migrate`. Raises `UserError` for what is no choice."""
    single: dict[int, Choice] = {}
    try:
        usual = Choice(request.form.get("choice") or Choice.KEEP)
        for word in filter(None, request.form.getlist("single")):
            enrolment_id, _, choice = word.partition(":")
            single[int(enrolment_id)] = Choice(choice)
    except ValueError as error:
        raise UserError("People on the way keep their version, change over, or stop; choose one of these.") from error
    return Choices(usual, single)


def _words(done: Published) -> str:
    parts = [
        gettext("Version %(number)s is published; who is enrolled from now on gets it.", number=done.version.number)
    ]
    migrated, stopped = done.people.get(Choice.MIGRATE, 0), done.people.get(Choice.STOP, 0)
    if migrated:
        parts.append(ngettext("%(num)s person changed over.", "%(num)s people changed over.", migrated))
    if stopped:
        parts.append(ngettext("%(num)s person was stopped.", "%(num)s people were stopped.", stopped))
    return " ".join(parts)
