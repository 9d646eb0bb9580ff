from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts.shapes import ContactPolicy
from backend.linking.rules import decide, new_people
from backend.linking.rules.deals import references_in
from backend.linking.shapes import Knowledge, KnownLink, Outcome, Policy, Reason, Rule
from backend.mail.addresses import key_of
from backend.mail.shapes import Address, Kind, Participant, Role, StoredMessage
from backend.records.shapes import ContactRef, DealRef, RecordKind, StageEntry

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
POLICY = Policy(ContactPolicy.CORRESPONDENTS, (".acme.example", ".acme.test"), frozenset({"alice@acme.example"}), "D")
DORA = ContactRef(1, "Dora", company_id=10)
PEOPLE = {"dora@nordwind.example": DORA, "erik@gmail.com": ContactRef(2, "Erik", None)}


def who(address: str, role: Role = Role.FROM) -> Participant:
    return Participant(role, Address(key_of(address), address, ""))


def mail(*people: Participant, kind: Kind = Kind.PERSON, subject: str = "Offer", **more: object) -> StoredMessage:
    sender = next((p.address.key for p in people if p.role is Role.FROM), "")
    values = {
        "id": 100,
        "conversation_id": 50,
        "kind": kind,
        "subject": subject,
        "sent_at": NOW,
        "is_ours": sender.endswith("acme.example"),
        "sender_key": sender,
        "participants": people,
        "list_key": "",
        "is_private": False,
    }
    return StoredMessage(**(values | more))  # type: ignore[arg-type]  # a test's shorthand


def to_alice(sender: str, **more: object) -> StoredMessage:
    return mail(who(sender), who("alice@acme.example", Role.TO), **more)  # type: ignore[arg-type]  # the same


def moved(days_ago: int, *, is_open: bool = True) -> StageEntry:
    return StageEntry(NOW - timedelta(days=days_ago), is_open)


def deal(deal_id: int, name: str = "Seats", **more: object) -> DealRef:
    values = {
        "id": deal_id,
        "name": name,
        "reference": f"D-{deal_id}",
        "is_open": True,
        "company_id": 10,
        "contact_ids": frozenset({1}),
        "stage": "Proposal",
        "created_at": NOW - timedelta(days=90),
        "course": (moved(60),),
    }
    return DealRef(**(values | more))  # type: ignore[arg-type]  # the same


def knowing(*deals: DealRef, **more: object) -> Knowledge:
    by_contact: dict[int, tuple[DealRef, ...]] = {}
    by_company: dict[int, tuple[DealRef, ...]] = {}
    for one in deals:
        for contact_id in one.contact_ids:
            by_contact[contact_id] = (*by_contact.get(contact_id, ()), one)
        if one.company_id:
            by_company[one.company_id] = (*by_company.get(one.company_id, ()), one)
    values = {
        "contacts": PEOPLE,
        "company_by_domain": {"nordwind.example": 10},
        "deals_by_contact": by_contact,
        "deals_by_company": by_company,
        "deals_by_reference": {d.reference: d for d in deals},
    }
    return Knowledge(**(values | more))  # type: ignore[arg-type]  # the same


def rules_of(message: StoredMessage, knowledge: Knowledge, policy: Policy = POLICY) -> dict[int, Rule]:
    return {p.record_id: p.rule for p in decide(message, policy, knowledge).links}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (to_alice("dora@nordwind.example", is_private=True), Reason.PRIVATE),
        (mail(), Reason.NO_PEOPLE),
        (mail(who("bob@acme.example"), who("alice@acme.example", Role.TO)), Reason.INTERNAL),
        (to_alice("bob@lab.acme.example"), Reason.INTERNAL),
        (to_alice("bob@acme.test"), Reason.INTERNAL),
        (mail(who("bob@acme.example"), kind=Kind.BULK), Reason.BULK),
    ],
)
def test_policy_keeps_mail_out_for_a_reason(message: StoredMessage, reason: Reason) -> None:
    decision = decide(message, POLICY, knowing())
    assert (decision.outcome, decision.reason, decision.links) == (Outcome.LEFT_OUT, reason, ())


