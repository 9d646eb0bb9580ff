"""A generator of trouble: mail comes and goes in three mailboxes, faults, kills, deals, and in the end a settled store.

Hypothesis chooses the steps. `Convergence` is used by the tests in short runs and by `bench/soak.py` in long ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.faults import KINDS, Armed
from backend.gmail.emulator.mailbox import Stored
from backend.kit.clock import VirtualClock
from backend.sync.store import LEASE
from tests.cast import ALICE, BOB, CAROL, open_office
from tests.linking.facts import facts_of, tell
from tests.linking.hands import Hands
from tests.sync.outcome import Outcome, outcome
from tests.sync.post import AUTOMATIC, BULK, Post
from tests.sync.settled import Settled
from tests.sync.workers import Interruption, Workers

TEAM = (ALICE, BOB, CAROL)
OUTSIDE = (
    "dora@nordwind.example",
    "otto@nordwind.example",
    "erik@suedwind.example",
    "Nils.Holm@gmail.com",
    '"Lang, Vera" <vera@ostwind.example>',
    "noreply@shop.example",
)
# Faults by which Gmail denies mail or changes that it has.
LIES = {"gone-on-get", "late-history"}
LABELS = ("STARRED", "UNREAD", "IMPORTANT", "INBOX")
WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2), timedelta(days=8))

numbers = st.integers(0, 10_000)
people = st.sampled_from(OUTSIDE)
teammates = st.sampled_from(TEAM)
moments = st.one_of(
    st.tuples(st.just("commit"), st.integers(1, 5)),
    st.tuples(st.just("statement"), st.integers(1, 50)),
    st.tuples(st.just("call"), st.integers(1, 8)),
)


class Emptied(Protocol):
    """A database that is used again for each run."""

    def emptied(self) -> Database:
        """The database without any rows."""
        ...


@dataclass(frozen=True)
class Databases:
    """The database that is put to the test, and the one for undisturbed syncs."""

    subject: Emptied
    reference: Emptied


class Convergence(RuleBasedStateMachine):
    """One office. Its subclasses say where databases come from; `figures` adds up over the runs."""

    databases: ClassVar[Databases]
    figures: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.emulator = Emulator(clock=self.clock)
        self.emulator.faults.sleep = lambda seconds: void(self.clock.advance(timedelta(seconds=seconds)))
        self.db = self.databases.subject.emptied()
        self.office = open_office(self.db, self.clock, self.emulator, *TEAM)
        self.post = Post(self.emulator, self.clock, TEAM)
        self.workers = Workers(self.office)
        self.loses_mail = True
        self.faults: list[Armed] = []

    @initialize(loses_mail=st.booleans(), page=st.sampled_from([3, 25, 500]))
    def begin(self, *, loses_mail: bool, page: int) -> None:
        """Where no mail is deleted or hidden, nothing may differ from an undisturbed sync: half of the runs are so."""
        self.loses_mail, self.workers.page = loses_mail, page

    # Mail comes

    @rule(sender=people, to=st.lists(teammates, min_size=1, max_size=2, unique=True), number=numbers)
    def somebody_writes(self, sender: str, to: list[str], number: int) -> None:
        self.step()
        self.post.write(sender, to, f"Topic {number % 50}")

    @rule(sender=teammates, to=st.lists(people, min_size=1, max_size=2, unique=True), cc=st.none() | teammates)
    def we_write(self, sender: str, to: list[str], cc: str | None) -> None:
        self.step()
        self.post.write(sender, [*to, *([cc] if cc and cc != sender else [])], f"Offer {len(self.post.letters)}")

    @rule(sender=teammates, to=teammates)
    def colleagues_write_to_each_other(self, sender: str, to: str) -> None:
        self.step()
        self.post.write(sender, [to], "Between us")

    @rule(which=numbers, who=numbers, has_chain=st.booleans(), changes_subject=st.booleans())
    def somebody_answers(self, *, which: int, who: int, has_chain: bool, changes_subject: bool) -> None:
        self.step()
        answerable = [letter for letter in self.post.letters if letter.can_be_answered]
        if answerable:
            letter = answerable[which % len(answerable)]
            subject = f"Another matter {who % 10}" if changes_subject else None
            self.post.answer(letter, letter.people[who % len(letter.people)], has_chain=has_chain, subject=subject)

    @rule(sender=people, to=teammates, headers=st.sampled_from([BULK, AUTOMATIC]), which=numbers)
    def a_robot_writes(self, sender: str, to: str, headers: Sequence[tuple[str, str]], which: int) -> None:
        self.step()
        self.post.write(sender, [to], f"Notice {which % 9}", headers=headers)

    @rule(sender=people, to=teammates, which=numbers)
    def a_mail_has_no_message_id_or_another_mails(self, sender: str, to: str, which: int) -> None:
        """Nobody has answered the other one: which of the two an answer belonged to would be anybody's guess."""
        self.step()
        answered = {key for letter in self.post.letters for key in letter.references}
        single = [x for x in self.post.letters if x.can_be_answered and x.name not in answered and not x.references]
        subject = f"Odd {len(self.post.letters)}"
        if single and which % 2:
            self.post.lend_id(single[which % len(single)], sender, [to], subject)
        else:
            self.post.write(sender, [to], subject, message_id="")

    @precondition(lambda self: len(self.post.letters) < 20)
    @rule(sender=people, to=teammates, many=st.integers(10, 30))
    def many_write(self, sender: str, to: str, many: int) -> None:
        self.step()
        if many % 3 == 0:
            for n in range(many):
                self.post.write(sender if n % 2 else f"p{n}@many.example", [to], f"One of many {n}")

    @rule(sender=people, to=teammates, number=st.integers(1000, 1008))
    def a_mail_names_a_deal(self, sender: str, to: str, number: int) -> None:
        """By a reference that a deal has, had or will have."""
        self.step()
        self.post.write(sender, [to], f"Seats [D-{number}]")

    # People work in the CRM

    @rule(who=teammates, what=st.sampled_from(sorted(Hands.deeds)), number=numbers)
    def somebody_works_on_deals_and_links(self, who: str, what: str, number: int) -> None:
        self.step()
        self.figures["deeds"] += 1
        Hands(self.office, self.office.actors[who]).do(what, number)

    # Mail is handled

    @rule(address=teammates, which=numbers, label=st.sampled_from(LABELS), is_on=st.booleans())
    def a_label_changes(self, *, address: str, which: int, label: str, is_on: bool) -> None:
        self.step()
        if message := self.some_message(address, which):
            self.post.relabel(address, message, label, is_on=is_on)

    @precondition(lambda self: self.loses_mail)
    @rule(address=teammates, which=numbers, label=st.sampled_from(["TRASH", "SPAM", "Private"]), is_on=st.booleans())
    def mail_is_hidden_or_comes_back(self, *, address: str, which: int, label: str, is_on: bool) -> None:
        self.step()
        if message := self.some_message(address, which):
            own_name = self.post.private[address] if label == "Private" else label
            self.post.relabel(address, message, own_name, is_on=is_on)

    @precondition(lambda self: self.loses_mail)
    @rule(address=teammates, which=numbers)
    def mail_is_deleted(self, address: str, which: int) -> None:
        self.step()
        if message := self.some_message(address, which):
            self.post.delete(address, message)

    @rule(address=teammates, is_saved=st.booleans())
    def a_draft_is_saved_or_discarded(self, *, address: str, is_saved: bool) -> None:
        self.step()
        if is_saved:
            self.post.save_draft(address)
        else:
            self.post.discard_draft(address)

    @rule(sender=people, to=teammates, label=st.sampled_from(["SPAM", "CHAT", "TRASH"]))
    def what_is_no_correspondence_arrives(self, sender: str, to: str, label: str) -> None:
        self.step()
        if self.loses_mail or label == "CHAT":
            self.post.write(sender, [to], f"In {label}", labels=[label])

    # Gmail and the workers

    @rule(address=teammates)
    def history_expires(self, address: str) -> None:
        self.step()
        self.emulator.expire_history(address)

    @rule(
        name=st.sampled_from(sorted(KINDS)),
        times=st.integers(1, 3),
        skip=st.integers(0, 3),
        address=st.none() | teammates,
    )
    def gmail_fails(self, name: str, times: int, skip: int, address: str | None) -> None:
        self.step()
        self.faults.append(self.emulator.faults.inject(name, times=times, skip=skip, address=address))
        self.workers.drain(address or ALICE)

    @rule(wait=st.sampled_from(WAITS))
    def time_passes(self, wait: timedelta) -> None:
        self.step()
        self.clock.advance(wait)

    @rule(address=teammates)
    def the_grant_is_given_anew(self, address: str) -> None:
        self.step()
        self.workers.reconnect(address)

    @rule(address=teammates)
    def a_worker_drains(self, address: str) -> None:
        self.step()
        self.workers.drain(address)

    @rule()
    def everything_is_drained(self) -> None:
        self.step()
        for address in TEAM:
            self.workers.drain(address)

    @rule(address=teammates, when=moments)
    def a_worker_is_killed(self, address: str, when: tuple[str, int]) -> None:
        self.step()
        self.workers.drain(address, Interruption(*when, self.workers.kill))

    @rule(address=teammates, whens=st.lists(moments, min_size=2, max_size=4))
    def a_worker_is_killed_again_and_again(self, address: str, whens: list[tuple[str, int]]) -> None:
        self.step()
        for when in whens:
            self.workers.drain(address, Interruption(*when, self.workers.kill))
            self.clock.advance(LEASE)

    @rule(address=teammates, other=teammates, number=st.integers(1, 6), what=st.integers(0, 5))
    def something_happens_while_a_worker_drains(self, address: str, other: str, number: int, what: int) -> None:
        """Between two calls of Gmail nothing is locked: other workers, people and Gmail itself may do anything."""
        self.step()
        happens: Sequence[Callable[[], object]] = (
            lambda: self.workers.overtake(address),
            lambda: self.workers.drain(other),
            lambda: self.post.write("dora@nordwind.example", [address, other], "Meanwhile"),
            lambda: self.emulator.expire_history(address),
            lambda: self.workers.pause(address),
            lambda: self.emulator.revoke(address),
        )
        self.workers.drain(address, Interruption("call", number, happens[what]))

    @precondition(lambda self: self.loses_mail)
    @rule(address=teammates)
    def an_audit_repairs(self, address: str) -> None:
        self.step()
        armed, self.emulator.faults.armed = self.emulator.faults.armed, []
        if not self.emulator.is_revoked(address):
            self.workers.repair(address)
        self.emulator.faults.armed = armed

    # The end

    def teardown(self) -> None:
        """Let everything settle, and hold the store against Gmail and against an undisturbed sync."""
        try:
            self.settle_and_compare()
        finally:
            self.count()
            self.workers.close()
            self.db.dispose()
            self.emulator.close()

    def settle_and_compare(self) -> None:
        """Only where Gmail told a lie may an audit find something, by night or now, and repairs it."""
        was_lied_to = any(fault.name in LIES and fault.hits for fault in self.faults)
        self.emulator.faults.clear()
        self.workers.settle()
        if was_lied_to:
            for address in TEAM:
                self.workers.repair(address)
            self.workers.settle()
        settled = Settled.of(self.office, self.post, self.workers)
        wrong = [*settled.differences_from_gmail(), *settled.differences_between_mailboxes()]
        wrong += [] if was_lied_to else settled.nightly_finds()
        assert not wrong, "\n".join(wrong)
        wrong = list(settled.differences_from(self.undisturbed()))
        assert not wrong, "\n".join(wrong)

    def undisturbed(self) -> Outcome:
        """What one quiet sync of the same mailboxes comes to, told in the end what people said of deals and links."""
        db = self.databases.reference.emptied()
        try:
            office = open_office(db, self.clock, self.emulator, *TEAM)
            office.sync()
            tell(office, facts_of(self.office))
            return outcome(db)
        finally:
            db.dispose()

    # Small things

    def step(self) -> None:
        self.figures["steps"] += 1

    def count(self) -> None:
        self.figures["faults"] += sum(fault.hits for fault in self.faults)
        self.figures["kills"] += self.workers.kills
        self.figures["drains"] += self.workers.drains
        self.figures["letters"] += len(self.post.letters)
        self.figures["runs"] += 1

    def some_message(self, address: str, which: int) -> Stored | None:
        """One that is no draft."""
        messages = [m for m in self.post.messages(address) if "DRAFT" not in m.labels]
        return messages[which % len(messages)] if messages else None


def void(_: object) -> None:
    """Take no notice of a result."""


def many_runs(runs: int, *, steps: int) -> settings:
    """Settings for so many runs of at most so many steps, all from one seed; a failure is told as it happened."""
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
