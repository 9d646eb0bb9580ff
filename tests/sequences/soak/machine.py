"""A generator of trouble for a team that sends: people and faults together, until everything has come to an end.

A run is a list of steps, each a deed and a number from which it draws what it does; a step that is left out changes
nothing for the others, so that a run that goes wrong can be cut down (`cut_down`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import structlog
from sqlalchemy import delete, select

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.faults import KINDS
from backend.kit.clock import VirtualClock
from backend.kit.errors import UserError
from backend.outbox import pacing
from backend.outbox.tables import OutboxRow
from backend.sequences.people import steering
from backend.sequences.tables import Absence, Campaign, Enrolment
from tests.cast import CAROL
from tests.databases import copy_database, drop_database, put_back
from tests.sequences.soak.ends import Ends, is_over, next_moments
from tests.sequences.soak.hands import Hands
from tests.sequences.soak.judging import Judge
from tests.sequences.soak.outside import Outside
from tests.sequences.soak.reps import Reps
from tests.sequences.soak.workers import MOMENTS, QUIET_MOMENTS, Workers, ignore
from tests.sequences.soak.world import REPS, World, draw_pace

Step = tuple[str, int]
Deed = Callable[[Random], object]
# Faults by which Gmail denies mail or changes that it has: whoever believes it cannot know better.
LIES = {"gone-on-get", "late-history"}
FAULTS = tuple(sorted(KINDS.keys() - LIES))
_VERBS = ("drafts.send", "drafts.send", "drafts.create", "drafts.delete", "drafts.get", "threads.get", "messages.list")
_BROKEN = {"order_crashed", "enrolments_crashed", "enrolment_crashed"}
_MOST_JUMPS = 600
_AT_FIRST = 8  # people who are put in before anything else happens


@dataclass(frozen=True)
class Ending:
    """What was wrong, and after how many steps; nothing: all went well."""

    wrong: tuple[str, ...]
    steps: int


@dataclass
class Machine:
    """One run over one world."""

    db: Database
    seed: int
    figures: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    backup: str | None = None

    def __post_init__(self) -> None:
        lot, clock = Random(self.seed), VirtualClock()
        self.emulator = Emulator(clock=clock, seed=self.seed)
        self.world = World(self.db, clock, self.emulator, draw_pace(lot))
        self.workers = Workers(self.world)
        self.judge = Judge(self.world)
        self.deeds = self._deeds()

    def _deeds(self) -> dict[str, tuple[int, Deed]]:
        reps, outside, hands = Reps(self.world), Outside(self.world), Hands(self.world)
        meanwhile: dict[str, tuple[int, Deed]] = {
            "answers": (3, outside.answers_in_thread), "writes anew": (1, outside.writes_anew),
            "writes from another address": (1, outside.writes_from_another_address),
            "a colleague writes": (1, outside.a_colleague_writes), "is away": (2, outside.is_away),
            "bounces": (1, outside.bounces), "unsubscribes": (1, outside.unsubscribes),
            "enrols": (20, reps.enrols), "pauses": (5, reps.pauses), "resumes": (5, reps.resumes),
            "stops": (1, reps.stops), "leaves a mail out": (2, reps.leaves_a_mail_out),
            "halts all": (1, reps.halts_all), "lets all go on": (2, reps.lets_all_go_on),
            "publishes": (3, reps.publishes), "starts a campaign": (2, reps.starts_a_campaign),
            "steers a campaign": (3, reps.steers_a_campaign), "pauses sending": (1, reps.pauses_sending),
            "resumes sending": (3, reps.resumes_sending), "suppresses": (1, reps.suppresses),
            "lifts a suppression": (2, reps.lifts_a_suppression), "gives to another": (2, reps.gives_to_another),
            "notes a country": (1, reps.notes_a_country), "notes another address": (1, reps.notes_another_address),
            "merges": (1, reps.merges), "deletes a contact": (1, reps.deletes_a_contact),
            "moves a deal": (2, reps.moves_a_deal), "books a meeting": (1, reps.books_a_meeting),
            "edits a draft": (2, hands.edits_a_draft), "deletes a draft": (2, hands.deletes_a_draft),
            "sends a draft": (2, hands.sends_a_draft), "writes by hand": (2, hands.writes_by_hand),
            "bins a thread": (1, hands.bins_a_thread), "history expires": (1, hands.history_expires),
            "access is revoked": (1, hands.access_is_revoked), "switches off": (1, self.switches_off),
            "reconnects": (5, self.reconnects),
        }  # fmt: skip
        self._meanwhile = meanwhile
        return {
            **meanwhile, "goes away": (1, reps.goes_away), "comes back": (2, reps.comes_back),
            "is backed up": (2, self.is_backed_up), "is restored": (1, self.is_restored),
            "time passes": (30, self.time_passes), "works": (20, lambda _lot: self.workers.work()),
            "is killed": (25, self.is_killed), "is interrupted": (30, self.is_interrupted), "fails": (12, self.fails),
        }  # fmt: skip

    # A run

    def drawn(self, number: int) -> list[Step]:
        """So many steps, drawn from the seed."""
        lot, names = Random(self.seed), list(self.deeds)
        weights = [self.deeds[name][0] for name in names]
        first = ["enrols"] * min(_AT_FIRST, number)
        return [
            (name, lot.randrange(1 << 30)) for name in (*first, *lot.choices(names, weights, k=number - len(first)))
        ]

    def run(self, steps: Sequence[Step]) -> Ending:
        """Do all steps, let everything come to an end, and tell what was wrong first."""
        try:
            with self._listening():
                for number, step in enumerate(steps, 1):
                    self.do(*step)
                    if wrong := self._found(self.judge.finds()):
                        return Ending(wrong, number)
                wrong = self._found(self.settle())
                return Ending(wrong or self._found(Ends.of(self.world).finds()), len(steps))
        finally:
            self.workers.close()
            self.db.dispose()
            self.emulator.close()
            if self.backup is not None:
                drop_database(self.backup)
            self.figures["mails"] += len(self.world.delivered)
            self.figures["faults"] += sum(fault.hits for fault in self.world.faults)
            self.figures += self.workers.figures

    def do(self, name: str, number: int) -> None:
        """One step; what is refused changes nothing."""
        self.figures["steps"] += 1
        self.world.clock.advance(timedelta(seconds=1))
        try:
            self.deeds[name][1](Random(number))
        except UserError:
            self.figures["refused"] += 1

    def _found(self, wrong: Iterator[str]) -> tuple[str, ...]:
        broken, self.broken = self.broken, []
        return (*wrong, *broken)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """What breaks in a job is logged there, and is a finding here."""
        before = structlog.get_config()

        def hear(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
            if event.get("event") in _BROKEN:
                self.broken.append(f"{event['event']}: {event.get('exc_info') or event.get('error')!r}")
            raise structlog.DropEvent

        structlog.configure(processors=[hear], cache_logger_on_first_use=False)
        try:
            yield
        finally:
            structlog.configure(**before)

    # Time, workers, faults

    def time_passes(self, lot: Random) -> None:
        """Minutes to days, with workers at work now and then."""
        minutes, ticks = lot.choice(((1, 1), (5, 2), (30, 3), (120, 3), (600, 4), (1440, 6), (2880, 6), (4320, 2)))
        for _ in range(ticks):
            self.world.clock.advance(timedelta(minutes=minutes / ticks))
            self.workers.work()

    def is_killed(self, lot: Random) -> None:
        """Somewhere in its work; now and then the next one too, before or after the lease ran out."""
        for _ in range(lot.choice((1, 1, 2, 3))):
            moment = lot.choice(sorted(MOMENTS))
            self.workers.interrupted(moment, lot.randint(1, MOMENTS[moment]), self.workers.die)
            self.world.clock.advance(timedelta(minutes=lot.choice((0, 1, 6))))

    def is_interrupted(self, lot: Random) -> None:
        """Between its transactions and calls other workers, people and Gmail may do anything."""
        moment, number = lot.choice(QUIET_MOMENTS), lot.randint(1, 14)
        names = list(self._meanwhile)
        others = lot.choices(names, [self._meanwhile[name][0] for name in names], k=lot.choice((1, 1, 2)))
        numbers = [lot.randrange(1 << 30) for _ in others]
        works: Deed = lot.choice((ignore, lambda _lot: self.workers.work(2), lambda _lot: self.workers.overtake()))

        def happen() -> None:
            for name, each in zip(others, numbers, strict=True):
                self.do(name, each)
            works(lot)

        self.workers.interrupted(moment, number, happen)

    def fails(self, lot: Random) -> None:
        """Gmail fails at one of the next calls."""
        faults = self.emulator.faults
        faults.clear()
        name, verb = lot.choice(FAULTS), lot.choice(_VERBS)
        verbs: tuple[str, ...] = (verb,) if "*" in KINDS[name].verbs and lot.random() < 0.7 else ()
        times, skip = lot.choice((1, 1, 2)), lot.choice((0, 0, 1, 3))
        self.world.faults.append(faults.inject(name, times=times, skip=skip, verbs=verbs))
        self.workers.work(2)

    def switches_off(self, lot: Random) -> None:
        self.workers.switch_off(lot.choice(REPS))

    def reconnects(self, lot: Random) -> None:
        self.workers.reconnect(lot.choice(REPS))

    def is_backed_up(self, _lot: Random) -> None:
        """Any time may be the one that is gone back to."""
        if self.backup is not None:
            drop_database(self.backup)
        self.db.dispose()
        self.backup = copy_database(self.db.url, f"backup_{os.getpid()}")

    def is_restored(self, _lot: Random) -> None:
        """The database is as it was then; Gmail is not. Processes are started anew."""
        if self.backup is None:
            return
        world = self.world
        with self.db.read() as session:
            world.forgotten.update(session.scalars(select(OutboxRow.token)))
        self.db.dispose()
        put_back(self.db.url, self.backup)
        with self.db.read() as session:
            standing = select(Enrolment.id).where(Enrolment.state == "paused", Enrolment.reason == steering.BY_HAND)
            world.paused.intersection_update(session.scalars(standing))
            known = set(session.scalars(select(Campaign.sequence_id)))
        world.campaigns = [each for each in world.campaigns if each in known]
        world.restored_at = world.now
        self.workers.start_anew()
        self.judge = Judge(world, len(world.delivered))
        self.figures["restores"] += 1

    # The end

    def settle(self) -> Iterator[str]:
        """Give everybody what they wait for, and let time go on without faults until nothing is under way."""
        self.emulator.faults.clear()
        self._lift_everything()
        for _ in range(_MOST_JUMPS):
            self.workers.work()
            yield from self.judge.finds()
            with self.world.db.read() as session:
                if is_over(session):
                    return
                moments = next_moments(session)
            soonest = self.world.now + timedelta(seconds=1)
            self.world.clock.current = max(soonest, min(moments, default=soonest + timedelta(hours=1)))

    def _lift_everything(self) -> None:
        world = self.world
        for address in REPS:
            self.workers.reconnect(address)
        with world.db.write() as session:
            session.execute(delete(Absence))
            for mailbox_id in world.office.mailboxes.values():
                pacing.resume_by_hand(session, world.clock, world.actor(CAROL), mailbox_id)
            standing = select(Enrolment.id).where(
                Enrolment.state == "paused", Enrolment.reason.in_(("by_hand", "halted"))
            )
            for enrolment_id in session.scalars(standing).all():
                steering.resume(session, world.clock, world.actor(CAROL), enrolment_id)
        world.paused.clear()


def cut_down(steps: Sequence[Step], goes_wrong: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """Leave out all steps without which a run goes wrong all the same."""
    left, size = list(steps), len(steps) // 2
    while size:
        start = 0
        while start < len(left):
            fewer = left[:start] + left[start + size :]
            if goes_wrong(fewer):
                left = fewer
            else:
                start += size
        size //= 2
    return left
