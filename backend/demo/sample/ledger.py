"""What the team keeps beside the mail: the deal of each deal script, and the activities that were typed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import cycle
from random import Random
from typing import cast as typed
from zoneinfo import ZoneInfo

from backend.demo.sample.cast import Cast, Member
from backend.demo.sample.moments import Moments, working_day
from backend.demo.sample.script import Ago, Jot, Script, rows
from backend.demo.sample.shapes import ActivityKind, SampleActivity, SampleDeal, Stage

_CLOSED = frozenset({"Won", "Lost"})
_DECISION_HOURS = (17.8, 18.9)  # stages are moved at the end of the day, after the mail that moved them


def deal_of(script: Script, cast: Cast, moments: Moments, rng: Random) -> SampleDeal:
    """Return the deal that a script tells."""
    fields = script.fields
    owner = cast.find(fields["owner"])
    history = _history(fields["stages"], owner.zone, moments, rng)
    stage, moved_at = history[-1]
    amount, currency = fields["amount"].split()
    return SampleDeal(
        name=script.title,
        company_domain=None if fields["company"] == "none" else fields["company"],
        people=_people(script, cast),
        owner=owner.address,
        stage=stage,
        amount_minor=int(amount) * 100,
        currency=currency,
        expected_close=_close(fields["close"], moments),
        created_at=history[0][1],
        closed_at=moved_at if stage in _CLOSED else None,
        lost_reason=fields.get("lost"),
        source=fields["source"],
        products=tuple(fields["products"].split(", ")),
        reference=fields.get("reference"),
        stage_history=history,
    )


def activities_of(script: Script, cast: Cast, moments: Moments, rng: Random) -> Iterator[SampleActivity]:
    """Yield what was typed in about the script's deal."""
    for jot in script.jots:
        yield _activity(jot, script.title, cast.find(jot.owner), moments, rng)


def odd_activities(people: Sequence[Member], cast: Cast, moments: Moments, rng: Random) -> Iterator[SampleActivity]:
    """Yield one activity about each of `people`, in the words of `machines/activities.txt`."""
    notes = {
        language: cycle([row for row in rows("machines/activities.txt") if row[1] == language])
        for language in ("en", "es")
    }
    for person in people:
        kind, _, outcome, minutes, text = next(notes[person.language])
        days = rng.randrange(2, 80)
        is_done = days > 10  # noqa: PLR2004 - older tasks are done, a few of the newer are late
        jot = Jot(
            kind=kind,
            when=Ago(days),
            owner=rep_for(person),
            text=text,
            outcome=outcome or None,
            minutes=int(minutes) if minutes else None,
            due=Ago(days - 5) if kind == "task" else None,
            done=Ago(days - 4) if kind == "task" and is_done else None,
        )
        yield _activity(jot, person.address, cast.find(jot.owner), moments, rng)


def rep_for(person: Member) -> str:
    """Return the first name of the rep whose region the person is in."""
    if person.country in {"MX", "CO", "AR"}:
        return "marta"
    return "lucia" if person.country in {"ES", "PT", "IT", "FR"} else "tom"


def _history(words: str, zone: ZoneInfo, moments: Moments, rng: Random) -> tuple[tuple[Stage, datetime], ...]:
    names, days = zip(*(step.split() for step in words.split(", ")), strict=True)
    instants = sorted(moments.past(Ago(float(day)), zone, rng, _DECISION_HOURS).replace(microsecond=0) for day in days)
    return tuple((typed("Stage", name), at) for name, at in zip(names, instants, strict=True))


def _people(script: Script, cast: Cast) -> tuple[str, ...]:
    names = (name for line in script.lines for name in (line.sender, *line.to, *line.cc))
    found = (cast.primary(cast.find(name, script.fields["company"]).address) for name in names)
    return tuple(dict.fromkeys(address for address in found if address))


def _close(days: str, moments: Moments) -> date:
    return working_day(moments.now.date() + timedelta(days=int(days)))


def _activity(jot: Jot, about: str, owner: Member, moments: Moments, rng: Random) -> SampleActivity:
    at = moments.past(jot.when, owner.zone, rng).replace(microsecond=0)
    done_at = moments.past(jot.done, owner.zone, rng).replace(microsecond=0) if jot.done else None
    return SampleActivity(
        kind=typed("ActivityKind", jot.kind),
        about=about,
        owner=owner.address,
        at=at,
        text=jot.text,
        due_at=moments.due(jot.due, owner.zone) if jot.due else None,
        done_at=max(done_at, at + timedelta(minutes=20)) if done_at else None,
        outcome=jot.outcome,
        minutes=jot.minutes,
    )
