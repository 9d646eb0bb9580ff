"""The blueprint of the sequences' pages, their ways in the frame, and the words that their templates say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from backend.outbox.words import pause_words
from backend.sequences.shapes import EnrolmentState, EventKind
from backend.sequences.wording import step_words, words
from backend.sequences.wording.evidence_words import evidence_words
from backend.web.i18n import calendar_date, clock_time
from backend.web.nav import Place, Way, open_way

TONES = {
    EnrolmentState.ACTIVE: "good",
    EnrolmentState.PAUSED: "warn",
    EnrolmentState.FINISHED: "info",
    EnrolmentState.STOPPED: "quiet",
}

blueprint = Blueprint("sequences", __name__, url_prefix="/sequences", template_folder="../templates")
open_way(
    blueprint,
    Way("sequences", _l("Sequences"), "sequences", "sequences.show", 80, keys="g q"),
    Way("new_sequence", _l("Sequence"), "sequences", "sequences.show_new", 40, Place.CREATE),
)


class Words:
    """What templates say of sequences, in the visitor's language."""

    @staticmethod
    def state(state: EnrolmentState) -> str:
        """How somebody stands."""
        return words.state_word(state, gettext)

    @staticmethod
    def tone(state: EnrolmentState) -> str:
        """The colour of that."""
        return TONES[state]

    @staticmethod
    def reason(reason: str) -> str:
        """Why somebody stands still, was taken out, or a mail waits."""
        return words.reason_words(reason, gettext)

    @staticmethod
    def why(kind: EventKind, reason: str) -> str:
        """The reason of a ledger's line: a condition's is its field, a task's what kind it is."""
        if kind is EventKind.TURNED:
            return step_words.field_word(reason, gettext)
        if kind is EventKind.DONE:
            return step_words.kind_word({"kind_of_step": "todo", "kind": reason}, gettext)
        return words.reason_words(reason, gettext)

    @staticmethod
    def evidence(evidence: str) -> str:
        """What that rests on; "" where it says no more than the reason."""
        return evidence_words(evidence, gettext, _moment)

    @staticmethod
    def moment(moment: datetime) -> str:
        """A day and a time of day."""
        return _moment(moment)

    @staticmethod
    def pause(reason: str) -> str:
        """Why nothing leaves a mailbox."""
        return pause_words(reason, gettext)

    @staticmethod
    def step_kind(step: Mapping[str, Any]) -> str:
        """What a step is."""
        return step_words.kind_word(step, gettext)

    @staticmethod
    def step_line(step: Mapping[str, Any], of: int | None = None) -> str:
        """What a step does; `of`: how many there are."""
        return step_words.step_line(step, gettext, ngettext, of)

    @staticmethod
    def field(name: str) -> str:
        """What a condition asks for."""
        return step_words.field_word(name, gettext)

    @staticmethod
    def operator(name: str) -> str:
        """How it compares."""
        return step_words.operator_word(name, gettext)

    @staticmethod
    def event(kind: EventKind) -> str:
        """What a line of the ledger tells."""
        return step_words.event_word(kind, gettext)


def _moment(moment: datetime) -> str:
    return f"{calendar_date(moment)}, {clock_time(moment)}"


@blueprint.app_context_processor
def speak_of_sequences() -> dict[str, object]:
    """Let the templates of every room say how people stand in their sequences."""
    return {"sequence_words": Words}
