"""The team's settings: who may change them, what is refused, and what a change does to mail that comes."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backend.accounts.rules import checked_domains, checked_prefix
from backend.accounts.service import change_workspace
from backend.accounts.shapes import ContactPolicy
from backend.accounts.store import get_workspace
from backend.kit.errors import UserError
from backend.records.tables import Contact
from backend.web.house import House
from tests.accounts.conftest import Team, csrf_token, sign_in
from tests.cast import ALICE, DORA, Office

ADMIN = "root@acme.example"


def test_the_contact_policy_counts_for_mail_from_then_on(office: Office) -> None:
    with office.db.write() as session:
        policy = {"contact_policy": ContactPolicy.OFF.value}
        change_workspace(session, office.clock, office.actors[ADMIN], policy)
    office.mail(ALICE, DORA)
    office.sync()
    with office.db.read() as session:
        assert session.scalars(select(Contact)).all() == []
    with office.db.write() as session:
        change_workspace(session, office.clock, office.actors[ADMIN], {"contact_policy": ContactPolicy.ALL.value})
    office.mail("stranger@elsewhere.example", ALICE)
    office.sync()
    with office.db.read() as session:
        assert len(session.scalars(select(Contact)).all()) == 1


@pytest.mark.parametrize("domain", ["nonsense", "a b.example", "x@y.example"])
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(UserError, match="not a mail domain"):
        checked_domains(domain)


def test_a_domain_is_taken_however_it_is_written() -> None:
    assert (checked_domains(" @ACME.example "), checked_domains("")) == ("acme.example", "")
    assert checked_domains("acme.example, acme.test acme.example") == "acme.example, acme.test"
    with pytest.raises(UserError, match="more domains than fit"):
        checked_domains(" ".join(f"{n}.acme.example" for n in range(30)))


@pytest.mark.parametrize("prefix", ["", "D-", "ÄB", "TOOLONGBYFAR", "1"])
def test_a_prefix_is_one_to_ten_letters(prefix: str) -> None:
    with pytest.raises(UserError, match="one to ten letters"):
        checked_prefix(prefix)
    assert checked_prefix(" d ") == "D"


def test_nothing_is_changed_where_one_field_is_wrong(office: Office) -> None:
    changes = {"name": "Other", "domain": "nonsense"}
    with pytest.raises(UserError), office.db.write() as session:
        change_workspace(session, office.clock, office.actors[ADMIN], changes)
    with office.db.read() as session:
        assert get_workspace(session, office.workspace_id).name == "Acme"


def test_an_admin_saves_the_form_and_what_is_wrong_comes_back_with_its_sentence(
    client: FlaskClient, staff: Team, house: House
) -> None:
    sign_in(client, staff.alice.email)
    token = csrf_token(client, "/settings/team")
    form = {"name": "Acme & Co", "contact_policy": "all", "deal_reference_prefix": "acme", "private_label": "Privat"}
    answer = client.post("/settings/team", data={**form, "domain": "nonsense", "csrf_token": token})
    assert answer.status_code == 400
    assert "Acme &amp; Co" in answer.get_data(as_text=True)
    assert (
        client.post("/settings/team", data={**form, "domain": "acme.example", "csrf_token": token}).status_code == 302
    )
    with house.db.read() as session:
        workspace = get_workspace(session, staff.workspace.id)
    assert (workspace.name, workspace.domain, workspace.contact_policy) == ("Acme & Co", "acme.example", "all")
    assert (workspace.deal_reference_prefix, workspace.private_label) == ("ACME", "Privat")


def test_the_page_is_for_admins(client: FlaskClient, staff: Team) -> None:
    sign_in(client, staff.bob.email)
    assert client.get("/settings/team").status_code == 403
