"""What a sequence is made of: its steps and the rules they keep to, as kept in a version and as checked before it.

Pure. A definition that was read is sound: every text is Liquid that can be filled in, every zone and country exists,
every step leads somewhere. A version holds the texts themselves: a template that is changed or deleted afterwards
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import time
from typing import Any

from backend.kit.errors import UserError
from backend.kit.text import clean, squeeze
from backend.sequences.hours import EVERY_DAY, Window, country_exists
from backend.sequences.texts import rules

MOST_STEPS = 50
LONGEST_WAIT_DAYS = 365
OFFICE_HOURS = Window(frozenset(range(5)), time(9), time(17))


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording of a mail; both texts are Liquid. `template_id`: the template that it was begun with, None: none."""

    subject: str
    body: str
    template_id: int | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail: one wording, or several that are tried against each other. A reply goes into the thread of the last."""

    variants: tuple[Variant, ...]
    is_reply: bool = False
    is_html: bool = False
    expires_days: int = 7


@dataclass(frozen=True, slots=True)
class Wait:
    """Let days pass, by the calendar; then go on at `at` (local wall time, None: the same time of day)."""

    days: int
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Todo:
    """Something for the rep; `kind` is task or call."""

    kind: str
    text: str
    due_days: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """Go on at step `then` where a field of `ASKED` is (`is`), is not (`is_not`) or lacks a value (`is_empty`).

    `has_reached` asks whether the deal is at the stage of that name or beyond it. Where it does not hold, the way goes
    on at `otherwise`; steps count from 0, and one beyond the last is the end.
    """

    field: str
    operator: str
    value: str
    then: int
    otherwise: int


Step = Mail | Wait | Todo | Condition
_KINDS: dict[str, type[Step]] = {"mail": Mail, "wait": Wait, "todo": Todo, "condition": Condition}
OPERATORS = ("is", "is_not", "is_empty", "has_reached")
HAPPENINGS = ("happened.replied", "happened.bounced", "happened.task_done")
"""What a condition can ask beside fields, each yes or no since the person was enrolled.

replied: the person, or where that does not stop it somebody of their company; bounced: any delivery failure in our
threads, a temporary one too; task_done: the last task of this sequence is ticked off. Opened mail is not asked for: we
do not track it.
"""
ASKED = (*rules.FIELDS, *HAPPENINGS)
REP, PERSON = "rep", "person"
STOP, STAY, FOLLOW = "stop", "stay", "follow"


@dataclass(frozen=True, slots=True)
class Habits:
    """What holds for all steps. `country` "": no holidays are kept.

    `collision_days`: a colleague's mail with the person or company, so fresh, holds the send and asks; 0: never.
    `zone`: in whose local time window and waits are meant, the REP's or the PERSON's (by their country).
    `on_owner_change`: it ends (STOP), goes on from the old mailbox (STAY) or from the new owner's (FOLLOW).
    """

    window: Window = OFFICE_HOURS
    country: str = ""
    stops_on_colleague: bool = True
    stops_on_deal: bool = True
    on_owner_change: str = STOP
    zone: str = REP
    collision_days: int = 14
    away_days: int = 14


@dataclass(frozen=True, slots=True)
class Definition:
    """A sequence as it runs.

    `numbers` are its steps' names through all versions (`versions.numbered`), by position; empty: the positions.
    """

    steps: tuple[Step, ...]
    habits: Habits = field(default_factory=Habits)
    numbers: tuple[int, ...] = ()

    def number_of(self, position: int) -> int:
        """The name of the step at a position: mails' keys are made of it, so that no edit sends one again."""
        return self.numbers[position] if self.numbers else position


def dump(definition: Definition) -> dict[str, Any]:
    """A definition as JSON."""
    names = {kind: name for name, kind in _KINDS.items()}
    steps = [{"kind_of_step": names[type(step)], **asdict(step)} for step in definition.steps]
    for step in steps:
        step.update({"at": _hm(step["at"])} if step.get("at") else {})
    numbers = {"numbers": list(definition.numbers)} if definition.numbers else {}
    return {"steps": steps, "habits": dump_habits(definition.habits), **numbers}


def dump_habits(habits: Habits) -> dict[str, Any]:
    """What holds for all steps, as JSON."""
    window = habits.window
    shown = {"days": sorted(window.days), "opens": _hm(window.opens), "closes": _hm(window.closes)}
    return {**asdict(habits), "window": shown}


def _hm(at: time) -> str:
    return f"{at:%H:%M}"


def load(given: Mapping[str, Any]) -> Definition:
    """Read and check a definition. Raises `UserError` that names the step and what is wrong with it."""
    steps = _listed(given)
    read = tuple(_step(number, step, len(steps)) for number, step in enumerate(steps, 1))
    if not any(isinstance(step, Mail | Todo) for step in read):
        raise UserError("A sequence has at least one mail or task.")
    numbers = tuple(given.get("numbers", ()))
    if numbers and (len(numbers) != len(read) or len(set(numbers)) != len(numbers)):
        raise UserError("Each step of a sequence has one number of its own.")
    return Definition(read, _habits(given.get("habits") or {}), numbers)