def excluding(**values: dict[str, int]) -> Policy:
    return Policy(ContactPolicy.CORRESPONDENTS, (".acme.example", ".acme.test"), frozenset(), "D", **values)


def test_mail_of_an_excluded_sender_or_domain_stays_out() -> None:
    for policy in (
        excluding(excluded_keys={"dora@nordwind.example": 1}),
        excluding(excluded_domains={"nordwind.example": 1}),
    ):
        assert decide(to_alice("dora@nordwind.example"), policy, knowing()).reason is Reason.EXCLUDED


def test_an_excluded_address_in_copy_is_passed_over_and_the_others_still_count() -> None:
    message = mail(who("dora@nordwind.example"), who("erik@gmail.com", Role.CC))
    policy = excluding(excluded_keys={"erik@gmail.com": 1})
    assert rules_of(message, knowing(), policy) == {1: Rule.ADDRESS, 10: Rule.COMPANY}


def test_a_contact_is_found_by_address_and_brings_the_company_along() -> None:
    assert rules_of(to_alice("Dora@Nordwind.example"), knowing()) == {1: Rule.ADDRESS, 10: Rule.COMPANY}


def test_gmail_addresses_match_whatever_their_dots_and_plus_tags() -> None:
    assert rules_of(to_alice("e.rik+crm@googlemail.com"), knowing()) == {2: Rule.ADDRESS}


def test_a_stranger_at_a_known_domain_is_linked_to_the_company_with_the_domain_as_evidence() -> None:
    decision = decide(to_alice("new@mail.nordwind.example"), POLICY, knowing())
    assert [(p.record_id, p.rule, p.evidence["domain"]) for p in decision.links] == [
        (10, Rule.DOMAIN, "nordwind.example")
    ]


def test_free_mail_never_leads_to_a_company() -> None:
    knowledge = knowing(company_by_domain={"gmail.com": 66})
    assert rules_of(to_alice("stranger@gmail.com"), knowledge) == {}


def test_a_newsletter_links_its_known_sender_only_and_nobody_by_domain() -> None:
    known = mail(who("dora@nordwind.example"), who("erik@gmail.com", Role.TO), kind=Kind.BULK)
    assert rules_of(known, knowing()) == {1: Rule.ADDRESS, 10: Rule.COMPANY}
    stranger = decide(to_alice("news@nordwind.example", kind=Kind.BULK), POLICY, knowing())
    assert (stranger.outcome, stranger.reason) == (Outcome.UNLINKED, Reason.BULK)


@pytest.mark.parametrize("kind", [Kind.BOUNCE, Kind.AUTO_REPLY])
def test_automatic_mail_of_nobody_known_says_so(kind: Kind) -> None:
    assert decide(to_alice("x@elsewhere.example", kind=kind), POLICY, knowing()).reason is Reason.AUTOMATIC


def test_a_conversation_hands_its_links_on() -> None:
    links = {50: (KnownLink(7, RecordKind.CONTACT, is_hand=False),)}
    assert rules_of(to_alice("new@elsewhere.example"), knowing(links=links)) == {7: Rule.CONVERSATION}


def test_a_strangers_newsletter_in_a_conversation_inherits_nothing() -> None:
    links = {50: (KnownLink(7, RecordKind.CONTACT, is_hand=False),)}
    assert rules_of(to_alice("list@elsewhere.example", kind=Kind.BULK), knowing(links=links)) == {}


@pytest.mark.parametrize("subject", ["[D-5] Offer", "Re: offer d-5", "Fwd: RE: (D-5)"])
def test_a_reference_in_the_subject_names_the_deal_whoever_writes(subject: str) -> None:
    five = deal(5, contact_ids=frozenset(), company_id=None)
    rules = rules_of(to_alice("lawyer@elsewhere.example", subject=subject), knowing(five))
    assert rules[5] is Rule.DEAL_REFERENCE


