"""Settings in one place: each page that sets something, as far as one may."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from tests.accounts.conftest import Team, sign_in


def listed(client: FlaskClient) -> set[str]:
    page = client.get("/settings").get_data(as_text=True)
    inside = re.search(r'<nav class="panel settings-list".*?</nav>', page, re.DOTALL)
    assert inside is not None
    return set(re.findall(r'<a href="([^"]+)"', inside[0]))


def test_an_admin_finds_every_page_that_sets_something(client: FlaskClient, staff: Team) -> None:
    sign_in(client, staff.alice.email)
    pages = listed(client)
    assert "/settings/team" in pages
    assert {client.get(page).status_code for page in pages} == {200}


def test_a_rep_is_not_led_where_they_may_not_go(client: FlaskClient, staff: Team) -> None:
    sign_in(client, staff.bob.email)
    assert "/settings/team" not in listed(client)


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/settings").status_code == 302
