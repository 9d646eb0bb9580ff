"""What a mailbox's figures mean: green needs a proof of each kind, and whatever is wrong has its way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sync.ledger import rules, words
from backend.sync.ledger.shapes import Account, Cause, LastAudit, Light, Standing, Totals, Verdict

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AGO = timedelta
AUDIT = LastAudit(NOW - AGO(hours=9), listed=100, missing=0, extra=0, left=0, misbooked=0)
WELL = Standing(
    mailbox_id=1,
    workspace_id=1,
    address="alice@acme.example",
    user_id=1,
    owner="Alice",
    status="active",
    status_reason="",
    grant_kind="oauth",
    connected_at=NOW - AGO(days=90),
    next_sync_at=NOW + AGO(seconds=30),
    last_success_at=NOW - AGO(seconds=30),
    listing=1,
    next_audit_at=NOW + AGO(hours=14),
    audit=AUDIT,
)
GAP = replace(AUDIT, missing=3, left=2)


def judged(**changes: object) -> tuple[Light, Cause]:
    verdict = rules.judge(replace(WELL, **changes), NOW)  # type: ignore[arg-type]  # fields of many kinds
    return verdict.light, verdict.cause


def test_a_mailbox_that_was_just_read_with_nothing_left_and_no_gap_is_green() -> None:
    assert judged() == (Light.GREEN, Cause.WELL)


@pytest.mark.parametrize(
    ("changes", "light", "cause"),
    [
        ({"status": "reconnect_needed"}, Light.RED, Cause.RECONNECT),
        ({"status": "paused"}, Light.OFF, Cause.PAUSED),
        ({"status": "disconnected"}, Light.OFF, Cause.DISCONNECTED),
        ({"next_sync_at": NOW - AGO(minutes=3)}, Light.RED, Cause.NO_WORKER),
        ({"next_sync_at": None}, Light.RED, Cause.NO_WORKER),
        ({"failures": 3}, Light.AMBER, Cause.FAILING),
        ({"failures": 1, "last_success_at": NOW - AGO(hours=1)}, Light.RED, Cause.FAILING),
        ({"failures": 3, "last_error": "RateLimited: slow down"}, Light.AMBER, Cause.QUOTA),
        ({"audit": GAP, "pending": 2}, Light.RED, Cause.GAP),
        ({"audit": replace(GAP, at=NOW - AGO(minutes=1)), "pending": 2}, Light.AMBER, Cause.GAP),
        ({"pending": 1, "urgent_since": NOW - AGO(minutes=16)}, Light.AMBER, Cause.OVERDUE),
        ({"stuck": 1, "pending": 1}, Light.AMBER, Cause.STUCK),
        ({"unread": 2}, Light.AMBER, Cause.STUCK),
        ({"last_success_at": NOW - AGO(minutes=16)}, Light.RED, Cause.LATE),
        ({"is_listing": True, "pending": 500, "bulk": 500}, Light.AMBER, Cause.IMPORT),
        ({"last_success_at": None, "connected_at": NOW}, Light.AMBER, Cause.IMPORT),
        ({"is_listing": True, "listing": 2}, Light.AMBER, Cause.RESYNC),
        ({"next_audit_at": NOW - AGO(days=3)}, Light.AMBER, Cause.NOT_AUDITED),
    ],
)
def test_a_light_is_what_the_gravest_figure_makes_it(changes: dict[str, object], light: Light, cause: Cause) -> None:
    assert judged(**changes) == (light, cause)


@pytest.mark.parametrize(
    "changes",
    [
        {"failures": 1},
        {"next_sync_at": NOW - AGO(minutes=3), "lease_until": NOW + AGO(minutes=1)},
        {"audit": GAP},
        {"pending": 1, "urgent_since": NOW - AGO(minutes=1)},
    ],
    ids=["one failure that is tried again", "being drained", "a gap that is settled", "new mail on its way"],
)
def test_what_passes_by_itself_frightens_nobody(changes: dict[str, object]) -> None:
    assert judged(**changes) == (Light.GREEN, Cause.WELL)


@pytest.mark.parametrize("cause", list(Cause))
def test_whatever_is_wrong_has_a_sentence_and_a_way_out(cause: Cause) -> None:
    said = words.say(Verdict(Light.RED, cause, 2, seconds_left=90), _english, _english_plural)
    assert said.sentence
    assert said.remedy or cause in {Cause.WELL, Cause.DISCONNECTED}
    assert said.left == "about 2 minutes"


def _english(sentence: str, **facts: object) -> str:
    return sentence % facts if facts else sentence


def _english_plural(one: str, many: str, num: int) -> str:
    return (one if num == 1 else many) % {"num": num}


def test_an_import_takes_as_long_as_the_quota_makes_it() -> None:
    assert rules.seconds_left(300, 6_000) == 60


@given(st.integers(1, 10_000), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - made aware below
def test_each_night_has_its_own_moment_for_each_mailbox(mailbox_id: int, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    at = rules.next_audit(mailbox_id, now)
    assert now < at <= now + timedelta(days=1)
    assert at.hour < rules.NIGHT_H
    assert rules.next_audit(mailbox_id, at) == at + timedelta(days=1)


ACCOUNTS = st.dictionaries(
    st.sampled_from("abcdef"), st.sampled_from([Account("stored"), Account("pending", NOW), Account("draft")])
)


@given(ACCOUNTS, ACCOUNTS)
def test_a_posting_always_balances(before: dict[str, Account], after: dict[str, Account]) -> None:
    change = rules.postings(before, after, NOW)
    assert change.seen == change.stored + change.pending + sum(change.skipped.values()) + change.gone


@given(st.integers(-5, 5), st.integers(-5, 5), st.integers(0, 9), st.integers(0, 9))
def test_a_correction_makes_books_that_balance_and_agree(seen: int, stored: int, real: int, drafts: int) -> None:
    book = Totals(seen=seen, stored=stored, skipped={"spam": 2})
    change = rules.correction(book, {"stored": real, "draft": drafts})
    skipped = {r: book.skipped.get(r, 0) + change.skipped.get(r, 0) for r in ("spam", "draft")}
    now = Totals(book.seen + change.seen, book.stored + change.stored, book.pending + change.pending, skipped)
    assert (now.unexplained, now.stored, now.skipped) == (0, real, {"spam": 0, "draft": drafts})
