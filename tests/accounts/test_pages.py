"""Signing in and out through a browser, and the tricks that must not work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from backend.accounts import mailboxes, service, store
from backend.accounts.desk import Desk, open_desk
from backend.accounts.grants import Vault
from backend.accounts.guards import SIGN_IN_TRIES, find_visitor, install_guards
from backend.accounts.keys import make_sign_in_link
from backend.accounts.pages import register_pages
from backend.accounts.shapes import GrantKind
from backend.accounts.tables import Mailbox, User
from backend.audit import store as audit_store
from backend.kit.clock import VirtualClock
from backend.web.frame import make_web
from backend.web.house import House, move_in
from tests.accounts.conftest import PASSWORD, Team, csrf_token, sign_in

ALICE, BOB = "alice@lumbrera.example", "bob@lumbrera.example"
HOME = "/settings/mailboxes"

pytestmark = pytest.mark.usefixtures("staff")


def connect(house: House, clock: VirtualClock, vault: Vault, user: User) -> Mailbox:
    with house.db.write() as session:
        owner = store.get_user(session, user.workspace_id, user.id)
        return mailboxes.connect_mailbox(
            session, clock, vault, owner, address=user.email, address_key=user.email, kind=GrantKind.EMULATOR
        )


class TestPassword:
    def test_the_right_one_opens_the_pages_and_is_logged(self, client: FlaskClient, staff: Team, house: House) -> None:
        assert sign_in(client, " Alice@Lumbrera.EXAMPLE ") == 302
        assert client.get(HOME).status_code == 200
        with house.db.read() as session:
            last = audit_store.latest(session, staff.workspace.id, before_seq=None, limit=1)[0]
        assert (last.action, last.actor_id, last.details) == ("user.sign_in", staff.alice.id, {"how": "password"})

    @pytest.mark.parametrize(
        ("email", "password"),
        [(ALICE, "wrong password"), ("nobody@lumbrera.example", PASSWORD), ("carol@nordwind.example", ""), ("", "")],
    )
    def test_anything_else_gets_one_and_the_same_sentence(
        self, client: FlaskClient, staff: Team, email: str, password: str
    ) -> None:
        assert staff.carol.password_hash is None
        form = {"email": email, "password": password, "csrf_token": csrf_token(client)}
        answer = client.post("/login", data=form)
        assert answer.status_code == 403
        assert "E-mail and password do not match." in answer.get_data(as_text=True)
        assert client.get(HOME).status_code == 302

    def test_a_disabled_person_is_refused_and_thrown_out(
        self, client: FlaskClient, staff: Team, house: House, clock: VirtualClock
    ) -> None:
        sign_in(client, BOB)
        with house.db.write() as session:
            bob = store.get_user(session, staff.workspace.id, staff.bob.id)
            service.disable_user(session, clock, service.to_actor(staff.alice), bob)
        assert client.get(HOME).status_code == 302
        assert sign_in(client, BOB) == 403

    def test_being_disabled_is_enough_whatever_the_cookie_says(
        self, client: FlaskClient, staff: Team, house: House, clock: VirtualClock
    ) -> None:
        sign_in(client, BOB)
        with house.db.write() as session:
            store.get_user(session, staff.workspace.id, staff.bob.id).disabled_at = clock.now()
        assert client.get(HOME).status_code == 302

    def test_signing_out_everywhere_ends_sessions_in_other_browsers(
        self, client: FlaskClient, staff: Team, house: House, clock: VirtualClock
    ) -> None:
        sign_in(client, BOB)
        with house.db.write() as session:
            service.end_sessions(session, clock, store.get_user(session, staff.workspace.id, staff.bob.id))
        assert client.get(HOME).status_code == 302

    @pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1"])
    def test_the_way_after_sign_in_never_leads_elsewhere(self, client: FlaskClient, target: str) -> None:
        form = {"email": ALICE, "password": PASSWORD, "next": target, "csrf_token": csrf_token(client)}
        assert client.post("/login", data=form).location == "/"

    def test_strangers_come_back_to_where_they_wanted_to_go(self, client: FlaskClient) -> None:
        wanted = client.get(f"{HOME}?x=1").location
        assert wanted is not None
        token = csrf_token(client, wanted)
        page = client.get(wanted).get_data(as_text=True)
        assert f'name="next" value="{HOME}?x=1"' in page
        form = {"email": ALICE, "password": PASSWORD, "next": f"{HOME}?x=1", "csrf_token": token}
        assert client.post("/login", data=form).location == f"{HOME}?x=1"

    def test_too_many_tries_are_slowed_down(self, house: House, desk_of_app: Desk) -> None:
        app = APIFlask("backend")
        app.config.update(SECRET_KEY="only for tests, of no use to anybody")
        move_in(app, house)
        open_desk(app, desk_of_app)
        install_guards(app, is_local=True)
        make_web(app, find_visitor)
        register_pages(app)
        client = app.test_client()
        tries = int(SIGN_IN_TRIES.split()[0])
        assert [sign_in(client, "nobody@lumbrera.example") for _ in range(tries)] == [403] * tries
        assert sign_in(client, ALICE) == 429


class TestSession:
    def test_the_cookie_is_kept_from_scripts_and_other_sites(self, client: FlaskClient) -> None:
        form = {"email": ALICE, "password": PASSWORD, "csrf_token": csrf_token(client)}
        cookie = client.post("/login", data=form).headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie

    def test_beyond_loopback_the_cookie_travels_encrypted_only(self) -> None:
        app = APIFlask("backend")
        install_guards(app, is_local=False)
        assert app.config["SESSION_COOKIE_SECURE"] is True

    def test_signing_out_ends_it(self, client: FlaskClient) -> None:
        sign_in(client, ALICE)
        client.post("/logout", data={"csrf_token": csrf_token(client, HOME)})
        assert client.get(HOME).status_code == 302

    @pytest.mark.parametrize("path", ["/login", "/logout", "/signin/x", f"{HOME}/1/disconnect"])
    def test_a_form_from_another_site_changes_nothing(self, client: FlaskClient, path: str) -> None:
        sign_in(client, ALICE)
        assert client.post(path).status_code == 400
        assert client.get(HOME).status_code == 200

    @pytest.mark.parametrize("forged", ["x", "1", "1:2:3", "-1:1", "999:1", "²:1"])
    def test_a_cookie_that_names_nobody_is_nobodys(self, client: FlaskClient, forged: str) -> None:
        with client.session_transaction() as session:
            session["_user_id"] = forged
        assert client.get(HOME).status_code == 302


class TestOneTimeLink:
    @pytest.fixture
    def link(self, staff: Team, house: House, clock: VirtualClock) -> str:
        with house.db.write() as session:
            return "/signin/" + make_sign_in_link(session, clock, staff.bob)

    def test_looking_uses_nothing_up_and_pressing_signs_in_once(self, client: FlaskClient, link: str) -> None:
        for _ in range(3):
            assert client.get(link).status_code == 200
        form = {"csrf_token": csrf_token(client, link)}
        assert client.post(link, data=form).location == "/"
        assert "bob@" in client.get(HOME).get_data(as_text=True)
        assert client.post(link, data={"csrf_token": csrf_token(client, HOME)}).status_code == 403

    def test_it_leads_on_to_the_mailbox_that_is_to_be_connected(self, client: FlaskClient, link: str) -> None:
        link += "?next=/settings/mailboxes%3Faddress%3Dbob%2540gmail.example"
        page = client.get(link).get_data(as_text=True)
        assert 'value="/settings/mailboxes?address=bob%40gmail.example"' in page
        form = {"csrf_token": csrf_token(client, link), "next": "/settings/mailboxes?address=bob%40gmail.example"}
        assert client.post(link.split("?")[0], data=form).location == form["next"]

    def test_a_link_nobody_made_is_refused(self, client: FlaskClient) -> None:
        assert client.post("/signin/made-up", data={"csrf_token": csrf_token(client)}).status_code == 403


class TestSampleLogins:
    def test_there_are_none_outside_the_demo(self, client: FlaskClient) -> None:
        assert ALICE not in client.get("/login").get_data(as_text=True)
        form = {"email": ALICE, "csrf_token": csrf_token(client)}
        assert client.post("/login/sample", data=form).status_code == 404

    def test_the_demo_lists_its_people_and_lets_them_in_with_one_click(
        self, app: APIFlask, client: FlaskClient, house: House
    ) -> None:
        move_in(app, replace(house, is_demo=True))
        page = client.get("/login").get_data(as_text=True)
        assert ALICE in page
        assert "carol@" not in page
        form = {"email": BOB, "csrf_token": csrf_token(client)}
        assert client.post("/login/sample", data=form).status_code == 302
        assert client.get(HOME).status_code == 200


class TestMailboxes:
    def test_an_empty_page_says_what_it_is_for(self, client: FlaskClient) -> None:
        sign_in(client, BOB)
        assert "No mailbox yet" in client.get(HOME).get_data(as_text=True)

    def test_pausing_sharing_and_disconnecting_ones_own(
        self, client: FlaskClient, staff: Team, house: House, clock: VirtualClock, vault: Vault
    ) -> None:
        mailbox = connect(house, clock, vault, staff.bob)
        sign_in(client, BOB)
        seen = []
        for step, form in (("pause", {}), ("resume", {}), ("sharing", {"sharing": "subject"}), ("disconnect", {})):
            token = {"csrf_token": csrf_token(client, HOME)}
            assert client.post(f"{HOME}/{mailbox.id}/{step}", data={**token, **form}).status_code == 302
            with house.db.read() as session:
                now = store.get_mailbox(session, staff.workspace.id, mailbox.id)
            seen.append((now.status, now.sharing))
        assert seen == [
            ("paused", "everything"), ("active", "everything"), ("active", "subject"), ("disconnected", "subject"),
        ]  # fmt: skip

    def test_a_colleagues_mailbox_is_not_there(
        self, client: FlaskClient, staff: Team, house: House, clock: VirtualClock, vault: Vault
    ) -> None:
        mailbox = connect(house, clock, vault, staff.alice)
        sign_in(client, BOB)
        form = {"csrf_token": csrf_token(client, HOME), "sharing": "nothing"}
        for step in ("sharing", "pause", "disconnect", "audit", "retry"):
            assert client.post(f"{HOME}/{mailbox.id}/{step}", data=form).status_code == 404
        assert client.get(f"{HOME}/{mailbox.id}").status_code == 404
        assert ALICE not in client.get(HOME).get_data(as_text=True)

    def test_an_admin_sees_them_all_and_can_stop_one_but_not_share_it(
        self, client: FlaskClient, staff: Team, house: House, clock: VirtualClock, vault: Vault
    ) -> None:
        mailbox = connect(house, clock, vault, staff.bob)
        sign_in(client, ALICE)
        assert BOB in client.get(HOME).get_data(as_text=True)
        form = {"csrf_token": csrf_token(client, HOME), "sharing": "nothing"}
        assert client.post(f"{HOME}/{mailbox.id}/sharing", data=form).status_code == 404
        assert client.post(f"{HOME}/{mailbox.id}/pause", data=form).status_code == 302
        with house.db.read() as session:
            assert store.get_mailbox(session, staff.workspace.id, mailbox.id).status == "paused"

    def test_without_a_client_at_google_there_is_no_way_there(self, client: FlaskClient) -> None:
        assert client.get("/oauth/google/start").status_code == 404
        assert "Google" not in client.get("/login").get_data(as_text=True)
