"""The quota shared by everybody who calls Gmail: counted, waited for, and kept fair."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from backend.db import Database
from backend.gmail.errors import RateLimited
from backend.gmail.gateway import UNITS
from backend.gmail.shapes import Format
from backend.mail.tables import Copy
from backend.sync.bucket_store import mailbox_bucket
from backend.sync.buckets import Urgency
from backend.sync.jobs import drain_mailbox
from backend.sync.limited import LimitedGmail
from backend.sync.limiter import Limiter, OutOfUnits, SharedMeter
from backend.sync.shapes import End, Task
from backend.sync.store import LEASE
from backend.sync.tables import QuotaBucket, SyncDay, SyncState
from bench.quota import fill
from bench.town import Town
from tests.cast import ALICE, DORA, Office
from tests.sync.workers import Interruption, Workers

PER_USER = 600


def limiter_for(office: Office, *, per_user: int = PER_USER, per_project: int = 100_000) -> Limiter:
    return Limiter(office.db, office.clock, per_user, per_project, lambda s: _pass(office, s))


def _pass(office: Office, seconds: float) -> None:
    office.clock.advance(timedelta(seconds=seconds))


def drain(office: Office, limiter: Limiter, address: str = ALICE, task: Task | None = None) -> End:
    mailbox_id = office.mailboxes[address]
    return drain_mailbox(office.db, office.clock, office.connect, mailbox_id, task=task, limiter=limiter)


def state_of(office: Office, address: str = ALICE) -> SyncState:
    with office.db.read() as session:
        return session.get_one(SyncState, office.mailboxes[address])


def stored(office: Office, address: str = ALICE) -> int:
    with office.db.read() as session:
        mine = select(Copy.id).where(Copy.mailbox_id == office.mailboxes[address])
        return len(session.scalars(mine).all())


def test_processes_that_take_at_once_never_take_more_than_the_limit_together(db: Database, office: Office) -> None:
    limiter = Limiter(db, office.clock, 10_000, 1_000, lambda _s: None)
    granted: list[int] = []

    def take(mailbox_id: int) -> None:
        meter = limiter.meter(mailbox_id)
        for _ in range(20):
            try:
                granted.append(meter.prepay(20, 20) and 20)
                meter.pay(20)
            except OutOfUnits:
                return

    threads = [Thread(target=take, args=(n,)) for n in (1, 1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 1_000


def test_every_verb_is_paid_at_gmails_price(office: Office) -> None:
    office.mail(DORA, ALICE)
    limiter = limiter_for(office, per_user=6_000)
    meter = limiter.meter(office.mailboxes[ALICE])
    gmail = LimitedGmail(office.gmail(ALICE), meter)
    ref = gmail.list_messages().refs[0]
    draft = gmail.create_draft(b"Subject: x\r\n\r\nx", thread_id=None)
    gmail.get_draft(draft.id), gmail.list_drafts()
    gmail.delete_draft(draft.id)
    sent = gmail.create_draft(b"To: dora@nordwind.example\r\nSubject: x\r\n\r\nx")
    gmail.send_draft(sent.id)
    gmail.get_messages([ref.id] * 1, Format.MINIMAL), gmail.get_threads([ref.thread_id]), gmail.get_message(ref.id)
    gmail.get_thread(ref.thread_id), gmail.history(gmail.profile().history_id), gmail.labels(), gmail.send_as()
    gmail.watch("projects/p/topics/t")
    gmail.modify(ref.id, add=["STARRED"])
    gmail.stop()
    assert meter.spent == office.emulator.quota.units[ALICE]
    assert meter.spent == sum(UNITS.values()) + UNITS["draft_create"] + UNITS["get"] + UNITS["thread"] - 20


def test_an_import_stops_where_the_minute_is_used_up_and_goes_on_when_it_is_over(sqlite_office: Office) -> None:
    office = sqlite_office
    for n in range(40):
        office.mail(DORA, ALICE, f"Mail {n}", reply_to_id="")
    office.emulator.quota.per_user_minute = PER_USER
    limiter = limiter_for(office)
    began = office.clock.now()
    assert drain(office, limiter) is End.LATER
    state = state_of(office)
    assert (state.failures, state.last_error) == (0, "")
    assert 0 < stored(office) < 40
    assert state.next_import_at is not None
    assert timedelta(seconds=55) < state.next_import_at - began < timedelta(seconds=62)
    while drain(office, limiter) is End.LATER:
        office.clock.advance(timedelta(seconds=60))
    assert stored(office) == 40
    assert office.emulator.quota.refused == 0


def test_new_mail_arrives_while_an_import_has_used_up_its_share(sqlite_office: Office) -> None:
    office = sqlite_office
    for n in range(110):
        office.mail(DORA, ALICE, f"Old {n}")
    limiter = limiter_for(office, per_user=2_000)
    assert drain(office, limiter) is End.LATER
    before = stored(office)
    office.mail(DORA, ALICE, "New")
    office.clock.advance(timedelta(minutes=-1))  # the mail above took a minute of the clock
    drain(office, limiter, task=Task.NEW_MAIL)
    assert stored(office) == before + 1


def test_a_person_is_served_where_an_import_is_not_and_waits_a_moment_at_most(sqlite_office: Office) -> None:
    office = sqlite_office
    limiter = limiter_for(office)
    importing = limiter.meter(1, Urgency.IMPORT)
    importing.prepay(PER_USER, 1)
    with pytest.raises(OutOfUnits) as refused:
        importing.prepay(PER_USER + 1, 1)
    assert refused.value.retry_after_s is not None
    assert 60 <= refused.value.retry_after_s <= 61
    limiter.meter(1, Urgency.PERSON).pay(5)
    before = office.clock.now()
    office.clock.advance(timedelta(seconds=59))
    importing.prepay(PER_USER + 1, 1)
    assert office.clock.now() - before <= timedelta(seconds=61)


def test_gmails_word_closes_the_mailbox_for_every_process_and_halves_the_next_batch(office: Office) -> None:
    office.mail(DORA, ALICE)
    limiter = limiter_for(office, per_user=6_000)
    office.emulator.faults.inject("rate-limit-429-text", verbs=("messages.get",), times=1)
    assert drain(office, limiter) is End.LATER
    with pytest.raises(OutOfUnits) as refused:
        limiter.meter(office.mailboxes[ALICE]).pay(1)
    assert refused.value.retry_after_s == pytest.approx(30, abs=1)
    limiter.meter(office.mailboxes[ALICE] + 1).pay(1)  # a colleague's is not concerned
    assert limiter.meter(office.mailboxes[ALICE]).batch() == 12
    office.clock.advance(timedelta(seconds=31))
    assert drain(office, limiter) is End.DONE
    assert stored(office) == 1


def test_a_limit_of_the_whole_project_slows_all_mailboxes(sqlite_office: Office) -> None:
    office = sqlite_office
    limiter = limiter_for(office)
    limiter.meter(1).refused(RateLimited(retry_after_s=20, is_project_wide=True))
    with pytest.raises(OutOfUnits):
        limiter.meter(2).pay(1)
    office.clock.advance(timedelta(seconds=20))
    limiter.meter(2).pay(1)


def test_batches_grow_with_success_and_their_size_is_remembered(sqlite_office: Office) -> None:
    office = sqlite_office
    for n in range(70):
        office.mail(DORA, ALICE, f"Mail {n}")
    limiter = limiter_for(office, per_user=6_000)
    drain(office, limiter)
    assert limiter.meter(office.mailboxes[ALICE]).batch() == 35


def test_what_is_taken_is_counted_for_the_ledger(sqlite_office: Office) -> None:
    office = sqlite_office
    limiter = limiter_for(office)
    meter = limiter.meter(7)
    assert isinstance(meter, SharedMeter)
    meter.pay(40)
    with office.db.read() as session:
        totals = {row.name: row.total for row in session.scalars(select(QuotaBucket))}
    assert totals == {"mailbox:7": 40, "project": 40}


def test_three_of_a_thread_cost_one_call_for_the_thread(sqlite_office: Office) -> None:
    office = sqlite_office
    first = office.mail(DORA, ALICE, "Offer")
    for _ in range(4):
        office.mail(ALICE, DORA, "Re: Offer", reply_to_id=first)
    office.mail(DORA, ALICE, "Something else")
    office.sync()
    assert stored(office) == 6
    assert office.emulator.quota.calls["threads.get"] == 1
    assert office.emulator.quota.calls["messages.get"] == 1


def test_imports_share_a_project_evenly_beside_a_mailbox_with_new_mail(tmp_path: Path) -> None:
    town = Town(tmp_path, 4, per_user=3_000, per_project=4_000)
    *importing, quiet = town.addresses
    for address in importing:
        fill(town, address, 500)
    town.live(timedelta(minutes=5))
    units, refused = town.emulator.quota.units, town.emulator.quota.refused
    town.close()
    shares = [units[address] for address in importing]
    assert max(shares) <= 1.25 * min(shares)
    assert units.total() > 0.95 * 4_000 * 5
    assert units[quiet] > 0
    assert refused == 0


def test_the_books_hold_every_unit_taken_also_by_people_and_by_a_drain_that_died(office: Office) -> None:
    for n in range(20):
        office.mail(DORA, ALICE, f"Mail {n}")
    limiter, mailbox_id = limiter_for(office), office.mailboxes[ALICE]
    workers = Workers(office)
    workers.limiter = limiter
    assert workers.drain(ALICE, Interruption("call", 5, workers.kill)) is None
    LimitedGmail(office.gmail(ALICE), limiter.meter(mailbox_id)).profile()
    office.clock.advance(LEASE)
    assert workers.drain(ALICE) is End.DONE
    workers.close()
    with office.db.read() as session:
        taken = session.scalar(select(QuotaBucket.total).where(QuotaBucket.name == mailbox_bucket(mailbox_id)))
        assert session.scalar(select(func.sum(SyncDay.units))) == taken
    assert taken is not None
    assert taken >= office.emulator.quota.units[ALICE] > 20 * UNITS["get"]
