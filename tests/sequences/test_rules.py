"""Templates: what Liquid may do with fields, and what it may not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.errors import UserError
from backend.sequences.texts.rules import FIELDS, as_html, check, fill, one_line

ANA = {"contact.first_name": "Ana", "company.name": "Nordwind"}


def test_fields_are_filled_in_and_those_without_a_value_are_named() -> None:
    filled = fill("Hi {{ contact.first_name }} of {{ company.name }}, re {{ deal.name }}", ANA)
    assert (filled.text, filled.missing) == ("Hi Ana of Nordwind, re [deal.name]", ("deal.name",))


def test_words_for_when_there_is_nothing_leave_no_gap() -> None:
    filled = fill("Hi {{ contact.first_name | default: 'there' }}{% if deal.name %}, {{ deal.name }}{% endif %}", {})
    assert (filled.text, filled.missing) == ("Hi there", ())


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.first_name",
        "{% foo %}",
        "{{ contact.first_name | nofilter }}",
        "{% if true %}",
        "{{ contact.password }}",
        "{{ settings }}",
        "{% include 'x' %}{{ y }}",
        "x" * 50_001,
    ],
    ids=lambda source: source[:30],
)
def test_what_cannot_be_filled_in_is_refused_in_one_sentence(source: str) -> None:
    with pytest.raises(UserError) as refused:
        check(source)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..30000000) %}a{% endfor %}",
        "{% for i in (1..999) %}{% for j in (1..99) %}{{ contact.first_name }}{% endfor %}{% endfor %}",
        "{% include 'x' %}",
    ],
)
def test_a_template_that_would_run_away_ends_at_a_limit(source: str) -> None:
    with pytest.raises(UserError):
        fill(source, ANA)


def test_no_field_becomes_html_or_another_header() -> None:
    values = {"contact.first_name": "<img src=x onerror=y>&", "deal.name": "Seats\r\nBcc: all@x.example"}
    assert "<img" not in as_html(fill("{{ contact.first_name }}", values).text)
    assert one_line(fill("{{ deal.name }}", values).text) == "Seats Bcc: all@x.example"
    assert fill("{{ contact.first_name }}", {"contact.first_name": "{{ sender.email }}"}).text == "{{ sender.email }}"


def test_paragraphs_and_lines_stay_what_they_were() -> None:
    assert as_html("Hi\r\n\r\none\ntwo\n \nthree") == "<p>Hi</p><p>one<br>two</p><p>three</p>"


@given(st.text(max_size=200), st.sampled_from(FIELDS))
def test_whatever_a_field_holds_only_our_own_tags_are_in_the_html(value: str, field: str) -> None:
    html = as_html(fill(f"{{{{ {field} }}}}", {field: value}).text)
    assert set(re.findall(r"<[^>]*>", html)) <= {"<p>", "</p>", "<br>"}
