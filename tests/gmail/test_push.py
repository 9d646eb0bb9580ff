"""users.watch and Pub/Sub: notices pushed with a signed token, or pulled."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import pytest
import requests

from backend.gmail.emulator import push
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.errors import Rejected
from backend.gmail.identity import Certificates, verify_identity_token
from backend.kit.clock import VirtualClock

ANA = "ana@acme.example"
TOPIC = "projects/p/topics/gmail"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def emulator(clock: VirtualClock) -> Iterator[Emulator]:
    emulator = Emulator(clock=clock)
    emulator.add_mailbox(ANA)
    yield emulator
    emulator.close()


@pytest.fixture
def gmail(emulator: Emulator) -> EmulatorGmail:
    return EmulatorGmail(emulator, ANA)


def arrive(emulator: Emulator) -> None:
    emulator.deliver(b"From: zoe@client.example", [ANA])


def told(notice: push.Notice) -> dict[str, Any]:
    return dict(json.loads(base64.b64decode(notice.envelope["message"]["data"])))


def test_a_watched_mailbox_tells_of_each_change(emulator: Emulator, gmail: EmulatorGmail) -> None:
    arrive(emulator)
    gmail.watch(TOPIC)
    arrive(emulator)
    (notice,) = push.pull(emulator.store)
    assert told(notice) == {"emailAddress": ANA, "historyId": int(gmail.profile().history_id)}
    assert notice.envelope["subscription"] == "projects/p/subscriptions/gmail"


def test_a_label_filter_keeps_other_changes_quiet(emulator: Emulator, gmail: EmulatorGmail) -> None:
    gmail.watch(TOPIC, ["SENT"])
    arrive(emulator)
    assert push.pull(emulator.store) == []
    gmail.send_draft(gmail.create_draft(b"To: zoe@client.example\r\n\r\nhi").id)
    assert len(push.pull(emulator.store)) == 1


def test_a_watch_lapses_after_seven_days_and_ends_with_stop(
    emulator: Emulator, gmail: EmulatorGmail, clock: VirtualClock
) -> None:
    gmail.watch(TOPIC)
    clock.advance(timedelta(days=7))
    arrive(emulator)
    gmail.watch(TOPIC)
    gmail.stop()
    arrive(emulator)
    assert push.pull(emulator.store) == []


def test_a_second_topic_is_refused_until_the_first_is_stopped(gmail: EmulatorGmail) -> None:
    gmail.watch(TOPIC)
    gmail.watch(TOPIC)
    with pytest.raises(Rejected):
        gmail.watch("projects/p/topics/other")
    gmail.stop()
    gmail.watch("projects/p/topics/other")


@pytest.mark.parametrize("topic", ["", "gmail", "projects/p"])
def test_a_topic_must_have_its_full_name(gmail: EmulatorGmail, topic: str) -> None:
    with pytest.raises(Rejected):
        gmail.watch(topic)


def test_notices_are_pulled_until_they_are_acknowledged(emulator: Emulator, gmail: EmulatorGmail) -> None:
    gmail.watch(TOPIC)
    arrive(emulator)
    with EmulatorServer(emulator) as server:
        base = f"{server.url}/v1/projects/p/subscriptions/gmail"
        first, again = (requests.post(f"{base}:pull", json={"maxMessages": 10}, timeout=10).json() for _ in range(2))
        assert first == again
        (pulled,) = first["receivedMessages"]
        requests.post(f"{base}:acknowledge", json={"ackIds": [pulled["ackId"]]}, timeout=10)
        assert requests.post(f"{base}:pull", json={}, timeout=10).json() == {"receivedMessages": []}


class _Endpoint(BaseHTTPRequestHandler):
    """Refuses the first post and keeps what it is sent."""

    seen: Queue[tuple[str, dict[str, Any]]]
    statuses: list[int]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.put((self.headers["Authorization"], body))
        self.send_response(self.statuses.pop(0))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def endpoint() -> Iterator[tuple[str, Queue[tuple[str, dict[str, Any]]]]]:
    seen: Queue[tuple[str, dict[str, Any]]] = Queue()
    handler = type("Endpoint", (_Endpoint,), {"seen": seen, "statuses": [503, 204, 204]})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/push/gmail", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_notice_is_pushed_with_a_signed_token_until_it_is_accepted(
    emulator: Emulator,
    gmail: EmulatorGmail,
    clock: VirtualClock,
    endpoint: tuple[str, Queue[tuple[str, dict[str, Any]]]],
) -> None:
    url, seen = endpoint
    with EmulatorServer(emulator) as server:
        server.pusher.push_to(url, audience="https://crm.example/push", service_account="push@p.example")
        gmail.watch(TOPIC)
        arrive(emulator)
        (_, refused), (authorization, accepted) = seen.get(timeout=10), seen.get(timeout=10)
        assert refused == accepted
        found = verify_identity_token(
            authorization.removeprefix("Bearer "),
            audience="https://crm.example/push",
            certificates=Certificates(f"{server.url}/certs", clock),
            clock=clock,
        )
        assert found.email == "push@p.example"
    assert push.pull(emulator.store) == []
