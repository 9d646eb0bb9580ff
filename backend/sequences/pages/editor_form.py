"""The editor's form and the definition that it stands for: read without losing anything, sound or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import MultiDict

from backend.kit.text import clean
from backend.sequences.authoring import steps
from backend.sequences.authoring.definitions import HAPPENINGS, MOST_STEPS

Form = MultiDict[str, str]
Definition = dict[str, Any]
MOST_WORDINGS = 8


def read_definition(form: Form) -> Definition:
    """Everything that was typed; numbers that are none stay as they were typed, and are named as problems later."""
    number = min(form.get("steps", 0, type=int), MOST_STEPS)
    return {"steps": [_step(form, f"s{place}.") for place in range(number)], "habits": _habits(form)}


def _step(form: Form, name: str) -> steps.Step:
    kind = form.get(f"{name}kind_of_step", "")
    reader = _READERS.get(kind)
    return {"kind_of_step": kind, **(reader(form, name) if reader else {})}


def _mail(form: Form, name: str) -> steps.Step:
    number = min(form.get(f"{name}wordings", 1, type=int), MOST_WORDINGS)
    return {
        "variants": [_wording(form, f"{name}v{n}.") for n in range(number)],
        "is_reply": f"{name}is_reply" in form,
        "is_html": f"{name}is_html" in form,
        "expires_days": _whole(form, f"{name}expires_days"),
    }


def _wording(form: Form, name: str) -> steps.Step:
    return {
        "subject": clean(form.get(f"{name}subject", "")),
        "body": clean(form.get(f"{name}body", "")).replace("\r\n", "\n"),
        "template_id": form.get(f"{name}template_id", type=int),
    }


def _wait(form: Form, name: str) -> steps.Step:
    return {"days": _whole(form, f"{name}days"), "at": form.get(f"{name}at", "") or None}


def _todo(form: Form, name: str) -> steps.Step:
    kind, text = form.get(f"{name}kind", "task"), clean(form.get(f"{name}text", ""))
    return {"kind": kind, "text": text, "due_days": _whole(form, f"{name}due_days")}


def _condition(form: Form, name: str) -> steps.Step:
    words = {part: clean(form.get(f"{name}{part}", "")) for part in ("field", "operator", "value")}
    if words["field"] in HAPPENINGS:
        words |= {"operator": "is", "value": "no" if words["value"] == "no" else "yes"}
    elif form.get(f"{name}was") in HAPPENINGS:
        words["value"] = ""  # yes or no was the answer to another question
    return {**words, **{part: _whole(form, f"{name}{part}") for part in ("then", "otherwise")}}


_READERS: dict[str, Callable[[Form, str], steps.Step]] = {
    "mail": _mail,
    "wait": _wait,
    "todo": _todo,
    "condition": _condition,
}


def _habits(form: Form) -> Definition:
    return {
        "window": {
            "days": sorted(form.getlist("h.day", type=int)),
            "opens": form.get("h.opens", ""),
            "closes": form.get("h.closes", ""),
        },
        "country": clean(form.get("h.country", "")).strip().upper(),
        "zone": form.get("h.zone", ""),
        "on_owner_change": form.get("h.on_owner_change", ""),
        "stops_on_colleague": "h.stops_on_colleague" in form,
        "stops_on_deal": "h.stops_on_deal" in form,
        "collision_days": _whole(form, "h.collision_days"),
        "away_days": _whole(form, "h.away_days"),
    }


def _whole(form: Form, name: str) -> int | str:
    text = form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else clean(text)  # noqa: PLR2004 - no 32-bit number is longer


def acted(definition: Definition, act: str) -> tuple[Definition, int]:
    """Do what a button of the editor says, as in “add:mail:3”; where the page should stand afterwards.

    Raises `UserError` where there is no room for another step; a word that is no button's changes nothing.
    """
    verb, *rest = act.split(":")
    found, at = definition["steps"], _place(rest[-1] if rest else "")
    if verb == "add" and len(rest) > 1 and rest[0] in steps.BLANKS:
        return {**definition, "steps": steps.added(found, at, rest[0])}, at
    if verb == "unword" and len(rest) > 1:
        return {**definition, "steps": steps.without_wording(found, _place(rest[0]), at)}, _place(rest[0])
    if verb in _ACTS:
        change, moves_by = _ACTS[verb]
        return {**definition, "steps": change(found, at)}, max(at + moves_by, 0)
    return definition, at


_ACTS: dict[str, tuple[Callable[[list[steps.Step], int], list[steps.Step]], int]] = {
    "up": (steps.moved_up, -1),
    "down": (steps.moved_down, 1),
    "remove": (steps.removed, -1),
    "word": (steps.with_wording, 0),
}


def _place(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0  # noqa: PLR2004 - there are at most 50 steps
