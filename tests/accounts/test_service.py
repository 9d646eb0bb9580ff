"""Users, keys and mailboxes on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.accounts import keys, mailboxes, service, store
from backend.accounts.grants import Vault
from backend.accounts.rules import SIGN_IN_LINK_LIVES
from backend.accounts.shapes import GrantKind, MailboxStatus, Role, Sharing
from backend.accounts.tables import ApiKey, Mailbox, SignInLink, User
from backend.audit import service as audit
from backend.audit import store as audit_store
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from tests.accounts.conftest import PASSWORD, Team

BOX = "bob.birch@gmail.example"
KEY = "bobbirch@gmail.example"


def connect(db: Database, clock: VirtualClock, vault: Vault, user: User, secret: str = "s3cret") -> Mailbox:
    with db.write() as session:
        owner = store.get_user(session, user.workspace_id, user.id)
        return mailboxes.connect_mailbox(
            session, clock, vault, owner, address=BOX, address_key=KEY, kind=GrantKind.OAUTH, secret=secret
        )


class TestUsers:
    def test_an_address_signs_in_one_person_of_the_whole_installation(
        self, db: Database, clock: VirtualClock, team: Team
    ) -> None:
        with db.write() as session, pytest.raises(ConflictError):
            theirs = store.get_workspace(session, team.carol.workspace_id)
            service.create_user(session, clock, theirs, email=" BOB@lumbrera.example", role=Role.REP)

    @pytest.mark.parametrize("email", ["", "bob", "bob@", "@x.example", "b ob@x.example", "Bob <bob@x.example>"])
    def test_what_is_no_address_makes_no_user(self, db: Database, clock: VirtualClock, team: Team, email: str) -> None:
        with db.write() as session, pytest.raises(UserError, match="is not an e-mail address"):
            service.create_user(session, clock, team.workspace, email=email, role=Role.REP)

    def test_a_workspace_sees_only_its_own_people(self, db: Database, team: Team) -> None:
        with db.read() as session:
            assert [u.email for u in store.users(session, team.workspace.id)] == [team.alice.email, team.bob.email]
            with pytest.raises(NotFoundError):
                store.get_user(session, team.workspace.id, team.carol.id)

    def test_the_last_admin_stays_one(self, db: Database, clock: VirtualClock, team: Team) -> None:
        by = service.to_actor(team.alice)
        with db.write() as session:
            alice = store.get_user(session, team.workspace.id, team.alice.id)
            with pytest.raises(UserError, match="only admin"):
                service.change_user(session, clock, by, alice, {"role": "rep"})
            with pytest.raises(UserError, match="only admin"):
                service.disable_user(session, clock, by, alice)
            bob = store.get_user(session, team.workspace.id, team.bob.id)
            service.change_user(session, clock, by, bob, {"role": "admin"})
            session.flush()
            service.change_user(session, clock, by, alice, {"role": "rep"})
            assert (alice.role, bob.role) == ("rep", "admin")

    @pytest.mark.parametrize("change", [{"role": "king"}, {"locale": "xx"}, {"timezone": "Mars/Base"}])
    def test_a_change_that_makes_no_sense_is_refused(
        self, db: Database, clock: VirtualClock, team: Team, change: dict[str, str]
    ) -> None:
        with db.write() as session, pytest.raises(UserError):
            bob = store.get_user(session, team.workspace.id, team.bob.id)
            service.change_user(session, clock, service.to_actor(team.alice), bob, change)

    def test_a_disabled_person_can_be_let_in_again(self, db: Database, clock: VirtualClock, team: Team) -> None:
        by = service.to_actor(team.alice)
        with db.write() as session:
            bob = store.get_user(session, team.workspace.id, team.bob.id)
            service.disable_user(session, clock, by, bob)
            assert store.users(session, team.workspace.id, active_only=True)[-1].id == team.alice.id
            service.enable_user(session, clock, by, bob)
            assert bob.disabled_at is None

    def test_every_change_is_in_an_unbroken_log(self, db: Database, team: Team) -> None:
        with db.read() as session:
            actions = [e.action for e in audit_store.entries(session, team.workspace.id)]
            assert actions == ["workspace.create", "user.create", "user.create"]
            assert audit.verify(session, team.workspace.id).holds


class TestPasswords:
    def test_only_a_hash_is_kept_and_it_fits_only_the_password(
        self, db: Database, clock: VirtualClock, team: Team
    ) -> None:
        with db.write() as session:
            bob = store.get_user(session, team.workspace.id, team.bob.id)
            before = bob.session_version
            keys.set_password(session, clock, bob, PASSWORD)
            assert bob.session_version == before + 1
            assert bob.password_hash is not None
            assert bob.password_hash.startswith("$argon2id$")
        with db.read() as session:
            found = keys.check_password(session, "BOB@lumbrera.example ", PASSWORD)
            assert found is not None
            assert found.id == team.bob.id
            assert keys.check_password(session, team.bob.email, PASSWORD + "x") is None

    def test_an_unknown_address_costs_the_same_work(
        self, db: Database, team: Team, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verified: list[str] = []

        def fits(known_hash: str, _password: str) -> bool:
            verified.append(known_hash)
            return True

        monkeypatch.setattr(keys, "_fits", fits)
        with db.read() as session:
            for email in ("nobody@lumbrera.example", team.bob.email, "\x00", "\ud800"):
                assert keys.check_password(session, email, PASSWORD) is None
        assert [known.startswith("$argon2id$") for known in verified] == [True] * 4

    @pytest.mark.parametrize("password", ["", "short", "x" * 201])
    def test_one_of_a_foolish_length_is_refused(
        self, db: Database, clock: VirtualClock, team: Team, password: str
    ) -> None:
        with db.write() as session, pytest.raises(UserError, match="A password has at"):
            keys.set_password(session, clock, store.get_user(session, team.workspace.id, team.bob.id), password)


class TestSignInLinks:
    def test_a_link_is_stored_only_as_its_hash(self, db: Database, clock: VirtualClock, team: Team) -> None:
        with db.write() as session:
            token = keys.make_sign_in_link(session, clock, team.bob)
        with db.read() as session:
            assert token.encode() not in session.scalars(select(SignInLink.token_hash)).one()

    def test_it_works_until_it_expires(self, db: Database, clock: VirtualClock, team: Team) -> None:
        with db.write() as session:
            tokens = [keys.make_sign_in_link(session, clock, team.bob) for _ in range(2)]
        clock.advance(SIGN_IN_LINK_LIVES - timedelta(seconds=1))
        with db.write() as session:
            found = keys.redeem_sign_in_link(session, clock, tokens[0])
            assert found is not None
            assert found.id == team.bob.id
        clock.advance(timedelta(seconds=1))
        with db.write() as session:
            assert keys.redeem_sign_in_link(session, clock, tokens[1]) is None

    def test_of_many_who_press_at_once_one_gets_in(self, db: Database, clock: VirtualClock, team: Team) -> None:
        with db.write() as session:
            token = keys.make_sign_in_link(session, clock, team.bob)

        def press(_: int) -> bool:
            with db.write() as session:
                return keys.redeem_sign_in_link(session, clock, token) is not None

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(press, range(8))) == 1

    def test_a_disabled_persons_link_opens_nothing(self, db: Database, clock: VirtualClock, team: Team) -> None:
        with db.write() as session:
            token = keys.make_sign_in_link(session, clock, team.bob)
            bob = store.get_user(session, team.workspace.id, team.bob.id)
            service.disable_user(session, clock, service.to_actor(team.alice), bob)
        with db.write() as session:
            assert keys.redeem_sign_in_link(session, clock, token) is None


class TestApiKeys:
    def test_a_key_acts_as_its_person_until_it_is_revoked(self, db: Database, clock: VirtualClock, team: Team) -> None:
        with db.write() as session:
            key = keys.create_api_key(session, clock, team.bob, name="import")
        with db.write() as session:
            assert keys.resolve_api_key(session, key) == service.to_actor(team.bob)
            row = store.api_keys(session, team.workspace.id)[0]
            assert key.startswith(row.prefix)
            assert key.encode() not in row.key_hash
            keys.revoke_api_key(session, clock, service.to_actor(team.alice), row)
            session.flush()
            assert keys.resolve_api_key(session, key) is None
            assert store.api_keys(session, team.workspace.id) == []

    def test_the_readable_beginning_opens_nothing(self, db: Database, clock: VirtualClock, team: Team) -> None:
        with db.write() as session:
            key = keys.create_api_key(session, clock, team.bob)
        with db.read() as session:
            prefix = session.scalars(select(ApiKey.prefix)).one()
            for guess in ("", prefix, prefix + "x", key[:-1], key + "x", "\ud800", "\x00"):
                assert keys.resolve_api_key(session, guess) is None

    def test_a_key_of_another_team_is_not_there(self, db: Database, clock: VirtualClock, team: Team) -> None:
        with db.write() as session:
            keys.create_api_key(session, clock, team.carol)
            row = session.scalars(select(ApiKey)).one()
            with pytest.raises(NotFoundError):
                store.get_api_key(session, team.workspace.id, row.id)
            assert store.get_api_key(session, team.carol.workspace_id, row.id) is row


class TestMailboxes:
    def test_the_grant_is_sealed_and_comes_back(
        self, db: Database, clock: VirtualClock, team: Team, vault: Vault
    ) -> None:
        mailbox = connect(db, clock, vault, team.bob)
        assert b"s3cret" not in (mailbox.grant_ciphertext or b"")
        assert mailboxes.open_grant(vault, mailbox) == "s3cret"

    def test_reconnecting_keeps_the_mailbox_and_its_history(
        self, db: Database, clock: VirtualClock, team: Team, vault: Vault
    ) -> None:
        first = connect(db, clock, vault, team.bob)
        with db.write() as session:
            mailbox = store.get_mailbox(session, team.workspace.id, first.id)
            mailboxes.share_mailbox(session, clock, service.to_actor(team.bob), mailbox, Sharing.SUBJECT)
            mailboxes.ask_to_reconnect(session, clock, mailbox, "Gmail no longer lets us in.")
        clock.advance(timedelta(days=3))
        again = connect(db, clock, vault, team.bob, "new secret")
        assert (again.id, again.created_at, again.sharing) == (first.id, first.created_at, "subject")
        assert (again.status, again.status_reason) == (MailboxStatus.ACTIVE, "")
        assert mailboxes.open_grant(vault, again) == "new secret"

    def test_a_colleagues_mailbox_is_not_taken_over(
        self, db: Database, clock: VirtualClock, team: Team, vault: Vault
    ) -> None:
        mailbox = connect(db, clock, vault, team.bob)
        with pytest.raises(ConflictError, match="colleague"):
            connect(db, clock, vault, team.alice)
        with db.write() as session:
            given = store.get_mailbox(session, team.workspace.id, mailbox.id)
            mailboxes.hand_over_mailbox(session, clock, service.to_actor(team.alice), given, team.alice)
            with pytest.raises(UserError, match="same team"):
                mailboxes.hand_over_mailbox(session, clock, service.to_actor(team.alice), given, team.carol)
        assert connect(db, clock, vault, team.alice).id == mailbox.id

    def test_two_teams_may_each_connect_one_address(
        self, db: Database, clock: VirtualClock, team: Team, vault: Vault
    ) -> None:
        ours, theirs = connect(db, clock, vault, team.bob), connect(db, clock, vault, team.carol)
        assert ours.id != theirs.id
        with db.read() as session:
            assert {m.id for m in store.mailboxes_at(session, BOX.upper())} == {ours.id, theirs.id}
            with pytest.raises(NotFoundError):
                store.get_mailbox(session, team.workspace.id, theirs.id)

    def test_the_database_itself_refuses_one_address_twice_in_a_team(
        self, db: Database, clock: VirtualClock, team: Team, vault: Vault
    ) -> None:
        mailbox = connect(db, clock, vault, team.bob)
        twin = Mailbox(
            workspace_id=mailbox.workspace_id,
            user_id=mailbox.user_id,
            address=BOX,
            address_key=KEY,
            created_at=clock.now(),
        )
        with pytest.raises(IntegrityError), db.write() as session:
            session.add(twin)

    def test_leaving_forgets_the_grant_and_only_connecting_brings_it_back(
        self, db: Database, clock: VirtualClock, team: Team, vault: Vault
    ) -> None:
        mailbox = connect(db, clock, vault, team.bob)
        with db.write() as session:
            left = store.get_mailbox(session, team.workspace.id, mailbox.id)
            mailboxes.disconnect_mailbox(session, clock, left)
            assert (left.grant_ciphertext, left.grant_kind) == (None, "")
            mailboxes.ask_to_reconnect(session, clock, left, "too late")
            assert left.status == MailboxStatus.DISCONNECTED
            for verb in (mailboxes.pause_mailbox, mailboxes.resume_mailbox):
                with pytest.raises(UserError):
                    verb(session, clock, left)
        assert connect(db, clock, vault, team.bob).status == MailboxStatus.ACTIVE

    def test_pausing_keeps_the_grant(self, db: Database, clock: VirtualClock, team: Team, vault: Vault) -> None:
        mailbox = connect(db, clock, vault, team.bob)
        with db.write() as session:
            paused = store.get_mailbox(session, team.workspace.id, mailbox.id)
            mailboxes.pause_mailbox(session, clock, paused, why="on leave")
            assert (paused.status, paused.status_reason) == ("paused", "on leave")
            assert mailboxes.open_grant(vault, paused) == "s3cret"
            mailboxes.resume_mailbox(session, clock, paused)
            assert (paused.status, paused.status_reason) == ("active", "")

    def test_the_teams_addresses_include_aliases_but_not_another_teams(
        self, db: Database, clock: VirtualClock, team: Team, vault: Vault
    ) -> None:
        mailbox = connect(db, clock, vault, team.bob)
        with db.write() as session:
            row = store.get_mailbox(session, team.workspace.id, mailbox.id)
            mailboxes.set_aliases(session, row, ["sales@lumbrera.example", "old@lumbrera.example"])
            mailboxes.set_aliases(session, row, ["sales@lumbrera.example", "hi@lumbrera.example", KEY])
        with db.read() as session:
            assert store.aliases(session, mailbox.id) == {"sales@lumbrera.example", "hi@lumbrera.example"}
            assert store.team_addresses(session, team.workspace.id) == {
                KEY, "sales@lumbrera.example", "hi@lumbrera.example", team.alice.email, team.bob.email,
            }  # fmt: skip
            assert store.team_addresses(session, team.carol.workspace_id) == {team.carol.email}


class TestVault:
    def test_another_key_opens_nothing_and_says_which_setting_is_meant(self, vault: Vault) -> None:
        stranger = Vault([Fernet.generate_key().decode()])
        with pytest.raises(UserError, match="ENLACE_TOKEN_KEYS"):
            stranger.open(vault.seal("secret"))
        with pytest.raises(UserError, match="ENLACE_TOKEN_KEYS"):
            stranger.reseal(vault.seal("secret"))

    def test_altered_bytes_are_refused(self, vault: Vault) -> None:
        sealed = bytearray(vault.seal("secret"))
        sealed[20] ^= 1
        with pytest.raises(UserError):
            vault.open(bytes(sealed))

    def test_keys_change_without_losing_a_grant(self) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        sealed = Vault([old]).seal("ñandú")
        both = Vault([new, old])
        assert both.open(sealed) == "ñandú"
        assert Vault([new]).open(both.reseal(sealed)) == "ñandú"
