"""What an action is asked with, and what a change answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.card.seals import Sealed, gone, read_id
from backend.card.service.open_mail import LockedMail, OpenMail, open_by_id
from backend.card.service.people import unsealed_stranger
from backend.card.service.visit import Visit
from backend.kit.errors import ForbiddenError
from backend.mail.shapes import Address


class Changed(StrEnum):
    """What an action changed: it says how to undo it (see `changes`)."""

    VETO = "veto"
    HAND_LINK = "hand_link"
    ANSWER = "answer"
    STAGE = "stage"
    TASK = "task"
    ACTIVITY = "activity"
    RECORDS = "records"
    FIELDS = "fields"
    ADDRESS = "address"
    EXCLUSION = "exclusion"
    KEPT = "kept"
    SHARED = "shared"
    ANSWERED = "answered"
    ENROLLED = "enrolled"
    PAUSED = "paused"
    RESUMED = "resumed"
    SKIPPED = "skipped"
    UNSKIPPED = "unskipped"


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in one sentence. `undo` names what would take it back; None where nothing can be undone."""

    text: str
    undo: tuple[Changed, tuple[int | str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An action's parameters (ids and seals) and inputs (what was typed and chosen), by name.

    Everything in them came through a browser: ids are looked up afresh in the reader's workspace.
    """

    parameters: Mapping[str, str]
    inputs: Mapping[str, str]

    def id(self, name: str) -> int:
        """An id that the action cannot do without. Raises `NotFoundError`."""
        found = self.find_id(name)
        if found is None:
            raise gone()
        return found

    def find_id(self, name: str) -> int | None:
        """An id, or None where none was sent. Raises `NotFoundError` for what is no id."""
        text = self.parameters.get(name, "")
        return read_id(text) if text else None

    @property
    def is_draft(self) -> bool:
        """Whether it was asked beside a mail that is being written."""
        return bool(self.parameters.get("draft"))

    def input(self, name: str) -> str:
        """What was typed; "" where nothing was."""
        return self.inputs.get(name, "").strip()


def beside(visit: Visit, asked: Asked) -> OpenMail | LockedMail | None:
    """What the card stands beside: a mail, also one that is locked; None on the homepage. Raises `NotFoundError`."""
    mail_id = asked.parameters.get("mail", "")
    return open_by_id(visit, mail_id) if mail_id else None


def mail_of(visit: Visit, asked: Asked) -> OpenMail | None:
    """The mail that the card stands beside; None on the homepage.

    Raises `NotFoundError`, and `ForbiddenError` for one that is locked.
    """
    found = beside(visit, asked)
    if isinstance(found, LockedMail):
        raise ForbiddenError("Its owner keeps that conversation private; ask them for access first.")
    return found


def needed_mail(visit: Visit, asked: Asked) -> OpenMail:
    """The mail, for an action that makes no sense without. Raises `NotFoundError`."""
    mail = mail_of(visit, asked)
    if mail is None:
        raise gone()
    return mail


def stranger_of(visit: Visit, asked: Asked) -> Address:
    """The stranger whom an action is about. Raises `NotFoundError`."""
    found = unsealed_stranger(visit, asked.parameters.get("person", ""))
    if found is None:
        raise gone()
    return found


def seal_undo(visit: Visit, done: Done) -> str:
    """The change's id for the card; "" where nothing can be undone."""
    if done.undo is None:
        return ""
    kind, ids = done.undo
    return visit.seals.find_seal(Sealed.CHANGE, [kind.value, *ids])
