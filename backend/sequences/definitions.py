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
from backend.kit.text import squeeze
from backend.sequences import rules
from backend.sequences.hours import EVERY_DAY, Window, country_exists

MOST_STEPS = 50
LONGEST_WAIT_DAYS = 365
OFFICE_HOURS = Window(frozenset(range(5)), time(9), time(17))


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording of a mail; both texts are Liquid."""

    subject: str
    body: str


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
    """Go on at step `then` where a field of `rules.FIELDS` is (`is`), is not (`is_not`) or lacks a value (`is_empty`).

    Else at `otherwise`; steps count from 0, and one beyond the last is the end.
    """

    field: str
    operator: str
    value: str
    then: int
    otherwise: int


Step = Mail | Wait | Todo | Condition
_KINDS: dict[str, type[Step]] = {"mail": Mail, "wait": Wait, "todo": Todo, "condition": Condition}
_OPERATORS = ("is", "is_not", "is_empty")


@dataclass(frozen=True, slots=True)
class Habits:
    """What holds for all steps. `country` "": no holidays are kept.

    `collision_days`: a colleague's mail with the person or company, so fresh, holds the send and asks; 0: never.
    """

    window: Window = OFFICE_HOURS
    country: str = ""
    stops_on_colleague: bool = True
    stops_on_deal: bool = True
    stops_on_owner: bool = True
    collision_days: int = 14
    away_days: int = 14


@dataclass(frozen=True, slots=True)
class Definition:
    """A sequence as it runs."""

    steps: tuple[Step, ...]
    habits: Habits = field(default_factory=Habits)


def dump(definition: Definition) -> dict[str, Any]:
    """A definition as JSON."""
    names = {kind: name for name, kind in _KINDS.items()}
    habits = asdict(definition.habits)
    window = definition.habits.window
    habits["window"] = {"days": sorted(window.days), "opens": _hm(window.opens), "closes": _hm(window.closes)}
    steps = [{"kind_of_step": names[type(step)], **asdict(step)} for step in definition.steps]
    for step in steps:
        step.update({"at": _hm(step["at"])} if step.get("at") else {})
    return {"steps": steps, "habits": habits}


def _hm(at: time) -> str:
    return f"{at:%H:%M}"


def load(given: Mapping[str, Any]) -> Definition:
    """Read and check a definition. Raises `UserError` that names the step and what is wrong with it."""
    steps = given.get("steps")
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise UserError("A sequence has 1 to %(most_steps)s steps.", most_steps=MOST_STEPS)
    read = tuple(_step(number, step, len(steps)) for number, step in enumerate(steps, 1))
    if not any(isinstance(step, Mail | Todo) for step in read):
        raise UserError("A sequence has at least one mail or task.")
    return Definition(read, _habits(given.get("habits") or {}))


def _step(number: int, given: Any, of: int) -> Step:
    try:
        return _READERS[given["kind_of_step"]](given, number, of)
    except UserError as error:
        raise UserError("Step %(number)s: %(error)s", number=number, error=error) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            "Step %(number)s cannot be read; it needs a known kind and all its fields.", number=number
        ) from error


def _mail(given: Mapping[str, Any], _number: int, _of: int) -> Mail:
    variants = tuple(Variant(squeeze(str(v["subject"])), str(v["body"])) for v in given["variants"])
    is_reply = bool(given.get("is_reply", False))
    if not variants or not all(v.body.strip() and (v.subject or is_reply) for v in variants):
        raise UserError("a mail has a subject and a text; only a reply may do without the subject.")
    for text in (text for variant in variants for text in (variant.subject, variant.body)):
        rules.check(text)
    expires = _days(given.get("expires_days", 7), 1)
    return Mail(variants, is_reply, bool(given.get("is_html", False)), expires)


def _wait(given: Mapping[str, Any], _number: int, _of: int) -> Wait:
    at = given.get("at")
    return Wait(_days(given["days"], 0), time.fromisoformat(at) if at else None)


def _todo(given: Mapping[str, Any], _number: int, _of: int) -> Todo:
    kind, text = str(given["kind"]), str(given["text"]).strip()
    if kind not in {"task", "call"} or not text:
        raise UserError("what the rep has to do is a task or a call, with a text.")
    rules.check(text)
    return Todo(kind, text, _days(given.get("due_days", 0), 0))


def _condition(given: Mapping[str, Any], number: int, of: int) -> Condition:
    found = Condition(
        str(given["field"]), str(given["operator"]), str(given.get("value", "")), int(given["then"]),
        int(given["otherwise"]),
    )  # fmt: skip
    if found.field not in rules.FIELDS or found.operator not in _OPERATORS:
        raise UserError(
            "a condition asks for one of %(fields)s by %(operators)s.",
            fields=", ".join(rules.FIELDS),
            operators=", ".join(_OPERATORS),
        )
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


def _habits(given: Mapping[str, Any]) -> Habits:
    plain = Habits()
    country = str(given.get("country", ""))
    if country and not country_exists(country):
        raise UserError(
            "The holidays of “%(country)s” are not known; give a country's two letters, as in ES.", country=country
        )
    return Habits(
        window=_window(given.get("window"), plain.window),
        country=country,
        stops_on_colleague=bool(given.get("stops_on_colleague", plain.stops_on_colleague)),
        stops_on_deal=bool(given.get("stops_on_deal", plain.stops_on_deal)),
        stops_on_owner=bool(given.get("stops_on_owner", plain.stops_on_owner)),
        collision_days=_days(given.get("collision_days", plain.collision_days), 0),
        away_days=_days(given.get("away_days", plain.away_days), 1),
    )


def _window(given: Any, plain: Window) -> Window:
    if given is None:
        return plain
    try:
        days = frozenset(int(day) for day in given["days"])
        window = Window(days, time.fromisoformat(given["opens"]), time.fromisoformat(given["closes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError("A window has days (0 is Monday), opens and closes, as in 09:00 and 17:00.") from error
    if not days or not days <= EVERY_DAY or window.opens >= window.closes:
        raise UserError("A window opens on some weekday, and before it closes.")
    return window
