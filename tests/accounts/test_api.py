"""Users, mailboxes and keys over HTTP: who sees what, by key and by session."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from backend.accounts import mailboxes, service, store
from backend.accounts.grants import Vault
from backend.accounts.shapes import GrantKind
from backend.accounts.tables import Mailbox, User
from backend.kit.clock import VirtualClock
from backend.web.house import House
from tests.accounts.conftest import Team, bearer, csrf_token, sign_in


@pytest.fixture
def boxes(house: House, clock: VirtualClock, vault: Vault, staff: Team) -> dict[str, Mailbox]:
    """One mailbox for each of the three."""
    return {user.email: _connect(house, clock, vault, user) for user in (staff.alice, staff.bob, staff.carol)}


def _connect(house: House, clock: VirtualClock, vault: Vault, user: User) -> Mailbox:
    with house.db.write() as session:
        owner = store.get_user(session, user.workspace_id, user.id)
        return mailboxes.connect_mailbox(
            session, clock, vault, owner, address=user.email, address_key=user.email, kind=GrantKind.OAUTH, secret="s"
        )


class TestWhoAsks:
    @pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eA=="}])
    def test_strangers_get_a_problem_that_says_how_to_prove_oneself(
        self, client: FlaskClient, header: dict[str, str]
    ) -> None:
        answer = client.get("/api/v1/users", headers=header)
        assert answer.status_code == 401
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_a_key_acts_as_its_person(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team
    ) -> None:
        me = client.get("/api/v1/users/me", headers=bearer(house, clock, staff.bob)).get_json()
        assert (me["email"], me["role"]) == (staff.bob.email, "rep")
        assert "password_hash" not in me

    def test_the_scheme_is_read_in_any_case(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team
    ) -> None:
        header = {"Authorization": bearer(house, clock, staff.bob)["Authorization"].replace("Bearer", "bearer")}
        assert client.get("/api/v1/users/me", headers=header).status_code == 200

    def test_a_bad_key_is_not_saved_by_a_good_cookie(self, client: FlaskClient, staff: Team) -> None:
        sign_in(client, staff.bob.email)
        assert client.get("/api/v1/users/me").status_code == 200
        assert client.get("/api/v1/users/me", headers={"Authorization": "Bearer wrong"}).status_code == 401

    def test_a_key_of_a_disabled_person_is_refused(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team
    ) -> None:
        header = bearer(house, clock, staff.bob)
        with house.db.write() as session:
            bob = store.get_user(session, staff.workspace.id, staff.bob.id)
            service.disable_user(session, clock, service.to_actor(staff.alice), bob)
        assert client.get("/api/v1/users/me", headers=header).status_code == 401

    def test_a_browser_needs_the_pages_token_to_change_something_and_a_key_does_not(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, boxes: dict[str, Mailbox]
    ) -> None:
        path, change = f"/api/v1/mailboxes/{boxes[staff.bob.email].id}", {"sharing": "subject"}
        sign_in(client, staff.bob.email)
        assert client.patch(path, json=change).status_code == 400
        token = csrf_token(client, "/settings/mailboxes")
        assert client.patch(path, json=change, headers={"X-CSRFToken": token}).status_code == 200
        stranger = client.application.test_client()
        assert stranger.patch(path, json=change, headers=bearer(house, clock, staff.bob)).status_code == 200


class TestMailboxes:
    def test_a_rep_sees_their_own_an_admin_the_teams_and_nobody_another_teams(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, boxes: dict[str, Mailbox]
    ) -> None:
        def seen_by(user: User) -> set[str]:
            page = client.get("/api/v1/mailboxes", headers=bearer(house, clock, user)).get_json()
            return {item["address"] for item in page["items"]}

        assert len(boxes) == 3
        assert seen_by(staff.bob) == {staff.bob.email}
        assert seen_by(staff.alice) == {staff.alice.email, staff.bob.email}
        assert seen_by(staff.carol) == {staff.carol.email}

    def test_what_is_not_theirs_is_not_there(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, boxes: dict[str, Mailbox]
    ) -> None:
        for asker, owner, status in (
            (staff.bob, staff.alice, 404), (staff.carol, staff.bob, 404), (staff.alice, staff.bob, 200),
        ):  # fmt: skip
            path, header = f"/api/v1/mailboxes/{boxes[owner.email].id}", bearer(house, clock, asker)
            assert client.get(path, headers=header).status_code == status
            assert client.patch(path, headers=header, json={"status": "paused"}).status_code == status

    def test_pausing_and_resuming(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, boxes: dict[str, Mailbox]
    ) -> None:
        path, header = f"/api/v1/mailboxes/{boxes[staff.bob.email].id}", bearer(house, clock, staff.bob)
        for status in ("paused", "active"):
            answer = client.patch(path, headers=header, json={"status": status})
            assert answer.get_json()["status"] == status
            assert "grant_ciphertext" not in answer.get_json()

    @pytest.mark.parametrize("change", [{"status": "disconnected"}, {"sharing": "loud"}, {"sharing": 1}])
    def test_a_change_that_is_not_offered_is_refused(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, boxes: dict[str, Mailbox],
        change: dict[str, object],
    ) -> None:  # fmt: skip
        path = f"/api/v1/mailboxes/{boxes[staff.bob.email].id}"
        answer = client.patch(path, headers=bearer(house, clock, staff.bob), json=change)
        assert answer.status_code == 422
        assert answer.content_type == "application/problem+json"


class TestPages:
    def test_the_team_is_read_page_by_page(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team
    ) -> None:
        header = bearer(house, clock, staff.bob)
        first = client.get("/api/v1/users?limit=1", headers=header).get_json()
        assert [u["email"] for u in first["items"]] == [staff.alice.email]
        rest = client.get(f"/api/v1/users?limit=1&cursor={first['next']}", headers=header).get_json()
        assert [u["email"] for u in rest["items"]] == [staff.bob.email]
        assert rest["next"] is None

    @pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x"])
    def test_a_foolish_limit_is_refused(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, query: str
    ) -> None:
        assert client.get(f"/api/v1/users?{query}", headers=bearer(house, clock, staff.bob)).status_code == 422

    @pytest.mark.parametrize("cursor", ["!", "WzEsMl0", "WyJ4Il0"])
    def test_a_page_mark_that_is_not_ours_is_refused(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team, cursor: str
    ) -> None:
        path = f"/api/v1/users?cursor={cursor}"
        assert client.get(path, headers=bearer(house, clock, staff.bob)).status_code == 400

    def test_another_teams_person_is_not_there(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team
    ) -> None:
        header = bearer(house, clock, staff.alice)
        assert client.get(f"/api/v1/users/{staff.bob.id}", headers=header).status_code == 200
        assert client.get(f"/api/v1/users/{staff.carol.id}", headers=header).status_code == 404

    def test_keys_are_listed_by_their_beginnings_only(
        self, client: FlaskClient, house: House, clock: VirtualClock, staff: Team
    ) -> None:
        bearer(house, clock, staff.alice)
        header = bearer(house, clock, staff.bob)
        items = client.get("/api/v1/users/me/keys", headers=header).get_json()["items"]
        assert [set(item) for item in items] == [{"id", "user_id", "name", "prefix", "created_at"}]
        assert header["Authorization"].removeprefix("Bearer ").startswith(items[0]["prefix"])


def test_the_description_names_each_shape_once(client: FlaskClient) -> None:
    shapes = client.get("/openapi.json").get_json()["components"]["schemas"]
    assert {"UserOut", "UserPage", "MailboxOut", "MailboxPage", "ApiKeyList"} <= set(shapes)
    assert not [name for name in shapes if name.endswith("1")]
