"""People in sequences, as cards show them; like `facts`, plain and already allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backend.sequences.shapes import EnrolmentState


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person in a sequence, `step` of `steps`; `reason` says why it stands still or ended ("they replied").

    `rep` is in whose name, "" for the reader's; only who `may_steer` gets buttons. `next_on` is the reader's day on
    which something happens next, None: nothing is to come by itself. `is_skipping`: the next mail will not be sent.
    """

    id: str
    sequence: str
    step: int
    steps: int
    state: EnrolmentState
    reason: str = ""
    url: str = ""
    rep: str = ""
    next_on: date | None = None
    is_skipping: bool = False
    may_steer: bool = True

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.state in {EnrolmentState.ACTIVE, EnrolmentState.PAUSED}


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What was done or left for somebody, and why."""

    what: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about one enrolment: who, where they stand, and the latest of what happened, newest first."""

    person: str
    enrolment: Enrolment
    lines: tuple[LedgerLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Startable:
    """A sequence that a person may be enrolled in; `refusal` says why not just now ("is in it already")."""

    id: str
    name: str
    detail: str = ""
    refusal: str = ""
