"""What comes in, by the rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.privacy.rules.admission import digest, list_query, mark_of, months_before, narrowed, refusal, still_refused
from backend.privacy.shapes import ExclusionKind, ImportPolicy, ImportRules, MailFacts, Refusal, Refused

CONNECTED = datetime(2026, 3, 31, 12, tzinfo=UTC)
ADDRESS, DOMAIN = ExclusionKind.ADDRESS, ExclusionKind.DOMAIN
MAIL = MailFacts(CONNECTED, frozenset({"inbox"}), "dora@nordwind.example", ("dora@nordwind.example",))
LABELS = st.lists(st.sampled_from(["a", "b", "c", "Ä b"]), max_size=3).map(tuple)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by hypothesis' wish
POLICIES = st.builds(
    ImportPolicy, st.none() | st.integers(0, 60), st.none() | MOMENTS, st.just(()), LABELS, st.booleans(), st.booleans()
)
PEOPLE = st.lists(st.sampled_from(["dora@nordwind.example", "kim@fjord.example", "eva@gmail.com"]), unique=True)
EXCLUDED = st.lists(st.sampled_from([(ADDRESS, "kim@fjord.example"), (DOMAIN, "nordwind.example")]))
MAILS = st.builds(
    MailFacts,
    MOMENTS,
    LABELS.map(lambda names: frozenset(n.casefold() for n in names)),
    st.just(""),
    PEOPLE.map(tuple),
    st.booleans(),
    st.booleans(),
)


@given(MAILS, POLICIES, POLICIES, EXCLUDED)
def test_bounds_and_exclusions_only_ever_keep_more_out(
    mail: MailFacts, own: ImportPolicy, bounds: ImportPolicy, excluded: list[tuple[ExclusionKind, str]]
) -> None:
    if refusal(mail, narrowed(own, ImportPolicy(), CONNECTED)) is not None:
        assert refusal(mail, narrowed(own, bounds, CONNECTED, excluded)) is not None


@given(MAILS, POLICIES, EXCLUDED)
def test_what_was_refused_is_known_to_be_refused_still_while_the_rules_stand(
    mail: MailFacts, own: ImportPolicy, excluded: list[tuple[ExclusionKind, str]]
) -> None:
    rules = narrowed(own, ImportPolicy(), CONNECTED, excluded)
    refused = refusal(mail, rules)
    if refused is not None:
        assert len(refused.detail) <= 300
        assert still_refused(refused.why, refused.detail, rules) or (
            refused.why is Refusal.WINDOW and mail.sent_at.date() == (rules.since or mail.sent_at).date()
        )
        assert not still_refused(refused.why, refused.detail, ImportRules())


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        (ImportRules(), None),
        (ImportRules(since=CONNECTED), None),
        (ImportRules(since=CONNECTED + timedelta(seconds=1)), Refused(Refusal.WINDOW, "2026-03-31")),
        (ImportRules(labels_in=frozenset({"inbox", "crm"})), None),
        (ImportRules(labels_in=frozenset({"crm"})), Refused(Refusal.LABEL)),
        (ImportRules(labels_out=frozenset({"inbox"})), Refused(Refusal.LABEL, "inbox")),
        (ImportRules(keeps_internal=False), None),
        (ImportRules(is_known_only=True), None),
        (
            ImportRules(excluded={DOMAIN: frozenset({"nordwind.example"})}),
            Refused(Refusal.EXCLUDED, "nordwind.example"),
        ),
        (ImportRules(excluded={ADDRESS: frozenset({"else@nordwind.example"})}), None),
    ],
)
def test_the_first_rule_that_holds_gives_the_reason(rules: ImportRules, refused: Refused | None) -> None:
    assert refusal(MAIL, rules) == refused


def test_strangers_stay_out_where_only_contacts_may_come_in_and_leave_no_address() -> None:
    rules = ImportRules(is_known_only=True)
    found = refusal(replace(MAIL, knows=False), rules)
    assert found == Refused(Refusal.UNKNOWN, mark_of("dora@nordwind.example"))
    assert refusal(replace(MAIL, knows=True), rules) is None
    assert refusal(replace(MAIL, others=(), knows=False), rules) is None, "colleagues are no strangers"


def test_mail_among_colleagues_is_internal_and_mail_without_anybody_is_not() -> None:
    rules = ImportRules(keeps_internal=False)
    assert refusal(replace(MAIL, others=()), rules) == Refused(Refusal.INTERNAL)
    assert refusal(replace(MAIL, others=(), has_people=False), rules) is None


def test_of_several_outsiders_all_must_be_excluded_unless_it_is_the_sender() -> None:
    rules = ImportRules(excluded={ADDRESS: frozenset({"kim@fjord.example"})})
    both = replace(MAIL, others=("dora@nordwind.example", "kim@fjord.example"))
    assert refusal(both, rules) is None
    assert refusal(replace(both, sender_key="kim@fjord.example"), rules) == Refused(
        Refusal.EXCLUDED, "kim@fjord.example"
    )
    assert refusal(replace(both, sender_key="", others=("kim@fjord.example",)), rules) is not None


@pytest.mark.parametrize(
    ("months", "then"), [(0, "2026-03-31"), (1, "2026-02-28"), (3, "2025-12-31"), (25, "2024-02-29")]
)
def test_months_back_end_on_the_same_day_or_the_last(months: int, then: str) -> None:
    assert f"{months_before(CONNECTED, months):%Y-%m-%d}" == then


def test_gmail_is_asked_for_what_rules_let_in_with_a_day_to_spare() -> None:
    rules = ImportRules(
        since=datetime(2026, 1, 2, tzinfo=UTC),
        labels_in=frozenset({"for the crm", "category_updates"}),
        labels_out=frozenset({"a/b"}),
    )
    assert list_query(rules) == "after:1767225600 {category:updates label:for-the-crm} -label:a-b"
    assert list_query(ImportRules(is_known_only=True)) is None


@given(POLICIES, POLICIES)
def test_a_digest_tells_rules_apart(one: ImportPolicy, other: ImportPolicy) -> None:
    rules = [narrowed(p, ImportPolicy(), CONNECTED) for p in (one, other)]
    assert (digest(rules[0]) == digest(rules[1])) == (rules[0] == rules[1])
