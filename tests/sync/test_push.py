"""Push notices: believed from our own subscription only, stored before they are acknowledged, never more than hints."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from sqlalchemy import func, select
from structlog.testing import capture_logs

from backend.app import make_app
from backend.gmail.emulator import push
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.emulator.signing import Signer
from backend.gmail.line import Line, Pool
from backend.gmail.pubsub import Pulled, Subscription
from backend.installation import open_installation
from backend.kit.errors import UserError
from backend.mail.tables import Copy
from backend.settings import read_settings
from backend.sync.hints import Hint, read_hint, take_hints
from backend.sync.jobs import drain_mailbox
from backend.sync.puller import Puller
from backend.sync.shapes import End, Task
from backend.sync.store import claim_due
from backend.sync.tables import SyncState
from backend.worker import make_puller
from tests.cast import ALICE, DORA, KEY, Office

AUDIENCE = "https://crm.example.com/push/gmail"
CALLER = "push@project.iam.gserviceaccount.com"
TOPIC = "projects/p/topics/gmail"


@dataclass
class Doorstep:
    """The installation's push door, and a Google that signs for those who knock."""

    office: Office
    client: FlaskClient
    signer: Signer

    def token(self, *, audience: str = AUDIENCE, email: str = CALLER, **claims: Any) -> str:
        return self.signer.identity_token(audience=audience, email=email, subject="1" * 21, claims=claims)

    def post(self, envelope: Any, token: str | None = None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self.token() if token is None else token}"}
        answer = self.client.post("/push/gmail", json=envelope, headers=headers)
        return answer.status_code, answer.data

    def state(self) -> SyncState:
        with self.office.db.read() as session:
            return session.get_one(SyncState, self.office.mailboxes[ALICE])

    def claimed(self) -> list[int]:
        with self.office.db.write() as session:
            return claim_due(session, self.office.clock.now(), 9)


@pytest.fixture
def doorstep(sqlite_office: Office) -> Iterator[Doorstep]:
    with EmulatorServer(sqlite_office.emulator) as server:
        yield from _opened(sqlite_office, f"{server.url}/certs")


def _opened(office: Office, certs_url: str, **more: str) -> Iterator[Doorstep]:
    environ = {
        "ENLACE_DATABASE_URL": str(office.db.engine.url),
        "ENLACE_SECRET_KEY": "s" * 32,
        "ENLACE_TOKEN_KEYS": KEY,
        "ENLACE_GOOGLE_CERTS_URL": certs_url,
        "ENLACE_PUBSUB_AUDIENCE": AUDIENCE,
        "ENLACE_PUBSUB_SERVICE_ACCOUNT": CALLER,
    }
    here = open_installation(read_settings(environ | more), clock=office.clock, emulator=office.emulator)
    office.sync(ALICE)
    yield Doorstep(office, make_app(here).test_client(), office.emulator.signer)
    here.close()


def envelope(history_id: int | str, address: str = ALICE, number: int = 1) -> dict[str, Any]:
    data = base64.b64encode(json.dumps({"emailAddress": address, "historyId": history_id}).encode()).decode()
    return {"message": {"data": data, "messageId": str(number)}, "subscription": "projects/p/subscriptions/s"}


def drain(office: Office) -> End:
    mailbox_id = office.mailboxes[ALICE]
    return drain_mailbox(office.db, office.clock, office.connect, mailbox_id, task=Task.NEW_MAIL)


def stored(office: Office) -> int:
    with office.db.read() as session:
        return session.scalar(select(func.count()).select_from(Copy)) or 0


def test_a_push_makes_its_mailbox_due_at_once_and_is_acknowledged(doorstep: Doorstep) -> None:
    assert doorstep.claimed() == []
    doorstep.office.gmail(ALICE).watch(TOPIC)
    doorstep.office.emulator.deliver(b"From: dora@nordwind.example\r\nSubject: Hi\r\n\r\nHello", [ALICE])
    (notice,) = push.pull(doorstep.office.emulator.store)
    assert doorstep.post(notice.envelope) == (204, b"")
    assert doorstep.claimed() == [doorstep.office.mailboxes[ALICE]]
    drain(doorstep.office)
    assert stored(doorstep.office) == 1
    assert doorstep.state().hinted_history_id is None


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ({"audience": "https://elsewhere.example/push/gmail"}, 401),
        ({"iss": "https://accounts.evil.example"}, 401),
        ({"exp": 1_000_000_000}, 401),
        ({"email": "somebody@project.iam.gserviceaccount.com"}, 403),
        ({"email_verified": False}, 403),
    ],
)
def test_a_forged_push_is_refused_without_a_word(doorstep: Doorstep, token: dict[str, Any], status: int) -> None:
    before = doorstep.state().next_sync_at
    with capture_logs() as logs:
        assert doorstep.post(envelope(10**6), doorstep.token(**token)) == (status, b"")
    assert [entry["event"] for entry in logs] == ["push_refused"]
    assert (doorstep.state().hinted_history_id, doorstep.state().next_sync_at) == (None, before)


