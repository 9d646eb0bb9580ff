from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.demo.sample import Sample, make_sample
from backend.demo.sample.cast import FREE_MAIL
from backend.demo.sample.shapes import Stage
from tests.demo.conftest import NOW
from tests.demo.sample.parsed import Read

_CLOSED = {"Won", "Lost"}


def test_the_same_seed_and_time_make_the_same_bytes(sample: Sample) -> None:
    assert make_sample(7, NOW) == sample


def test_another_seed_makes_another_mailbox(sample: Sample) -> None:
    other = make_sample(8, NOW)
    assert {mail.raw for mail in other.mails}.isdisjoint(mail.raw for mail in sample.mails)


def test_it_is_made_in_less_than_two_seconds() -> None:
    started = time.process_time()
    make_sample(9, NOW)
    assert time.process_time() - started < 2


@settings(max_examples=6, deadline=None)
@given(st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_whenever_it_is_made_nothing_lies_in_the_future(now: datetime) -> None:
    sample = make_sample(7, now)
    moments = [mail.at for mail in sample.mails]
    moments += [activity.at for activity in sample.activities]
    moments += [activity.done_at for activity in sample.activities if activity.done_at]
    moments += [at for deal in sample.deals for _, at in deal.stage_history]
    assert max(moments) <= now
    assert min(moments) > now - timedelta(days=95)


def test_deals_stand_in_every_stage_and_in_three_currencies(sample: Sample) -> None:
    assert {deal.stage for deal in sample.deals} == set(get_args(Stage))
    assert {deal.currency for deal in sample.deals} == {"EUR", "USD", "MXN"}
    assert 30 <= len(sample.deals) <= 42
    assert len({deal.name for deal in sample.deals}) == len(sample.deals)


def test_a_deal_tells_its_own_history(sample: Sample) -> None:
    for deal in sample.deals:
        instants = [at for _, at in deal.stage_history]
        assert instants == sorted(instants)
        assert deal.stage_history[0] == ("New", deal.created_at)
        assert deal.stage_history[-1][0] == deal.stage
        assert (deal.closed_at is not None) == (deal.stage in _CLOSED)
        assert (deal.lost_reason is not None) == (deal.stage == "Lost")
        assert deal.stage in _CLOSED or deal.expected_close > NOW.date()


def test_two_people_have_two_open_deals_each(sample: Sample) -> None:
    in_open = Counter(person for deal in sample.deals if deal.stage not in _CLOSED for person in deal.people)
    assert sum(count > 1 for count in in_open.values()) >= 2


def test_one_buyer_writes_from_another_domain_than_the_company(sample: Sample) -> None:
    foreign = [
        person
        for deal in sample.deals
        for person in deal.people
        if deal.company_domain and not person.endswith((deal.company_domain, *FREE_MAIL))
    ]
    assert foreign


def test_deals_people_and_owners_are_known(sample: Sample) -> None:
    people = {person.address for person in sample.people}
    users = {user.email for user in sample.users}
    domains = {company.domain for company in sample.companies}
    for deal in sample.deals:
        assert deal.people
        assert set(deal.people) <= people
        assert deal.owner in users
        assert deal.company_domain is None or deal.company_domain in domains
    assert len(sample.companies) == len(domains) == 40
    assert len(people) == len(sample.people) >= 110


def test_somebody_writes_from_two_addresses(sample: Sample, mails: list[Read]) -> None:
    senders = {mail.sender for mail in mails}
    assert any(
        {person.address, *person.other_addresses} <= senders for person in sample.people if person.other_addresses
    )


def test_some_open_deals_have_gone_cold(sample: Sample, mails: list[Read]) -> None:
    cold = 0
    for deal in sample.deals:
        last = max((mail.mail.at for mail in mails if mail.addresses & set(deal.people)), default=NOW)
        cold += deal.stage not in _CLOSED and last < NOW - timedelta(days=20)
    assert cold >= 3


def test_references_of_deals_stand_in_subjects(sample: Sample, mails: list[Read]) -> None:
    subjects = " ".join(str(mail.message["Subject"]) for mail in mails)
    references = [deal.reference for deal in sample.deals if deal.reference]
    assert len(references) == len(set(references)) >= 6
    missing = [reference for reference in references if f"[{reference}]" not in subjects]
    assert missing == []


def test_activities_are_about_somebody_and_say_what_their_kind_says(sample: Sample) -> None:
    known = {person.address for person in sample.people} | {deal.name for deal in sample.deals}
    for activity in sample.activities:
        assert activity.about in known
        assert activity.text
        assert (activity.due_at is not None) == (activity.kind == "task")
        assert (activity.outcome is not None) == (activity.kind == "call")
        assert activity.done_at is None or activity.done_at > activity.at
    assert 130 <= len(sample.activities) <= 180
    assert {activity.kind for activity in sample.activities} == {"note", "task", "call", "meeting"}


def test_tasks_are_due_today_late_and_done(sample: Sample) -> None:
    tasks = [activity for activity in sample.activities if activity.kind == "task"]
    still_open = [task for task in tasks if task.done_at is None and task.due_at]
    assert any(task.due_at.date() == NOW.date() for task in still_open if task.due_at)
    assert any(task.due_at < NOW - timedelta(days=1) for task in still_open if task.due_at)
    assert any(task.done_at for task in tasks)