@given(st.text(max_size=200))
def test_any_subject_can_be_searched_for_references(subject: str) -> None:
    assert all(r == r.upper() for r in references_in(subject))


def test_a_reference_inside_a_longer_word_is_none() -> None:
    assert references_in("AB-D-5-x COVID-19x ISO-9001:2015") == ("ISO-9001",)


def test_the_persons_only_open_deal_takes_the_mail() -> None:
    rules = rules_of(to_alice("dora@nordwind.example"), knowing(deal(5)))
    assert rules[5] is Rule.DEAL_ONLY


def test_a_deal_that_was_closed_long_before_takes_nothing() -> None:
    old = deal(5, is_open=False, course=(moved(60), moved(30, is_open=False)))
    assert 5 not in rules_of(to_alice("dora@nordwind.example"), knowing(old))


def test_of_a_deal_counts_what_it_was_when_the_mail_was_sent() -> None:
    reopened = deal(5, course=(moved(60), moved(30, is_open=False), moved(-1)))
    assert 5 not in rules_of(to_alice("dora@nordwind.example"), knowing(reopened))
    closed_since = deal(5, is_open=False, course=(moved(60), moved(-1, is_open=False)))
    assert 5 in rules_of(to_alice("dora@nordwind.example"), knowing(closed_since))


def test_mail_from_long_before_a_deal_does_not_belong_to_it() -> None:
    young = deal(5, created_at=NOW + timedelta(days=200), course=(moved(-200),))
    assert 5 not in rules_of(to_alice("dora@nordwind.example"), knowing(young))


def test_of_two_deals_the_one_that_leads_clearly_takes_the_mail_and_the_other_is_rejected_with_its_points() -> None:
    seats, warehouse = deal(5, "Nordwind seats"), deal(6, "Second warehouse")
    message = to_alice("dora@nordwind.example", subject="Re: second warehouse, floor plan")
    decision = decide(message, POLICY, knowing(seats, warehouse))
    assert {p.record_id: p.rule for p in decision.links}[6] is Rule.DEAL_EVIDENCE
    assert [(r.record_id, r.why) for r in decision.rejected] == [(5, "fewer points")]
    assert not decision.question


def test_where_no_deal_leads_clearly_there_is_one_question_and_no_link() -> None:
    decision = decide(to_alice("dora@nordwind.example", subject="Hello"), POLICY, knowing(deal(5), deal(6)))
    assert {p.record_id for p in decision.links} == {1, 10}
    assert [c.deal_id for c in decision.question] == [5, 6]


def test_recent_moves_count_as_evidence_and_later_ones_do_not() -> None:
    fresh = deal(6, course=(moved(60), moved(1)))
    moved_since = deal(5, course=(moved(60), moved(-1)))
    decision = decide(to_alice("dora@nordwind.example", subject="Hello"), POLICY, knowing(moved_since, fresh))
    assert {p.record_id for p in decision.links} == {1, 10, 6}


def test_a_mail_that_does_not_belong_to_a_person_belongs_to_no_deal_of_theirs() -> None:
    vetoes = {(1, "mail", "100"), (10, "mail", "100")}
    assert rules_of(to_alice("dora@nordwind.example"), knowing(deal(5), vetoes=vetoes)) == {}


def test_a_question_that_was_answered_is_not_asked_again() -> None:
    knowledge = knowing(deal(5), deal(6), answers={50: 6})
    assert rules_of(to_alice("dora@nordwind.example", subject="Hello"), knowledge)[6] is Rule.ANSWER
    none = decide(to_alice("dora@nordwind.example"), POLICY, knowing(deal(5), deal(6), answers={50: None}))
    assert not none.question
    assert {p.record_id for p in none.links} == {1, 10}


def test_a_deal_of_the_company_counts_for_a_colleague_who_takes_no_part_if_it_is_clear() -> None:
    theirs = deal(5, "Nordwind warehouse", contact_ids=frozenset({99}))
    message = to_alice("new@nordwind.example", subject="Nordwind warehouse")
    assert rules_of(message, knowing(theirs))[5] is Rule.DEAL_EVIDENCE
    assert 5 not in rules_of(to_alice("new@nordwind.example", subject="Lunch?"), knowing(theirs))


