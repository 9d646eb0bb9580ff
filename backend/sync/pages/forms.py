"""An import policy as a form has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask_babel import gettext

from backend.kit.errors import UserError
from backend.kit.text import clean
from backend.privacy.rules.admission import months_before
from backend.privacy.shapes import ImportPolicy, PolicyKind

MONTHS = (1, 3, 6, 12, 24, 60)
EVERYTHING, BY_DATE = "everything", "date"


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """What stands in the fields. `window` is everything, date, or a number of months."""

    window: str = EVERYTHING
    since: str = ""
    labels_in: str = ""
    labels_out: str = ""
    is_known_only: bool = False
    keeps_internal: bool = True
    is_own: bool = True


def form_of(policy: ImportPolicy | None, fallback: ImportPolicy) -> PolicyForm:
    """Fill the fields with a policy, or with what holds where none was chosen."""
    shown = policy or fallback
    window = EVERYTHING if shown.months is None else str(shown.months)
    return PolicyForm(
        window=BY_DATE if shown.since else window,
        since=f"{shown.since:%Y-%m-%d}" if shown.since else "",
        labels_in=", ".join(shown.labels_in),
        labels_out=", ".join(shown.labels_out),
        is_known_only=shown.is_known_only,
        keeps_internal=shown.keeps_internal,
        is_own=policy is not None,
    )


def filled(fields: Mapping[str, str]) -> PolicyForm:
    """What came back with the form."""
    return PolicyForm(
        window=fields.get("window", EVERYTHING),
        since=fields.get("since", ""),
        labels_in=clean(fields.get("labels_in", "")),
        labels_out=clean(fields.get("labels_out", "")),
        is_known_only="is_known_only" in fields,
        keeps_internal="keeps_internal" in fields,
        is_own=fields.get("whose", "own") == "own",
    )


def policy_in(form: PolicyForm, kind: PolicyKind, now: datetime) -> ImportPolicy | None:
    """The policy that the fields mean; None: the team's default. Raises `UserError`.

    For a mailbox “the last six months” is a day from now on; for the team it counts from each mailbox's connection.
    """
    if not form.is_own:
        return None
    months = int(form.window) if form.window.isdecimal() and int(form.window) in MONTHS else None
    since = _day(form.since) if form.window == BY_DATE else None
    if months is not None and kind is PolicyKind.MAILBOX:
        since, months = months_before(now, months).replace(hour=0, minute=0, second=0, microsecond=0), None
    return ImportPolicy(
        months=months,
        since=since,
        labels_in=_labels(form.labels_in),
        labels_out=_labels(form.labels_out),
        is_known_only=form.is_known_only,
        keeps_internal=form.keeps_internal,
    )


def _labels(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise UserError(gettext("Choose a day, as in 2026-01-31.")) from error
