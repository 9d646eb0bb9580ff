"""Sequences as a soak makes and edits them. Each mail bears a mark of its own, which every edit of it keeps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.sequences.line import ALWAYS, mail, task, wait

OFFICE_HOURS = {"days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00"}
LONG_DAYS = {"days": list(range(7)), "opens": "07:00", "closes": "21:00"}
Step = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A sequence as it was last published; `marks` counts the mails that it ever had."""

    name: str
    steps: tuple[Step, ...]
    habits: dict[str, Any]
    marks: int = field(default=3)

    def definition(self) -> dict[str, Any]:
        return {"steps": list(self.steps), "habits": {"window": ALWAYS, **self.habits}}

    def edited(self, lot: Random) -> Plan:
        """The same with a text changed, a mail added or taken out, or another wait."""
        return lot.choice((self._reworded, self._longer, self._longer, self._shorter, self._slower))(lot)

    def _reworded(self, lot: Random) -> Plan:
        place = lot.choice(self._mails())
        step = self.steps[place]
        variants = [{**v, "body": v["body"] + f" Edited {lot.randrange(1000)}."} for v in step["variants"]]
        return self._with(place, place + 1, {**step, "variants": variants})

    def _longer(self, lot: Random) -> Plan:
        place = lot.choice([*(at + 1 for at in self._mails()), len(self.steps)])
        added = (wait(lot.choice((0, 1, 2))), self._mail(self.marks, is_reply=lot.random() < 0.5))
        return replace(self._with(place, place, *added), marks=self.marks + 1)

    def _shorter(self, lot: Random) -> Plan:
        mails = self._mails()
        return self if len(mails) < 2 else self._with(place := lot.choice(mails), place + 1)

    def _slower(self, lot: Random) -> Plan:
        waits = [at for at, step in enumerate(self.steps) if step["kind_of_step"] == "wait"]
        return self if not waits else self._with(place := lot.choice(waits), place + 1, wait(lot.choice((0, 1, 4))))

    def _with(self, start: int, end: int, *steps: Step) -> Plan:
        return replace(self, steps=(*self.steps[:start], *steps, *self.steps[end:]))

    def _mails(self) -> list[int]:
        return [at for at, step in enumerate(self.steps) if step["kind_of_step"] == "mail"]

    def _mail(self, number: int, *, is_reply: bool) -> Step:
        return marked(self.name, number, is_reply=is_reply)


def marked(name: str, number: int, *, is_reply: bool = False, **other: Any) -> Step:
    """A mail in two wordings, which the recipients' side can tell from all others."""
    step = mail("" if is_reply else f"{name} {number}", f"Hello. mark:{name}-{number}", is_reply=is_reply, **other)
    again = {**step["variants"][0], "body": f"Good day. mark:{name}-{number}"}
    return {**step, "variants": [*step["variants"], again]}


def first_plans() -> tuple[Plan, ...]:
    """What the team begins with."""
    branch = {
        "kind_of_step": "condition", "field": "contact.title", "operator": "is_empty", "value": "", "then": 2,
        "otherwise": 3,
    }  # fmt: skip
    nurture = (
        marked("nurture", 0), wait(1, "10:00"), marked("nurture", 1, is_reply=True), wait(2), task(),
        marked("nurture", 2, is_reply=True, expires_days=3),
    )  # fmt: skip
    onboard = (
        marked("onboard", 0, is_html=True), branch, task("Call", "call"), wait(0), marked("onboard", 1), wait(1),
        marked("onboard", 2, is_reply=True),
    )  # fmt: skip
    revive = (marked("revive", 0), wait(3), marked("revive", 1, is_reply=True), wait(1), marked("revive", 2))
    return (
        Plan("nurture", nurture, {"window": OFFICE_HOURS, "country": "ES"}),
        Plan("onboard", onboard, {"on_owner_change": "follow", "stops_on_colleague": False, "collision_days": 0}),
        Plan("revive", revive, {"window": LONG_DAYS, "on_owner_change": "stay", "zone": "person", "collision_days": 2}),
    )
