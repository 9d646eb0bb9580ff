"""Whole set-ups, broken one thing at a time, as `enlace doctor` sees them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from sqlalchemy import update

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import GrantKind, Role
from backend.accounts.tables import Mailbox
from backend.commands.doctor import doctor
from backend.db import Database
from backend.doctor.configuration import VENDOR_FILES, examine_files, is_setting
from backend.doctor.service import examine
from backend.doctor.shapes import Finding, State
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.grants import new_refresh_token
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.oauth import GMAIL_SCOPE, UserGrant
from backend.kit.clock import SystemClock, VirtualClock
from backend.migrations import downgrade, upgrade
from backend.settings import Settings
from backend.sync.store import ensure_state
from backend.sync.tables import SyncState
from tests.conftest import ROOT

ANA = "ana@acme.example"
KEY = Fernet.generate_key().decode()
CLOCK = SystemClock()

Environ = dict[str, str]


@pytest.fixture
def environ(db: Database) -> Environ:
    """A set-up that works, with one mailbox that was just read."""
    given = {"DATABASE_URL": db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
    given |= {"GOOGLE_CLIENT_ID": "id.apps.example", "GOOGLE_CLIENT_SECRET": "secret"}
    connect(db, UserGrant("a-token"))
    return {f"ENLACE_{name}": value for name, value in given.items()}


def connect(db: Database, grant: UserGrant) -> None:
    now = CLOCK.now()
    with db.write() as session:
        team = create_workspace(session, CLOCK, "Acme", domain="acme.example")
        user = create_user(session, CLOCK, team, email=ANA, role=Role.ADMIN)
        mailbox = connect_mailbox(
            session, CLOCK, Vault([KEY]), user,
            address=ANA, address_key=ANA, kind=GrantKind.OAUTH, secret=grant.to_json(),
        )  # fmt: skip
        ensure_state(session, mailbox, now + timedelta(seconds=30))
        session.execute(update(SyncState).values(last_success_at=now))


def findings(environ: Mapping[str, str], **options: bool) -> dict[str, Finding]:
    """What the doctor finds, by area and subject; the worker of a test never beats."""
    found = {f"{f.area}: {f.subject}": f for f in examine(environ, CLOCK, **options)}
    return {name: finding for name, finding in found.items() if name != "queue: workers"}


def ill(environ: Mapping[str, str], **options: bool) -> dict[str, Finding]:
    return {name: f for name, f in findings(environ, **options).items() if f.state in {State.WRONG, State.WARNING}}


def test_a_set_up_that_works_has_nothing_wrong(environ: Environ) -> None:
    assert ill(environ) == {}


@pytest.mark.parametrize(
    ("name", "value", "subject"),
    [
        ("SECRET_KEY", "short", "settings: ENLACE_SECRET_KEY"),
        ("TOKEN_KEYS", "not-a-key", "settings: ENLACE_TOKEN_KEYS"),
        ("TOKEN_KEYS", "", "settings: ENLACE_TOKEN_KEYS"),
        ("PUBLIC_URL", "http://crm.example.com", "settings: ENLACE_PUBLIC_URL"),
        ("GOOGLE_CLIENT_SECRET", "", "settings: ENLACE_GOOGLE_CLIENT_SECRET"),
        ("GMAIL_UNITS_PER_USER_MINUTE", "many", "settings: environment"),
        ("LOG_JSON", "perhaps", "settings: environment"),
        ("SECRET_KEY_FILE", "/nowhere/secret", "settings: environment"),
        ("PUBSUB_TOPIC", "projects/p/topics/t", "settings: ENLACE_PUBSUB_TOPIC"),
        ("GOOGLE_SERVICE_ACCOUNT_FILE", "/nowhere/key.json", "google: service account"),
    ],
)
def test_each_broken_setting_is_named(environ: Environ, name: str, value: str, subject: str) -> None:
    found = ill(environ | {f"ENLACE_{name}": value})
    assert subject in found
    assert value == "" or found[subject].said


TOPIC, SUBSCRIPTION = "projects/p/topics/gmail", "projects/p/subscriptions/gmail"
PUSHED = {"AUDIENCE": "https://crm.example.com/push/gmail", "SERVICE_ACCOUNT": "push@p.iam.gserviceaccount.com"}
PUBLIC = {"ENLACE_PUBLIC_URL": "https://crm.example.com"}


def push_findings(environ: Environ, **pubsub: str) -> dict[str, State]:
    given = environ | PUBLIC | {f"ENLACE_PUBSUB_{name}": value for name, value in pubsub.items()}
    found = findings(given).items()
    return {name.rpartition("_PUBSUB_")[2]: f.state for name, f in found if "PUBSUB" in name}


def test_push_that_is_set_up_whole_is_well(environ: Environ, tmp_path: Path) -> None:
    assert push_findings(environ) == {"TOPIC": State.OFF}
    assert push_findings(environ, TOPIC=TOPIC, **PUSHED) == {"TOPIC": State.OK}
    key_file = {"ENLACE_GOOGLE_SERVICE_ACCOUNT_FILE": str(tmp_path / "key.json")}
    assert push_findings(environ | key_file, TOPIC=TOPIC, SUBSCRIPTION=SUBSCRIPTION) == {"TOPIC": State.OK}


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ({"TOPIC": "gmail", **PUSHED}, "TOPIC"),
        ({"TOPIC": TOPIC}, "TOPIC"),
        (PUSHED, "TOPIC"),
        ({"TOPIC": TOPIC, "AUDIENCE": "x"}, "SERVICE_ACCOUNT"),
        ({"TOPIC": TOPIC, "SERVICE_ACCOUNT": "x"}, "AUDIENCE"),
        ({"TOPIC": TOPIC, "SUBSCRIPTION": SUBSCRIPTION}, "SUBSCRIPTION"),
        ({"TOPIC": TOPIC, "SUBSCRIPTION": "gmail"}, "SUBSCRIPTION"),
    ],
)
def test_push_that_is_set_up_by_half_is_named_with_its_remedy(
    environ: Environ, given: dict[str, str], subject: str
) -> None:
    ill_one = ill(environ | PUBLIC | {f"ENLACE_PUBSUB_{name}": value for name, value in given.items()})
    assert f"settings: ENLACE_PUBSUB_{subject}" in ill_one
    assert "docs/push.md" in ill_one[f"settings: ENLACE_PUBSUB_{subject}"].remedy


def test_pushes_to_a_machine_that_google_cannot_reach_are_named(environ: Environ) -> None:
    given = {f"ENLACE_PUBSUB_{name}": value for name, value in {"TOPIC": TOPIC, **PUSHED}.items()}
    assert "settings: ENLACE_PUBSUB_AUDIENCE" in ill(environ | given)


def test_several_broken_settings_are_named_at_once(environ: Environ) -> None:
    found = ill(environ | {"ENLACE_SECRET_KEY": "", "ENLACE_TOKEN_KEYS": "bad, worse"})
    assert {name for name in found if "settings" in name} == {
        "settings: ENLACE_SECRET_KEY", "settings: ENLACE_TOKEN_KEYS",
    }  # fmt: skip


def test_a_misspelt_setting_is_recognised(environ: Environ) -> None:
    found = ill(environ | {"ENLACE_PUBLIC_ULR": "https://crm.example.com"})
    assert found["settings: ENLACE_PUBLIC_ULR"].remedy == "Did you mean ENLACE_PUBLIC_URL?"


def test_without_any_way_to_google_it_says_so(environ: Environ) -> None:
    without = environ | {"ENLACE_GOOGLE_CLIENT_ID": ""}
    assert ill(without)["settings: ENLACE_GOOGLE_CLIENT_ID"].state is State.WARNING


def test_every_setting_may_come_from_a_file() -> None:
    assert all(is_setting(f"ENLACE_{field.name.upper()}_FILE") for field in fields(Settings))
    assert not is_setting("ENLACE_HOME")


def test_a_database_that_is_not_there_is_not_made_by_looking(environ: Environ, tmp_path: Path) -> None:
    missing = tmp_path / "new" / "enlace.db"
    found = ill(environ | {"ENLACE_DATABASE_URL": f"sqlite:///{missing}"})
    assert "enlace db upgrade" in found["database: file"].remedy
    assert not missing.parent.exists()


def test_a_server_that_does_not_answer_is_wrong(environ: Environ) -> None:
    found = ill(environ | {"ENLACE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none?connect_timeout=2"})
    assert found["database: connection"].state is State.WRONG


@pytest.mark.parametrize("url", ["nonsense", "mysql://root@127.0.0.1/crm"])
def test_an_address_that_is_no_database_is_wrong(environ: Environ, url: str) -> None:
    assert ill(environ | {"ENLACE_DATABASE_URL": url})["database: schema"].state is State.WRONG


@pytest.fixture
def of_old(environ: Environ, db: Database) -> Iterator[None]:  # noqa: ARG001 - the team comes first
    """The database has an old schema; the tests share it, so it gets the present one back."""
    downgrade(db, "0002")
    yield
    upgrade(db)


@pytest.mark.usefixtures("of_old")
def test_an_old_schema_is_named_with_its_remedy(environ: Environ) -> None:
    found = ill(environ)
    assert "enlace db upgrade" in found["database: schema"].remedy
    assert "team: users" not in findings(environ)


def test_a_grant_that_was_sealed_with_a_lost_key_is_found(environ: Environ) -> None:
    found = ill(environ | {"ENLACE_TOKEN_KEYS": Fernet.generate_key().decode()})
    assert "add the key" in found[f"mailbox: {ANA}"].remedy.lower()


def test_a_mailbox_that_must_be_reconnected_is_found(environ: Environ, db: Database) -> None:
    with db.write() as session:
        session.execute(update(Mailbox).values(status="reconnect_needed", status_reason="invalid_grant"))
    assert f"--address {ANA}" in ill(environ)[f"mailbox: {ANA}"].remedy


def test_a_worker_that_stopped_is_found(environ: Environ, db: Database) -> None:
    with db.write() as session:
        session.execute(update(SyncState).values(next_sync_at=CLOCK.now() - timedelta(hours=2)))
    assert "2 h" in ill(environ)["queue: worker"].said


def test_a_queue_without_workers_is_wrong_on_postgresql(environ: Environ, db: Database) -> None:
    workers = [f for f in examine(environ, CLOCK) if f.subject == "workers"]
    assert [f.state for f in workers] == ([] if db.is_sqlite else [State.WRONG])


def test_a_clock_that_differs_from_the_servers_is_found(environ: Environ, db: Database) -> None:
    slow = VirtualClock(CLOCK.now() - timedelta(minutes=10))
    found = [f.state for f in examine(environ, slow) if f.area == "clock"]
    assert found == ([] if db.is_sqlite else [State.WRONG])


def test_files_that_were_not_built_are_named(tmp_path: Path) -> None:
    source = tmp_path / "es" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.touch()
    found = list(examine_files(tmp_path, tmp_path))
    assert [f.state for f in found] == [State.WRONG, State.WRONG]
    assert "htmx.min.js" in found[0].said
    source.with_suffix(".mo").touch()
    (tmp_path / "vendor").mkdir()
    for name in VENDOR_FILES:
        (tmp_path / "vendor" / name).touch()
    assert [f.state for f in examine_files(tmp_path, tmp_path)] == [State.OK, State.OK]


def test_the_front_ends_files_are_those_that_the_build_copies() -> None:
    script = (ROOT / "deploy" / "vendor.mjs").read_text(encoding="utf-8")
    assert set(re.findall(r'"[\w.-]+/(?:dist/(?:\w+/)?)?([\w.-]+\.(?:js|css))"', script)) == set(VENDOR_FILES)


class TestOnline:
    @pytest.fixture
    def google(self) -> Iterator[tuple[Emulator, str]]:
        emulator = Emulator(clock=CLOCK, seed=3)
        emulator.add_mailbox(ANA)
        with EmulatorServer(emulator) as server:
            yield emulator, server.url
        emulator.close()

    @pytest.fixture
    def online(self, sqlite_db: Database, google: tuple[Emulator, str]) -> Callable[[str], dict[str, Finding]]:
        """Examine a set-up whose mailbox was granted this scope."""
        emulator, url = google

        def look(scope: str) -> dict[str, Finding]:
            connect(sqlite_db, UserGrant(new_refresh_token(emulator.store, ANA, scope) if scope else "gone"))
            given = {"DATABASE_URL": sqlite_db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY, "GMAIL_API_URL": url}
            given |= {"GOOGLE_TOKEN_URL": f"{url}/token", "GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secret"}
            return findings({f"ENLACE_{name}": value for name, value in given.items()}, is_online=True)

        return look

    def test_a_grant_that_google_honours_is_well(self, online: Callable[[str], dict[str, Finding]]) -> None:
        found = online(GMAIL_SCOPE)
        assert found[f"google: {ANA}"].state is State.OK
        assert found["clock: Gmail"].state is State.OK

    def test_a_grant_without_the_scope_is_told_which_one_is_missing(
        self, online: Callable[[str], dict[str, Finding]]
    ) -> None:
        found = online("https://www.googleapis.com/auth/gmail.send")[f"google: {ANA}"]
        assert found.state is State.WRONG
        assert GMAIL_SCOPE in found.remedy

    def test_a_grant_that_was_revoked_is_wrong(self, online: Callable[[str], dict[str, Finding]]) -> None:
        found = online("")[f"google: {ANA}"]
        assert found.state is State.WRONG
        assert "mailbox connect" in found.remedy

    def test_a_google_that_cannot_be_reached_is_wrong(self, environ: Environ) -> None:
        found = findings(environ | {"ENLACE_GMAIL_API_URL": "http://127.0.0.1:9"}, is_online=True)
        assert found["google: connection"].state is State.WRONG


class TestCommand:
    @pytest.fixture
    def run(self, monkeypatch: pytest.MonkeyPatch, sqlite_db: Database) -> Callable[..., Any]:
        given = {"DATABASE_URL": sqlite_db.url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
        connect(sqlite_db, UserGrant("a-token"))

        def run(*words: str, **changes: str) -> Any:
            for name, value in (given | changes).items():
                monkeypatch.setenv(f"ENLACE_{name}", value)
            return CliRunner().invoke(doctor, words)

        return run

    def test_it_ends_with_0_where_there_are_only_warnings(self, run: Callable[..., Any]) -> None:
        result = run()
        assert result.exit_code == 0, result.output
        assert "0 wrong, 1 to look at" in result.output

    def test_it_ends_with_1_and_the_remedy_where_something_is_wrong(self, run: Callable[..., Any]) -> None:
        result = run(SECRET_KEY="short")
        assert result.exit_code == 1
        assert "openssl rand -hex" in result.output

    def test_json_says_the_same_to_programs(self, run: Callable[..., Any]) -> None:
        well, unwell = json.loads(run("--json").output), json.loads(run("--json", TOKEN_KEYS="x").output)
        assert (well["ok"], unwell["ok"]) == (True, False)
        assert {"area", "subject", "state", "said", "remedy"} == set(well["findings"][0])

    def test_it_never_prints_a_secret(self, run: Callable[..., Any]) -> None:
        printed = run().output + run("--json").output
        assert KEY not in printed
        assert "s" * 32 not in printed
