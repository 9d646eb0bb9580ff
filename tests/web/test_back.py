from __future__ import annotations

import pytest
from apiflask import APIFlask

from backend.web.back import local_path, way_back


@pytest.mark.parametrize("path", ["/", "/timeline?kind=mail", "/deals/4#mail-9"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "address",
    ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "x"],
)
def test_an_address_that_leads_elsewhere_is_dropped(address: str) -> None:
    assert local_path(address) == ""


def test_next_goes_before_the_page_where_the_form_stood(app: APIFlask) -> None:
    with app.test_request_context("/?next=/deals", headers={"Referer": "http://localhost/timeline?page=2"}):
        assert way_back() == "/deals"


def test_without_next_the_page_where_the_form_stood(app: APIFlask) -> None:
    with app.test_request_context("/", headers={"Referer": "http://localhost/timeline?page=2"}):
        assert way_back() == "/timeline?page=2"


def test_a_form_on_another_site_does_not_lead_back_there(app: APIFlask) -> None:
    with app.test_request_context("/?next=//evil.example", headers={"Referer": "http://evil.example/trap"}):
        assert way_back("/home") == "/home"