@pytest.mark.parametrize(
    "veto",
    [
        (1, "mail", "100"),
        (1, "thread", "50"),
        (1, "address", "dora@nordwind.example"),
        (1, "domain", "nordwind.example"),
    ],
)
def test_a_veto_of_any_scope_keeps_the_record_away_and_says_so(veto: tuple[int, str, str]) -> None:
    decision = decide(to_alice("dora@nordwind.example"), POLICY, knowing(vetoes=frozenset({veto})))
    assert {p.record_id for p in decision.links} == {10}
    assert [(r.record_id, r.why) for r in decision.rejected] == [(1, "vetoed")]


def test_where_everything_is_vetoed_the_reason_is_the_veto() -> None:
    vetoes = frozenset({(1, "mail", "100"), (10, "mail", "100")})
    assert decide(to_alice("dora@nordwind.example"), POLICY, knowing(vetoes=vetoes)).reason is Reason.VETOED


def people(message: StoredMessage, policy: Policy = POLICY, *, answer: bool = False) -> list[str]:
    found = new_people(message, policy, known=set(), list_keys={"team@lists.example"}, is_answer_to_us=answer)
    return [p.address_key for p in found]


def with_policy(policy: ContactPolicy) -> Policy:
    return Policy(policy, (".acme.example",), frozenset(), "D")


def test_whom_we_wrote_to_becomes_a_contact_and_who_only_wrote_to_us_does_not() -> None:
    ours = mail(who("alice@acme.example"), who("new@nordwind.example", Role.TO), who("cc@nordwind.example", Role.CC))
    assert people(ours) == ["new@nordwind.example", "cc@nordwind.example"]
    assert people(to_alice("new@nordwind.example")) == []


def test_who_answers_becomes_a_contact_and_those_in_copy_do_not() -> None:
    answer = mail(who("new@nordwind.example"), who("cc@nordwind.example", Role.CC))
    assert people(answer, answer=True) == ["new@nordwind.example"]


def test_robots_lists_newsletters_and_excluded_people_never_become_contacts() -> None:
    ours = mail(
        who("alice@acme.example"),
        who("no-reply@nordwind.example", Role.TO),
        who("team@lists.example", Role.TO),
        who("mailer-daemon@nordwind.example", Role.TO),
    )
    assert people(ours) == []
    assert people(to_alice("news@shop.example", kind=Kind.BULK), with_policy(ContactPolicy.ALL)) == []
    barred = Policy(ContactPolicy.ALL, (), frozenset(), "D", excluded_domains={"nordwind.example": 1})
    assert people(to_alice("new@nordwind.example"), barred) == []


def test_an_announcement_to_many_is_no_correspondence() -> None:
    many = [who(f"p{n}@crowd.example", Role.TO) for n in range(26)]
    assert people(mail(who("alice@acme.example"), *many)) == []


def test_the_policy_may_be_off_or_take_every_person() -> None:
    ours = mail(who("alice@acme.example"), who("new@nordwind.example", Role.TO))
    assert people(ours, with_policy(ContactPolicy.OFF)) == []
    assert people(to_alice("new@nordwind.example"), with_policy(ContactPolicy.ALL)) == ["new@nordwind.example"]


def test_private_mail_makes_nobody_a_contact() -> None:
    assert people(mail(who("alice@acme.example"), who("new@nordwind.example", Role.TO), is_private=True)) == []


def test_words_that_all_candidates_share_tell_nothing_and_one_telling_word_may_decide() -> None:
    seats = deal(5, "Nordwind – 40 seats", course=(moved(60), moved(2)))
    warehouse = deal(6, "Nordwind – second warehouse")
    knowledge = knowing(seats, warehouse)
    message = to_alice("dora@nordwind.example", subject="Re: Nordwind, Billbrook warehouses: meters first")
    links = {p.record_id for p in decide(message, POLICY, knowledge).links}
    assert 5 not in links
