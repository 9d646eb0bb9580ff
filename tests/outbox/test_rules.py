"""When a mail may leave, and what the mailbox says of one in doubt."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.outbox import rules
from backend.outbox.shapes import Go, Hold, Pace, Sender, Skip, Spent, State
from tests.outbox.test_letters import NOW, sender, sending

TOKENS = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(st.lists(TOKENS, min_size=2, max_size=30), st.integers(0, 600), st.integers(0, 300), st.integers(0, 900))
def test_slots_keep_their_distance_and_their_lead(tokens: list[str], spacing: int, jitter: int, lead: int) -> None:
    present = replace(sender(), pace=Pace(spacing_s=spacing, jitter_s=jitter, lead_s=lead))
    slots = []
    for token in tokens:
        slots.append(rules.slot(present, token, NOW))
        present = replace(present, last_slot_at=slots[-1])
    assert slots[0] >= NOW + timedelta(seconds=lead)
    assert all(timedelta(seconds=spacing) <= b - a for a, b in itertools.pairwise(slots))
    assert slots[-1] <= slots[0] + timedelta(seconds=(spacing + jitter) * (len(slots) - 1))


@given(st.lists(TOKENS, min_size=2, max_size=30), st.integers(0, 600), st.integers(0, 300), st.integers(-900, 9000))
def test_no_order_that_finds_a_near_slot_goes_without_a_look(
    tokens: list[str], spacing: int, jitter: int, last: int
) -> None:
    pace = Pace(spacing_s=spacing, jitter_s=jitter)
    given_to = present = replace(sender(), pace=pace, last_slot_at=NOW + timedelta(seconds=last))
    near = 0
    for token in tokens:
        slot = rules.slot(present, token, NOW)
        if rules.is_near(slot, pace, NOW) != Go():
            break
        near, present = near + 1, replace(present, last_slot_at=slot)
    assert 1 <= rules.near_slots(given_to, NOW, len(tokens)) <= len(tokens)
    assert near <= rules.near_slots(given_to, NOW, len(tokens))


def test_of_a_thousand_that_wait_few_are_looked_at() -> None:
    busy = replace(sender(), pace=Pace(), last_slot_at=NOW + timedelta(seconds=800))
    assert rules.near_slots(busy, NOW, 1000) == 1


@given(TOKENS, st.integers(0, 600), st.integers(0, 300), st.integers(0, 900), st.integers(0, 9000))
def test_waiting_until_some_drafts_are_laid_down_together_moves_no_mail(
    token: str, spacing: int, jitter: int, lead: int, last: int
) -> None:
    pace = Pace(spacing_s=spacing, jitter_s=jitter, lead_s=lead)
    present = replace(sender(), pace=pace, last_slot_at=NOW + timedelta(seconds=last))
    slot, begins_at = rules.slot(present, token, NOW), rules.begins_at(present, token, NOW)
    assert rules.slot(present, token, max(NOW, begins_at)) == slot
    assert rules.is_near(slot, pace, max(NOW, begins_at)) == Go()


def test_drafts_are_laid_down_some_every_few_minutes() -> None:
    busy = replace(sender(), pace=Pace(jitter_s=0), last_slot_at=NOW + timedelta(seconds=600))
    assert rules.begins_at(busy, "0" * 32, NOW) == NOW + timedelta(seconds=300)
    assert rules.near_slots(busy, NOW + timedelta(seconds=300), 1000) == 7


def test_a_slot_far_away_opens_later() -> None:
    pace = Pace(lead_s=60, spacing_s=30, jitter_s=0)
    assert rules.is_near(NOW + timedelta(seconds=180), pace, NOW) == Go()
    far = rules.is_near(NOW + timedelta(seconds=200), pace, NOW)
    assert far == Hold(NOW + timedelta(seconds=20), "paced", is_for_all=True)


@pytest.mark.parametrize(("days", "cap"), [(None, 20), (0, 20), (3, 50), (100, 150)])
def test_a_mailbox_that_begins_to_send_sends_little(days: int | None, cap: int) -> None:
    first = None if days is None else NOW - timedelta(days=days)
    assert rules.daily_cap(replace(sender(), first_sent_at=first), NOW) == cap


def test_two_hundred_and_then_the_cap_holds_the_mailbox_until_the_first_of_them_is_a_day_old() -> None:
    present = replace(sender(), pace=Pace(daily_cap=200, ramp_start=200))
    oldest = NOW - timedelta(hours=20)
    assert rules.within_caps(present, sending(), Spent(199, oldest), NOW) == Go()
    held = rules.within_caps(present, sending(), Spent(200, oldest), NOW)
    assert held == Hold(NOW + timedelta(hours=4), "daily_cap", "200", is_for_all=True)


def test_a_domain_that_had_its_share_waits_alone() -> None:
    held = rules.within_caps(_wide(), sending(), Spent(5, NOW, {"nordwind.example": 20}), NOW)
    assert isinstance(held, Hold)
    assert (held.reason, held.is_for_all) == ("domain_cap", False)
    assert rules.within_caps(_wide(), sending(), Spent(5, NOW, {"other.example": 20}), NOW) == Go()


def test_one_more_mail_is_counted_for_all_and_for_its_domain() -> None:
    spent = rules.with_one_more(Spent(1, None, {"a": 1}), "a", NOW)
    assert (spent.total, spent.oldest_at, spent.by_domain) == (2, NOW, {"a": 2})


def test_a_person_is_left_alone_for_some_hours() -> None:
    assert rules.within_person_budget(Pace(person_hours=20), None, NOW) == Go()
    assert rules.within_person_budget(Pace(person_hours=20), NOW - timedelta(hours=20), NOW) == Go()
    held = rules.within_person_budget(Pace(person_hours=20), NOW - timedelta(hours=19), NOW)
    assert isinstance(held, Hold)
    assert held.until == NOW + timedelta(hours=1)


def test_what_expired_is_skipped() -> None:
    order = sending()
    assert rules.in_time(replace(order, expires_at=NOW + timedelta(seconds=1)), NOW) == Go()
    assert isinstance(rules.in_time(replace(order, expires_at=NOW), NOW), Skip)


def test_pauses_grow_and_stop_growing() -> None:
    assert [rules.pause_s(n) for n in (0, 1, 2, 50)] == [30, 60, 120, 3600]


@pytest.mark.parametrize("state", [State.DRAFTED, State.SENDING])
@pytest.mark.parametrize("has_draft", [0, 1])
def test_a_sent_mail_outweighs_all_and_a_draft_means_not_sent(state: State, has_draft: int) -> None:
    assert rules.after_doubt(state, has_draft=bool(has_draft), has_sent_mail=True) is State.SENT
    assert rules.after_doubt(state, has_draft=True, has_sent_mail=False) is State.DRAFTED


def test_without_any_trace_a_draft_was_vetoed_and_a_send_is_unknown() -> None:
    assert rules.after_doubt(State.DRAFTED, has_draft=False, has_sent_mail=False) is State.VETOED
    assert rules.after_doubt(State.SENDING, has_draft=False, has_sent_mail=False) is State.UNKNOWN


def test_tokens_tell_nothing_and_differ() -> None:
    tokens = {rules.token_of(f"{n}") for n in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {32}


def _wide() -> Sender:
    return replace(sender(), pace=Pace(daily_cap=500, ramp_start=500))
