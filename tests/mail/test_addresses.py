"""When two addresses are one, whose domain it is, and whether a person stands behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.mail.addresses import (
    address_of,
    domain_of,
    is_free_mail,
    is_role_or_robot,
    key_of,
    registrable_domain,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane.Doe@Gmail.com", "janedoe@googlemail.com"),
        ("jane+crm@gmail.com", "jane@gmail.com"),
        ("JANE@North.Example", "jane@north.example"),
        ('"jane"@north.example', "jane@north.example"),
        ("jane@müller.example", "jane@xn--mller-kva.example"),
    ],
)
def test_two_spellings_of_one_mailbox_share_a_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jane+crm@north.example", "jane@north.example"),
        ("jane.doe@north.example", "janedoe@north.example"),
        ('"jane doe"@north.example', "janedoe@north.example"),
    ],
)
def test_elsewhere_dots_and_plus_may_be_another_mailbox(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@given(st.emails())
def test_a_key_is_its_own_key(email: str) -> None:
    assert key_of(key_of(email)) == key_of(email)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "jane",
        "jane@",
        "@north.example",
        "jane doe@north.example",
        "a" * 250 + "@north.example",
        "a@b@c.example",
        "a\x00@b.example",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    assert address_of(written) is None


def test_the_email_keeps_its_spelling_but_for_the_domain() -> None:
    address = address_of("Jane.Doe@North.EXAMPLE", "Jane")
    assert address is not None
    assert (address.email, address.key) == ("Jane.Doe@north.example", "jane.doe@north.example")


def test_a_name_that_only_repeats_the_address_is_no_name() -> None:
    address = address_of("jane@north.example", "'Jane@North.example'")
    assert address is not None
    assert address.name == ""


def test_a_subdomain_belongs_to_the_domain_that_was_registered() -> None:
    assert registrable_domain("mail.eu.north.co.uk") == "north.co.uk"
    assert registrable_domain("co.uk") == ""
    assert domain_of("jane@mail.north.example") == "mail.north.example"


@pytest.mark.parametrize(
    "domain", ["gmail.com", "yahoo.com.ar", "hotmail.es", "outlook.com", "gmx.at", "web.de", "terra.com.br", "qq.com"]
)
def test_free_mail_says_nothing_about_a_company(domain: str) -> None:
    assert is_free_mail(domain)


@pytest.mark.parametrize("domain", ["north.example", "gmail.com.north.example", "yahoo.consulting", "mygmail.com"])
def test_a_company_s_domain_is_no_free_mail(domain: str) -> None:
    assert not is_free_mail(domain)


@pytest.mark.parametrize(
    "local",
    ["no-reply", "noreply", "do_not_reply", "noreply-crm", "billing-noreply", "mailer-daemon", "postmaster",
     "notifications", "bounce+1234=jane", "no.responder", "ne-pas-repondre", "newsletter", "alerts"],
)  # fmt: skip
def test_robots_are_known_by_their_address(local: str) -> None:
    assert is_role_or_robot(f"{local}@north.example")


@pytest.mark.parametrize("local", ["jane", "info", "ventas", "sales", "robottom", "norah.reply", "bounceley"])
def test_people_and_offices_that_people_answer_from_are_no_robots(local: str) -> None:
    assert not is_role_or_robot(f"{local}@north.example")
