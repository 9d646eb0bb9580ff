"""Steps, habits and events of a sequence in words; every function takes the reader's `gettext` and `ngettext`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backend.kit.text import shorten, squeeze
from backend.sequences.shapes import EventKind
from backend.sequences.wording.words import GetText

Step = Mapping[str, Any]


def kind_word(step: Step, _: GetText) -> str:
    """What a step is, in one or two words."""
    match step.get("kind_of_step"):
        case "mail":
            return _("Reply in the thread") if step.get("is_reply") else _("Mail")
        case "wait":
            return _("Wait")
        case "todo":
            return _("Call") if step.get("kind") == "call" else _("Task")
        case "condition":
            return _("Condition")
    return _("Unknown step")


def step_line(step: Step, _: GetText, plural: Callable[..., str], of: int | None = None) -> str:
    """What a step does, in one line; of several wordings the first. `of`: how many steps there are, where known."""
    match step.get("kind_of_step"):
        case "mail":
            first = (step.get("variants") or [{}])[0]
            return str(first.get("subject") or _shorten(str(first.get("body", ""))) or _("(nothing written yet)"))
        case "wait":
            return _wait(step, _, plural)
        case "todo":
            return str(step.get("text") or _("(nothing written yet)"))
        case "condition":
            return _condition(step, _, of)
    return ""


def _wait(step: Step, _: GetText, plural: Callable[..., str]) -> str:
    text = _days(step.get("days"), plural)
    return _("%(days)s, then at %(time)s", days=text, time=step["at"]) if step.get("at") else text


def _condition(step: Step, _: GetText, of: int | None) -> str:
    asked = field_word(str(step.get("field")), _)
    operator = operator_word(str(step.get("operator")), _)
    value = "" if step.get("operator") == "is_empty" else str(step.get("value", ""))
    return _(
        "%(asked)s %(operator)s %(value)s: to %(then)s, else to %(otherwise)s",
        asked=asked,
        operator=operator,
        value={"yes": _("yes"), "no": _("no")}.get(value, value),
        then=_target(step.get("then"), _, of),
        otherwise=_target(step.get("otherwise"), _, of),
    )


def _target(target: object, _: GetText, of: int | None) -> str:
    if isinstance(target, int) and target == of:
        return _("the end")
    return _("step %(number)s", number=target + 1) if isinstance(target, int) else "?"


def _shorten(text: str) -> str:
    return shorten(squeeze(text), 80)


def field_word(field: str, _: GetText) -> str:
    """What a condition asks for."""
    words = {
        "contact.first_name": _("First name"),
        "contact.name": _("Name"),
        "contact.title": _("Job"),
        "contact.email": _("E-mail"),
        "company.name": _("Company"),
        "deal.name": _("Deal's name"),
        "deal.reference": _("Deal's reference"),
        "deal.stage": _("Deal's stage"),
        "deal.amount": _("Deal's amount"),
        "sender.name": _("Sender's name"),
        "sender.email": _("Sender's address"),
        "happened.replied": _("They or their company replied"),
        "happened.bounced": _("A mail was delayed or bounced"),
        "happened.task_done": _("The last task is done"),
    }
    return words.get(field, field)


def operator_word(operator: str, _: GetText) -> str:
    """How a condition compares."""
    words = {
        "is": _("is"),
        "is_not": _("is not"),
        "is_empty": _("is empty"),
        "has_reached": _("has reached"),
    }
    return words.get(operator, operator)


def event_word(kind: EventKind, _: GetText) -> str:
    """What a line of the ledger tells."""
    words = {
        EventKind.ENROLLED: _("Enrolled"),
        EventKind.ORDERED: _("Mail handed to the outbox"),
        EventKind.HELD: _("Held"),
        EventKind.SENT: _("Mail sent"),
        EventKind.SKIPPED: _("Not sent"),
        EventKind.VETOED: _("Draft deleted by the rep: not sent"),
        EventKind.UNKNOWN: _("Nobody knows whether it left; it is not sent again"),
        EventKind.DONE: _("Task set"),
        EventKind.TURNED: _("Condition looked at"),
        EventKind.PAUSED: _("Paused"),
        EventKind.RESUMED: _("Went on"),
        EventKind.STOPPED: _("Stopped"),
        EventKind.FINISHED: _("Through"),
        EventKind.TROUBLED: _("Trouble; tried again later"),
        EventKind.MOVED: _("Went over to the new owner"),
        EventKind.MIGRATED: _("Went over to a new version"),
    }
    return words.get(kind, kind.value)


def lines_of(definition: Mapping[str, Any], _: GetText, plural: Callable[..., str]) -> list[str]:
    """A whole definition as readable lines, so that two can be compared."""
    found: list[str] = []
    steps = definition.get("steps", ())
    for number, step in enumerate(steps, 1):
        found.append(f"{number}. {kind_word(step, _)}: {step_line(step, _, plural, len(steps))}")
        for letter, variant in zip("ABCDEFGH", step.get("variants", ()), strict=False):
            found += [f"   {letter}  {line}" for line in (variant["subject"], *variant["body"].splitlines()) if line]
        found += [f"   {line}" for line in _option_lines(step, _, plural)]
    return [*found, *_habit_lines(definition.get("habits", {}), _, plural)]


def _option_lines(step: Step, _: GetText, plural: Callable[..., str]) -> list[str]:
    """What a step's ticks and small fields say: a change of these alone is a change."""
    lines = [_("As HTML too")] if step.get("is_html") else []
    if "expires_days" in step:
        lines.append(_("Not sent within %(days)s, it is left out", days=_days(step["expires_days"], plural)))
    if step.get("due_days"):
        lines.append(_("Due after %(days)s", days=_days(step["due_days"], plural)))
    return lines


def _habit_lines(habits: Mapping[str, Any], _: GetText, plural: Callable[..., str]) -> list[str]:
    lines = [_window_line(habits["window"], _)] if habits.get("window") else []
    words: dict[str, tuple[str, Callable[[Any], str]]] = {
        "zone": (_("Whose hours"), lambda zone: {"rep": _("The rep's"), "person": _("The person's")}.get(zone, zone)),
        "country": (_("Holidays of"), lambda country: country or _("nowhere")),
        "on_owner_change": (_("When the owner changes"), lambda what: owner_change_word(what, _)),
        "stops_on_colleague": (_("A colleague's reply stops it"), lambda is_so: _("yes") if is_so else _("no")),
        "stops_on_deal": (_("A move of the deal stops it"), lambda is_so: _("yes") if is_so else _("no")),
        "collision_days": (_("A colleague's mail holds it"), lambda days: _days(days, plural)),
        "away_days": (_("Waits where somebody is away without a date"), lambda days: _days(days, plural)),
    }
    return [*lines, *(f"{word}: {say(habits[name])}" for name, (word, say) in words.items() if name in habits)]


def _window_line(window: Mapping[str, Any], _: GetText) -> str:
    names = (_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su"))
    days = " ".join(names[day] for day in window.get("days", ()) if day in range(7))
    return _("Hours: %(opens)s to %(closes)s, %(days)s", opens=window["opens"], closes=window["closes"], days=days)


def owner_change_word(what: str, _: GetText) -> str:
    """What becomes of somebody's way when the contact gets another owner."""
    words = {
        "stop": _("It stops"),
        "stay": _("It goes on from the same mailbox"),
        "follow": _("It goes on from the new owner's mailbox"),
    }
    return words.get(what, what)


def _days(days: object, plural: Callable[..., str]) -> str:
    return plural("%(num)s day", "%(num)s days", days) if isinstance(days, int) else str(days)