def problems(given: Mapping[str, Any]) -> dict[int, UserError]:
    """Everything that is wrong with a draft, by its step from 1; under 0 what no step is to blame for."""
    found: dict[int, UserError] = {}
    try:
        steps = _listed(given)
        for number, step in enumerate(steps, 1):
            try:
                _step(number, step, len(steps))
            except UserError as error:
                found[number] = error
        if not found:
            load(given)
    except UserError as error:
        found[0] = error
    return found


def _listed(given: Mapping[str, Any]) -> list[Any]:
    steps = given.get("steps")
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise UserError("A sequence has 1 to %(most_steps)s steps.", most_steps=MOST_STEPS)
    return steps


def _step(number: int, given: Any, of: int) -> Step:
    try:
        return _READERS[given["kind_of_step"]](given, number, of)
    except UserError as error:
        raise UserError("Step %(number)s: %(error)s", number=number, error=error) from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(
            "Step %(number)s cannot be read; it needs a known kind and all its fields.", number=number
        ) from error


def _mail(given: Mapping[str, Any], _number: int, _of: int) -> Mail:
    variants = tuple(_variant(each) for each in given["variants"])
    is_reply = bool(given.get("is_reply", False))
    if not variants or not all(v.body.strip() and (v.subject or is_reply) for v in variants):
        raise UserError("a mail has a subject and a text; only a reply may do without the subject.")
    for text in (text for variant in variants for text in (variant.subject, variant.body)):
        rules.check(text)
    expires = _days(given.get("expires_days", 7), 1)
    return Mail(variants, is_reply, bool(given.get("is_html", False)), expires)


def _variant(given: Mapping[str, Any]) -> Variant:
    template_id = given.get("template_id")
    is_id = isinstance(template_id, int) and not isinstance(template_id, bool)
    return Variant(squeeze(clean(str(given["subject"]))), clean(str(given["body"])), template_id if is_id else None)


def _wait(given: Mapping[str, Any], _number: int, _of: int) -> Wait:
    at = given.get("at")
    return Wait(_days(given["days"], 0), time.fromisoformat(at) if at else None)


def _todo(given: Mapping[str, Any], _number: int, _of: int) -> Todo:
    kind, text = str(given["kind"]), clean(str(given["text"])).strip()
    if kind not in {"task", "call"} or not text:
        raise UserError("what the rep has to do is a task or a call, with a text.")
    rules.check(text)
    return Todo(kind, text, _days(given.get("due_days", 0), 0))


def _condition(given: Mapping[str, Any], number: int, of: int) -> Condition:
    found = Condition(
        str(given["field"]), str(given["operator"]), clean(str(given.get("value", ""))), int(given["then"]),
        int(given["otherwise"]),
    )  # fmt: skip
    if found.field not in ASKED or found.operator not in OPERATORS:
        raise UserError(
            "a condition asks for one of %(fields)s by %(operators)s.",
            fields=", ".join(ASKED),
            operators=", ".join(OPERATORS),
        )
    if found.operator == "has_reached" and (found.field != "deal.stage" or not found.value.strip()):
        raise UserError("only a deal's stage can be reached; name the stage.")
    if not all(number <= target <= of for target in (found.then, found.otherwise)):
        raise UserError("a condition leads on to a later step, or to the end.")
    return found


_READERS: dict[str, Callable[[Mapping[str, Any], int, int], Step]] = {
    "mail": _mail,
    "wait": _wait,
    "todo": _todo,
    "condition": _condition,
}


def _days(given: Any, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= LONGEST_WAIT_DAYS:
        raise UserError(
            "days are a whole number from %(least)s to %(longest_wait_days)s.",
            least=least,
            longest_wait_days=LONGEST_WAIT_DAYS,
        )
    return given


def _habits(given: Any) -> Habits:
    if not isinstance(given, Mapping):
        raise UserError("What holds for all steps is given by name: window, country and the like.")
    plain = Habits()
    return Habits(
        window=_window(given.get("window"), plain.window),
        country=_country(str(given.get("country", ""))),
        stops_on_colleague=bool(given.get("stops_on_colleague", plain.stops_on_colleague)),
        stops_on_deal=bool(given.get("stops_on_deal", plain.stops_on_deal)),
        on_owner_change=_one_of(given.get("on_owner_change", plain.on_owner_change), STOP, STAY, FOLLOW),
        zone=_one_of(given.get("zone", plain.zone), REP, PERSON),
        collision_days=_days(given.get("collision_days", plain.collision_days), 0),
        away_days=_days(given.get("away_days", plain.away_days), 1),
    )


def _country(given: str) -> str:
    if given and not country_exists(given):
        raise UserError(
            "The holidays of “%(country)s” are not known; give a country's two letters, as in ES.", country=given
        )
    return given


def _one_of(given: Any, *words: str) -> str:
    if given not in words:
        raise UserError("“%(given)s” is none of %(words)s.", given=str(given)[:40], words=", ".join(words))
    return str(given)


def _window(given: Any, plain: Window) -> Window:
    if given is None:
        return plain
    try:
        days = frozenset(int(day) for day in given["days"])
        window = Window(days, time.fromisoformat(given["opens"]), time.fromisoformat(given["closes"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UserError("A window has days (0 is Monday), opens and closes, as in 09:00 and 17:00.") from error
    if not days or not days <= EVERY_DAY or window.opens >= window.closes:
        raise UserError("A window opens on some weekday, and before it closes.")
    return window
