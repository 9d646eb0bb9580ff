"""Faults by name, and quota: that each does what its name says, as often as asked, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.faults import KINDS
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.errors import AuthRevoked, GmailError, HistoryExpired, NotFound, RateLimited, Transient
from backend.kit.clock import VirtualClock
from backend.kit.errors import UserError

ANA = "ana@acme.example"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def emulator(clock: VirtualClock) -> Iterator[Emulator]:
    emulator = Emulator(clock=clock, seed=11)
    emulator.add_mailbox(ANA)
    emulator.faults.sleep = lambda _: None
    yield emulator
    emulator.close()


@pytest.fixture
def gmail(emulator: Emulator) -> EmulatorGmail:
    return EmulatorGmail(emulator, ANA)


def arrive(emulator: Emulator) -> str:
    return f"{emulator.deliver(b'From: zoe@client.example', [ANA])[0].id:016x}"


HARMLESS = {"slow", "unordered-lists", "late-history", "page-without-history"}


@pytest.mark.parametrize("name", sorted(set(KINDS) - HARMLESS))
def test_every_fault_strikes_where_it_is_meant_to(emulator: Emulator, gmail: EmulatorGmail, name: str) -> None:
    message_id, start = arrive(emulator), gmail.profile().history_id
    draft = gmail.create_draft(f"To: {ANA}\r\n\r\nhi".encode())
    fault = emulator.faults.inject(name)
    struck = []
    for ask in (
        lambda: gmail.history(start),
        lambda: gmail.get_message(message_id),
        lambda: next(iter(gmail.get_messages([message_id]).errors.values()), None),
        lambda: gmail.send_draft(draft.id),
    ):
        try:
            struck.append(isinstance(ask(), GmailError))
        except GmailError:
            struck.append(True)
    assert any(struck)
    assert fault.hits > 0


def test_a_fault_that_there_is_not_is_refused_with_those_that_there_are(emulator: Emulator) -> None:
    with pytest.raises(UserError, match="rate-limit-429"):
        emulator.faults.inject("gremlins")


def test_a_fault_strikes_as_often_and_as_late_as_asked(emulator: Emulator, gmail: EmulatorGmail) -> None:
    fault = emulator.faults.inject("server-error-503", times=2, skip=1, verbs=("getProfile",))
    answers = []
    for _ in range(5):
        gmail.labels()
        try:
            gmail.profile()
            answers.append("ok")
        except Transient:
            answers.append("503")
    assert answers == ["ok", "503", "503", "ok", "ok"]
    assert fault.hits == 2


def test_a_fault_may_concern_one_mailbox_only(emulator: Emulator, gmail: EmulatorGmail) -> None:
    emulator.add_mailbox("ben@acme.example")
    emulator.faults.inject("server-error-500", address="ben@acme.example")
    assert gmail.profile().address == ANA
    with pytest.raises(Transient):
        EmulatorGmail(emulator, "ben@acme.example").profile()


def test_chance_is_the_same_for_the_same_seed() -> None:
    def strikes(seed: int) -> list[bool]:
        emulator = Emulator(clock=VirtualClock(), seed=seed)
        emulator.add_mailbox(ANA)
        fault = emulator.faults.inject("server-error-503", probability=0.5)
        found = []
        for _ in range(40):
            before = fault.hits
            with suppress(Transient):
                EmulatorGmail(emulator, ANA).profile()
            found.append(fault.hits > before)
        emulator.close()
        return found

    assert strikes(1) == strikes(1) != strikes(2)
    assert 8 < sum(strikes(1)) < 32


def test_a_revoked_grant_stays_revoked_until_it_is_granted_anew(emulator: Emulator, gmail: EmulatorGmail) -> None:
    emulator.faults.inject("revoked-grant", times=1)
    for _ in range(2):
        with pytest.raises(AuthRevoked):
            gmail.profile()
    emulator.grant(ANA)
    assert gmail.profile().address == ANA


def test_one_expired_access_token_is_mended_by_the_next(emulator: Emulator, gmail: EmulatorGmail) -> None:
    emulator.faults.inject("unauthorized", times=1)
    assert gmail.profile().address == ANA


def test_late_history_shows_the_change_only_afterwards(emulator: Emulator, gmail: EmulatorGmail) -> None:
    start = gmail.profile().history_id
    arrive(emulator)
    emulator.faults.inject("late-history", times=1)
    stale, fresh = gmail.history(start), gmail.history(start)
    assert (stale.events, stale.history_id) == ((), start)
    assert len(fresh.events) == 1


def test_unordered_lists_hold_the_same_messages(emulator: Emulator, gmail: EmulatorGmail) -> None:
    ids = [arrive(emulator) for _ in range(30)]
    emulator.faults.inject("unordered-lists")
    listed = [ref.id for ref in gmail.list_messages().refs]
    assert listed != ids[::-1]
    assert sorted(listed) == sorted(ids)


def test_a_listed_message_may_be_gone_when_it_is_fetched(emulator: Emulator, gmail: EmulatorGmail) -> None:
    message_id = arrive(emulator)
    emulator.faults.inject("gone-on-get")
    with pytest.raises(NotFound):
        gmail.get_message(message_id)


def test_history_may_expire_at_any_time(emulator: Emulator, gmail: EmulatorGmail) -> None:
    emulator.faults.inject("expired-history")
    with pytest.raises(HistoryExpired):
        gmail.history(gmail.profile().history_id)


# Quota


def test_what_goes_beyond_the_users_minute_is_refused_until_it_is_over(
    emulator: Emulator, gmail: EmulatorGmail, clock: VirtualClock
) -> None:
    message_id = arrive(emulator)
    emulator.quota.per_user_minute = 60
    for _ in range(3):
        gmail.get_message(message_id)
    with pytest.raises(RateLimited) as refused:
        gmail.get_message(message_id)
    assert refused.value.retry_after_s == 60
    clock.advance(timedelta(seconds=60))
    assert gmail.get_message(message_id).id == message_id
    assert emulator.quota.calls["messages.get"] == 4
    assert emulator.quota.units[ANA] == 80


def test_the_projects_minute_is_shared_by_all(emulator: Emulator, gmail: EmulatorGmail) -> None:
    emulator.add_mailbox("ben@acme.example")
    emulator.quota.per_project_minute = 10
    gmail.list_messages()
    EmulatorGmail(emulator, "ben@acme.example").list_messages()
    with pytest.raises(RateLimited):
        gmail.list_messages()


def test_a_batch_beyond_the_quota_is_served_in_part(emulator: Emulator, gmail: EmulatorGmail) -> None:
    ids = [arrive(emulator) for _ in range(10)]
    emulator.quota.per_user_minute = 100
    fetched = gmail.get_messages(ids)
    assert len(fetched.messages) == 5
    assert {type(error) for error in fetched.errors.values()} == {RateLimited}
