"""`enlace user`, `apikey` and `mailbox`, as an admin types them, with the emulator in Google's place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from sqlalchemy import select

from backend.accounts import keys, store
from backend.accounts.mailboxes import open_grant
from backend.accounts.tables import Mailbox, User, Workspace
from backend.commands.apikey import apikey
from backend.commands.mailbox import mailbox
from backend.commands.user import user
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.grants import find_refresh_token, new_refresh_token
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.oauth import GMAIL_SCOPE
from backend.installation import Installation, open_installation
from backend.kit.clock import SystemClock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.settings import read_settings
from backend.sync.tables import SyncState

ANA = "ana@acme.example"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(clock=SystemClock(), seed=9)
    emulator.add_mailbox(ANA, aliases=["sales@acme.example"])
    emulator.add_mailbox("ben@acme.example")
    yield emulator
    emulator.close()


@pytest.fixture
def installation(sqlite_db: Database, emulator: Emulator) -> Iterator[Installation]:
    with EmulatorServer(emulator) as server:
        given = {
            "DATABASE_URL": sqlite_db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": Fernet.generate_key().decode(),
            "GOOGLE_CLIENT_ID": "id.apps.example", "GOOGLE_CLIENT_SECRET": "secret", "GMAIL_API_URL": server.url,
            "GOOGLE_AUTH_URL": f"{server.url}/o/oauth2/v2/auth", "GOOGLE_TOKEN_URL": f"{server.url}/token",
        }  # fmt: skip
        made = open_installation(read_settings({f"ENLACE_{name}": value for name, value in given.items()}))
        yield made
        made.close()


@pytest.fixture
def enlace(installation: Installation) -> Callable[..., Result]:
    """Type a command; what it raises is raised here."""

    def run(group: click.Group, *words: str) -> Result:
        return CliRunner().invoke(group, words, obj=installation, catch_exceptions=False)

    return run


@pytest.fixture
def ana(enlace: Callable[..., Result], installation: Installation) -> User:
    enlace(user, "create", "--email", ANA, "--role", "admin")
    with installation.db.read() as session:
        found = store.find_user_by_email(session, ANA)
    assert found is not None
    return found


@pytest.fixture
def token_file(emulator: Emulator, tmp_path: Path) -> Path:
    path = tmp_path / "token.json"
    token = new_refresh_token(emulator.store, ANA, GMAIL_SCOPE)
    path.write_text(json.dumps({"refresh_token": token, "client_id": "cli", "client_secret": "s", "type": "x"}))
    return path


def only_mailbox(installation: Installation) -> Mailbox:
    with installation.db.read() as session:
        ((found, _),) = store.all_mailboxes(session)
    return found


class TestUser:
    def test_the_first_user_founds_the_team_and_gets_a_link_that_works_once(
        self, enlace: Callable[..., Result], installation: Installation
    ) -> None:
        printed = enlace(user, "create", "--email", "Ana@Acme.example", "--role", "admin").output.strip()
        link = re.fullmatch(r"http://127\.0\.0\.1:8000/signin/(\S+)", printed)
        assert link is not None
        with installation.db.write() as session:
            found = keys.redeem_sign_in_link(session, installation.clock, link[1])
            assert found is not None
            assert (found.email, found.role) == (ANA, "admin")
            team = store.first_workspace(session)
        assert isinstance(team, Workspace)
        assert (team.name, team.domain) == ("acme.example", "acme.example")

    def test_a_free_mail_address_makes_no_internal_domain(
        self, enlace: Callable[..., Result], installation: Installation
    ) -> None:
        enlace(user, "create", "--email", "somebody@gmail.com", "--role", "admin")
        with installation.db.read() as session:
            team = store.first_workspace(session)
        assert team is not None
        assert team.domain == ""

    def test_the_second_user_joins_it(
        self, enlace: Callable[..., Result], installation: Installation, ana: User
    ) -> None:
        enlace(user, "create", "--email", "ben@acme.example", "--role", "rep", "--name", "Ben", "--locale", "es")
        with installation.db.read() as session:
            assert [u.name for u in store.users(session, ana.workspace_id)] == ["", "Ben"]

    def test_the_same_address_twice_is_refused_and_a_new_link_is_to_be_had(
        self, enlace: Callable[..., Result], ana: User
    ) -> None:
        with pytest.raises(ConflictError):
            enlace(user, "create", "--email", ana.email, "--role", "rep")
        assert "/signin/" in enlace(user, "link", "--email", ana.email).output

    @pytest.mark.parametrize("words", [("--role", "admin"), ("--email", ANA, "--role", "king")])
    def test_words_that_are_missing_or_wrong_are_explained(
        self, enlace: Callable[..., Result], words: tuple[str, ...]
    ) -> None:
        result = enlace(user, "create", *words)
        assert result.exit_code == 2
        assert "Error: " in result.output


def test_a_key_acts_as_its_user(enlace: Callable[..., Result], installation: Installation, ana: User) -> None:
    key = enlace(apikey, "create", "--user", ana.email, "--name", "import").output.strip()
    with installation.db.read() as session:
        actor = keys.resolve_api_key(session, key)
    assert actor is not None
    assert actor.user_id == ana.id
    with pytest.raises(NotFoundError, match="enlace user create"):
        enlace(apikey, "create", "--user", "nobody@acme.example")


class TestMailbox:
    def test_a_grant_from_a_file_is_tried_sealed_and_opens_the_mailbox(
        self, enlace: Callable[..., Result], installation: Installation, ana: User, token_file: Path
    ) -> None:
        enlace(mailbox, "connect", "--address", ANA, "--user", ana.email, "--token-json", str(token_file))
        connected = only_mailbox(installation)
        assert installation.connect(connected.id).profile().address == ANA
        assert json.loads(token_file.read_text())["refresh_token"] in open_grant(installation.vault, connected)
        with installation.db.read() as session:
            assert store.aliases(session, connected.id) == {"sales@acme.example"}

    def test_a_grant_to_another_mailbox_is_not_stored(
        self, enlace: Callable[..., Result], installation: Installation, ana: User, token_file: Path
    ) -> None:
        with pytest.raises(UserError, match=f"opens {ANA}, not ben@acme.example"):
            enlace(
                mailbox,
                "connect",
                "--address",
                "ben@acme.example",
                "--user",
                ana.email,
                "--token-json",
                str(token_file),
            )
        with installation.db.read() as session:
            assert store.all_mailboxes(session) == []

    def test_a_revoked_grant_is_not_stored(self, enlace: Callable[..., Result], ana: User, tmp_path: Path) -> None:
        path = tmp_path / "old.json"
        path.write_text('{"refresh_token": "gone", "client_id": "c", "client_secret": "s"}')
        with pytest.raises(UserError, match="no longer honours"):
            enlace(mailbox, "connect", "--address", ANA, "--user", ana.email, "--token-json", str(path))

    def test_a_service_account_that_is_not_set_up_is_named(self, enlace: Callable[..., Result], ana: User) -> None:
        with pytest.raises(UserError, match="GOOGLE_SERVICE_ACCOUNT_FILE"):
            enlace(mailbox, "connect", "--address", ANA, "--user", ana.email, "--service-account")

    def test_without_a_file_it_prints_a_link_that_leads_to_the_grant(
        self, enlace: Callable[..., Result], ana: User
    ) -> None:
        printed = enlace(mailbox, "connect", "--address", ANA, "--user", ana.email).stdout
        assert printed.strip().endswith("?next=/settings/mailboxes%3Faddress%3Dana%2540acme.example")

    def test_list_pause_and_disconnect(
        self, enlace: Callable[..., Result], installation: Installation, ana: User, token_file: Path, emulator: Emulator
    ) -> None:
        said = enlace(mailbox, "connect", "--address", ANA, "--user", ana.email, "--token-json", str(token_file)).output
        assert "0 mails to import" in said
        assert f"enlace mailbox pause {ANA}" in said
        enlace(mailbox, "pause", ANA, "--why", "On leave.")
        enlace(mailbox, "resume", ANA)
        assert only_mailbox(installation).status == "active"
        assert "is being taken out" in enlace(mailbox, "undo-import", ANA).output
        with installation.db.read() as session:
            assert session.scalars(select(SyncState.is_undoing)).all() == [True]
        enlace(mailbox, "pause", ANA, "--why", "On leave.")
        shown = enlace(mailbox, "list").output
        assert "paused" in shown
        assert "On leave." in shown
        enlace(mailbox, "disconnect", ANA)
        left = only_mailbox(installation)
        assert (left.status, left.grant_ciphertext) == ("disconnected", None)
        assert find_refresh_token(emulator.store, json.loads(token_file.read_text())["refresh_token"]) is None

    def test_a_mailbox_that_is_not_there_is_said_to_be_so(self, enlace: Callable[..., Result]) -> None:
        for word in ("pause", "resume", "undo-import", "disconnect"):
            with pytest.raises(NotFoundError, match="enlace mailbox list"):
                enlace(mailbox, word, "nobody@acme.example")


@pytest.mark.parametrize("group", [user, apikey, mailbox])
def test_every_command_teaches(enlace: Callable[..., Result], group: click.Group) -> None:
    for name, command in group.commands.items():
        assert command.help, name
        assert enlace(group, name, "--help").exit_code == 0