def test_a_push_signed_by_another_key_or_by_nobody_is_refused(doorstep: Doorstep) -> None:
    other = Signer(doorstep.office.clock, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    forged = other.identity_token(audience=AUDIENCE, email=CALLER, subject="1")
    head, claims, _ = doorstep.token().split(".")
    for token in (forged, f"{head}.{claims}.", f"{head}.{claims}.AAAA", "nonsense", ""):
        assert doorstep.post(envelope(10**6), token) == (401, b"")
    assert doorstep.client.post("/push/gmail", json=envelope(10**6)).status_code == 401
    assert doorstep.state().hinted_history_id is None


def test_repetitions_bursts_and_old_history_ids_change_nothing(doorstep: Doorstep) -> None:
    cursor = int(doorstep.state().history_id or 0)
    assert doorstep.post(envelope(cursor + 5, number=2))[0] == 204
    assert len(doorstep.claimed()) == 1
    for history_id in [cursor + 5] * 20 + [cursor + 4, cursor, 1]:
        assert doorstep.post(envelope(history_id, number=2))[0] == 204
    assert doorstep.claimed() == []
    assert doorstep.state().hinted_history_id == str(cursor + 5)


def test_a_push_for_an_unknown_mailbox_is_acknowledged_and_logged(doorstep: Doorstep) -> None:
    with capture_logs() as logs:
        assert doorstep.post(envelope(10**6, "stranger@acme.example")) == (204, b"")
    assert "push_for_unknown_mailbox" in [entry["event"] for entry in logs]
    assert "stranger" not in str(logs)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"message": None},
        {"message": {"data": "!"}},
        {"message": {"data": base64.b64encode(b"[]").decode()}},
        envelope("-3"),
        envelope(2**64),
        envelope(7, "nobody"),
    ],
)
def test_what_cannot_be_read_is_acknowledged_so_that_it_does_not_come_for_ever(doorstep: Doorstep, body: Any) -> None:
    assert doorstep.post(body) == (204, b"")
    assert doorstep.state().hinted_history_id is None


def test_a_huge_body_is_not_read(doorstep: Doorstep) -> None:
    assert doorstep.post({"message": {"data": "A" * 200_000}})[0] in {204, 413}
    assert doorstep.state().hinted_history_id is None


def test_without_certificates_pubsub_is_asked_to_come_again(sqlite_office: Office) -> None:
    for doorstep in _opened(sqlite_office, "http://127.0.0.1:9/certs"):
        assert doorstep.post(envelope(10**6)) == (503, b"")


def test_the_door_stays_shut_where_push_is_not_set_up(sqlite_office: Office) -> None:
    for doorstep in _opened(sqlite_office, "http://127.0.0.1:9/certs", ENLACE_PUBSUB_SERVICE_ACCOUNT=""):
        assert doorstep.post(envelope(10**6)) == (401, b"")


def test_a_push_that_is_ahead_of_history_is_looked_for_again_soon(doorstep: Doorstep) -> None:
    office = doorstep.office
    office.mail(DORA, ALICE)
    hinted = office.gmail(ALICE).profile().history_id
    doorstep.post(envelope(hinted))
    office.emulator.faults.inject("late-history", times=2)
    pauses = []
    for _ in range(3):
        drain(office)
        pauses.append((doorstep.state().next_sync_at - office.clock.now()).total_seconds())
        office.clock.advance(timedelta(seconds=pauses[-1]))
    assert pauses == [2, 4, 60]
    assert stored(office) == 1
    assert doorstep.state().hinted_history_id is None


def test_a_hint_that_never_comes_true_ends_as_usual_polling(doorstep: Doorstep) -> None:
    doorstep.post(envelope(2**64 - 1))
    for _ in range(8):
        drain(doorstep.office)
    assert doorstep.state().next_sync_at - doorstep.office.clock.now() == timedelta(seconds=60)


def test_a_push_does_not_shorten_a_pause_that_gmail_asked_for(doorstep: Doorstep) -> None:
    office = doorstep.office
    office.emulator.faults.inject("rate-limit-429-text", verbs=("history.list",), times=1)
    drain(office)
    doorstep.post(envelope(10**6))
    assert doorstep.state().next_sync_at - office.clock.now() == timedelta(seconds=30)
    assert doorstep.state().hinted_history_id == str(10**6)


def test_a_push_during_a_drain_is_not_forgotten(doorstep: Doorstep) -> None:
    office = doorstep.office
    gmail = office.gmail(ALICE)

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            if name == "history":
                page = gmail.history(doorstep.state().history_id or "")
                office.mail(DORA, ALICE, "Meanwhile")
                doorstep.post(envelope(gmail.profile().history_id))
                return lambda *_: page
            return getattr(gmail, name)

    drain_mailbox(office.db, office.clock, lambda _id: Interrupted(), office.mailboxes[ALICE], task=Task.NEW_MAIL)
    assert stored(office) == 0
    office.clock.advance(timedelta(seconds=2))
    assert doorstep.claimed() == [office.mailboxes[ALICE]]
    drain(office)
    assert stored(office) == 1


def test_hints_are_read_as_gmail_writes_them() -> None:
    assert read_hint(envelope("987", "Alice@Acme.example")["message"]) == Hint(ALICE, "987")


class Queue:
    """A subscription in memory that sees what is stored when it is acknowledged."""

    def __init__(self, office: Office, messages: Sequence[Any]) -> None:
        self.office = office
        self.waiting = [Pulled(str(n), m) for n, m in enumerate(messages)]
        self.hint_when_acknowledged: str | None = None

    def pull(self, most: int) -> list[Pulled]:
        return self.waiting[:most]

    def acknowledge(self, ack_ids: Sequence[str]) -> None:
        with self.office.db.read() as session:
            self.hint_when_acknowledged = session.get_one(SyncState, self.office.mailboxes[ALICE]).hinted_history_id
        self.waiting = [p for p in self.waiting if p.ack_id not in ack_ids]


def test_what_is_pulled_is_stored_before_it_is_acknowledged(sqlite_office: Office) -> None:
    office = sqlite_office
    office.sync(ALICE)
    queue = Queue(office, [envelope(10**6)["message"], {"data": "!"}, envelope(9, "who@acme.example")["message"]])
    assert Puller(office.db, office.clock, queue).pull_once() == 3
    assert (queue.waiting, queue.hint_when_acknowledged) == ([], str(10**6))


def test_notices_are_pulled_over_http_as_google_serves_them(sqlite_office: Office) -> None:
    office = sqlite_office
    office.sync(ALICE)
    office.gmail(ALICE).watch(TOPIC)
    office.emulator.deliver(b"From: dora@nordwind.example\r\nSubject: Hi\r\n\r\nHello", [ALICE])
    with EmulatorServer(office.emulator) as server:
        pool = Pool(1)
        subscription = Subscription(Line(Nobody(), pool, office.clock), server.url, "projects/p/subscriptions/s")
        puller = Puller(office.db, office.clock, subscription)
        assert [puller.pull_once(), puller.pull_once()] == [1, 0]
        pool.close()
    drain(office)
    assert stored(office) == 1


class Nobody:
    """An access that the emulator's queue does not ask for."""

    def token(self) -> str:
        return "token"

    def renew(self) -> None:
        raise AssertionError("it was good")


def test_the_newest_of_many_hints_counts(sqlite_office: Office) -> None:
    office = sqlite_office
    with office.db.write() as session:
        assert take_hints(session, [Hint(ALICE, "9"), Hint(ALICE, "10"), Hint(ALICE, "8")], office.clock.now()) == 1
    with office.db.read() as session:
        assert session.get_one(SyncState, office.mailboxes[ALICE]).hinted_history_id == "10"


def test_a_subscription_is_pulled_by_a_service_account_only_and_its_lack_is_named(sqlite_office: Office) -> None:
    environ = {
        "ENLACE_DATABASE_URL": str(sqlite_office.db.engine.url),
        "ENLACE_SECRET_KEY": "s" * 32,
        "ENLACE_TOKEN_KEYS": KEY,
    }
    without = open_installation(read_settings(environ), clock=sqlite_office.clock)
    assert make_puller(without) is None
    without.close()
    named = environ | {"ENLACE_PUBSUB_SUBSCRIPTION": "projects/p/subscriptions/gmail"}
    keyless = open_installation(read_settings(named), clock=sqlite_office.clock)
    with pytest.raises(UserError, match="GOOGLE_SERVICE_ACCOUNT_FILE"):
        make_puller(keyless)
    keyless.close()
