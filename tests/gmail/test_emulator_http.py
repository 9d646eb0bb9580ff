"""Google's own client, unmodified, and plain HTTP against the emulator's door."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

import pytest
import requests
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload, build_http

from backend.gmail.emulator.calls import Call
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.server import EmulatorServer
from backend.kit.clock import VirtualClock

ANA, BEN = "ana@acme.example", "ben@acme.example"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(clock=VirtualClock(), seed=3)
    emulator.add_mailbox(ANA)
    emulator.add_mailbox(BEN)
    yield emulator
    emulator.close()


@pytest.fixture
def server(emulator: Emulator) -> Iterator[EmulatorServer]:
    with EmulatorServer(emulator, any_bearer=True) as server:
        yield server


class Bearer:
    """Google's own transport, with an address as the token, which the emulator accepts for simple clients."""

    def __init__(self, address: str) -> None:
        self._http = build_http()
        self._address = address

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **more: Any) -> Any:
        authorized = {**(headers or {}), "authorization": f"Bearer {self._address}"}
        return self._http.request(uri, method, body, authorized, **more)

    def close(self) -> None:
        self._http.close()


def client(server: EmulatorServer, address: str = ANA) -> Any:
    """Return google-api-python-client's Gmail, moved to the emulator."""
    path = files("googleapiclient.discovery_cache").joinpath("documents/gmail.v1.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    document["rootUrl"] = f"{server.url}/"
    document.pop("mtlsRootUrl", None)
    return build_from_document(document, http=Bearer(address))


@pytest.fixture
def gmail(server: EmulatorServer) -> Iterator[Any]:
    service = client(server)
    yield service.users()
    service.close()


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


MAIL = b"From: ana@acme.example\r\nTo: ben@acme.example\r\nSubject: Offer\r\n\r\nSee below.\r\n"


def arrive(emulator: Emulator, subject: str) -> str:
    raw = f"From: zoe@client.example\r\nTo: {ANA}\r\nSubject: {subject}\r\n\r\nhi".encode()
    return f"{emulator.deliver(raw)[0].id:016x}"


def test_googles_client_lists_and_gets(gmail: Any, emulator: Emulator) -> None:
    ids = [arrive(emulator, f"Mail {n}") for n in range(3)]
    listed = gmail.messages().list(userId="me").execute()
    assert [message["id"] for message in listed["messages"]] == ids[::-1]
    message = gmail.messages().get(userId=ANA, id=ids[0], format="full").execute()
    assert message["labelIds"] == ["INBOX", "UNREAD"]
    assert gmail.getProfile(userId="me").execute()["messagesTotal"] == 3


def test_googles_client_pages_with_list_next(gmail: Any, emulator: Emulator) -> None:
    for n in range(5):
        arrive(emulator, f"Mail {n}")
    request, pages = gmail.messages().list(userId="me", maxResults=2), []
    while request is not None:
        answer = request.execute()
        pages.append(len(answer["messages"]))
        request = gmail.messages().list_next(request, answer)
    assert pages == [2, 2, 1]


def test_googles_client_thins_answers_with_fields(gmail: Any, emulator: Emulator) -> None:
    message_id = arrive(emulator, "Hello")
    mask = "id,payload/headers(name),labelIds"
    message = gmail.messages().get(userId="me", id=message_id, fields=mask).execute()
    assert set(message) == {"id", "labelIds", "payload"}
    assert message["payload"]["headers"][0] == {"name": "From"}
    assert gmail.messages().list(userId="me", fields="messages/id").execute() == {"messages": [{"id": message_id}]}


def test_metadata_shows_only_the_headers_that_were_asked_for(gmail: Any, emulator: Emulator) -> None:
    message_id = arrive(emulator, "Hello")
    asked = gmail.messages().get(userId="me", id=message_id, format="metadata", metadataHeaders=["subject", "To"])
    assert {line["name"] for line in asked.execute()["payload"]["headers"]} == {"Subject", "To"}


def test_googles_client_gets_a_batch_and_each_error_by_itself(
    gmail: Any, server: EmulatorServer, emulator: Emulator
) -> None:
    ids = [*(arrive(emulator, f"Mail {n}") for n in range(20)), "00000000000000aa"]
    found: dict[str, Any] = {}
    service = client(server)
    batch = service.new_batch_http_request(callback=lambda key, answer, error: found.update({key: (answer, error)}))
    for message_id in ids:
        batch.add(gmail.messages().get(userId="me", id=message_id, format="minimal"), request_id=message_id)
    batch.execute()
    service.close()
    assert [found[message_id][0]["id"] for message_id in ids[:-1]] == ids[:-1]
    assert found["00000000000000aa"][1].status_code == 404


def test_answers_of_a_batch_come_in_another_order_and_name_their_request(
    server: EmulatorServer, emulator: Emulator
) -> None:
    ids = [arrive(emulator, f"Mail {n}") for n in range(30)]
    parts = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <{n}>\r\n\r\nGET /gmail/v1/users/me/messages/{i}\r\n\r\n"
        for n, i in enumerate(ids)
    )
    headers = {"Authorization": f"Bearer {ANA}", "Content-Type": "multipart/mixed; boundary=b"}
    answer = requests.post(f"{server.url}/batch", data=parts + "--b--", headers=headers, timeout=10)
    named = re.findall(r'<response-(\d+)>.*?"id": "(\w+)"', answer.text, re.DOTALL)
    assert [int(n) for n, _ in named] != list(range(30))
    assert sorted((int(n), i) for n, i in named) == list(enumerate(ids))


def test_a_batch_of_more_than_a_hundred_is_refused(server: EmulatorServer) -> None:
    parts = "--b\r\nContent-Type: application/http\r\n\r\nGET /gmail/v1/users/me/profile\r\n\r\n" * 101
    headers = {"Authorization": f"Bearer {ANA}", "Content-Type": "multipart/mixed; boundary=b"}
    answer = requests.post(f"{server.url}/batch/gmail/v1", data=parts + "--b--", headers=headers, timeout=10)
    assert answer.status_code == 400
    assert "too many calls" in answer.json()["error"]["message"]


def test_googles_client_writes_updates_and_sends_a_draft(gmail: Any, server: EmulatorServer) -> None:
    draft = gmail.drafts().create(userId="me", body={"message": {"raw": encoded(MAIL)}}).execute()
    changed = MAIL.replace(b"Offer", b"Better offer")
    updated = gmail.drafts().update(userId="me", id=draft["id"], body={"message": {"raw": encoded(changed)}}).execute()
    assert updated["id"] == draft["id"]
    assert updated["message"]["id"] != draft["message"]["id"]
    sent = gmail.drafts().send(userId="me", body={"id": draft["id"]}).execute()
    assert sent["labelIds"] == ["SENT"]
    service = client(server, BEN)
    (received,) = service.users().messages().list(userId="me", q="subject:better").execute()["messages"]
    service.close()
    assert received["id"] != sent["id"]


@pytest.mark.parametrize("verb", ["send", "insert", "import_"])
@pytest.mark.parametrize("way", ["media", "multipart", "resumable"])
def test_googles_client_uploads_mail_in_each_way(gmail: Any, verb: str, way: str) -> None:
    media = MediaInMemoryUpload(MAIL, mimetype="message/rfc822", resumable=way == "resumable", chunksize=40)
    body = {} if way == "media" else {"labelIds": ["STARRED"]} if verb != "send" else {"threadId": ""}
    call = getattr(gmail.messages(), verb)(userId="me", media_body=media, **({"body": body} if body else {}))
    answer = call.execute()
    raw = base64.urlsafe_b64decode(gmail.messages().get(userId="me", id=answer["id"], format="raw").execute()["raw"])
    assert raw.endswith(b"\r\n\r\nSee below.\r\n")
    if body and verb != "send":
        assert answer["labelIds"] == ["STARRED"]


def test_googles_client_uploads_a_draft_and_its_new_version(gmail: Any) -> None:
    def media(text: bytes, *, resumable: bool) -> MediaInMemoryUpload:
        return MediaInMemoryUpload(MAIL + text, mimetype="message/rfc822", resumable=resumable)

    draft = gmail.drafts().create(userId="me", media_body=media(b"one", resumable=False)).execute()
    gmail.drafts().update(userId="me", id=draft["id"], media_body=media(b"two", resumable=False)).execute()
    gmail.drafts().update(userId="me", id=draft["id"], media_body=media(b"three", resumable=True)).execute()
    found = gmail.drafts().get(userId="me", id=draft["id"], format="raw").execute()
    assert base64.urlsafe_b64decode(found["message"]["raw"]).endswith(b"three")


def test_googles_client_follows_history(gmail: Any, emulator: Emulator) -> None:
    start = gmail.getProfile(userId="me").execute()["historyId"]
    ids = [arrive(emulator, f"Mail {n}") for n in range(3)]
    gmail.messages().modify(userId="me", id=ids[0], body={"removeLabelIds": ["UNREAD"]}).execute()
    gmail.messages().trash(userId="me", id=ids[1]).execute()
    gmail.messages().delete(userId="me", id=ids[2]).execute()
    request, records = gmail.history().list(userId="me", startHistoryId=start, maxResults=2), []
    while request is not None:
        answer = request.execute()
        records += answer["history"]
        request = gmail.history().list_next(request, answer)
    kinds = [next(key for key in record if key not in {"id", "messages"}) for record in records]
    assert kinds == ["messagesAdded"] * 3 + ["labelsRemoved", "labelsAdded", "messagesDeleted"]
    assert records[4]["labelsRemoved"][0]["labelIds"] == ["INBOX"]
    only = gmail.history().list(userId="me", startHistoryId=start, historyTypes=["messageDeleted"]).execute()
    assert [record["messages"][0]["id"] for record in only["history"]] == [ids[2]]


def test_a_query_too_long_for_a_url_is_posted_by_googles_client(gmail: Any, emulator: Emulator) -> None:
    message_id = arrive(emulator, "Hello")
    query = "subject:hello " + " ".join(f"-subject:other{n}" for n in range(300))
    answer = gmail.messages().list(userId="me", q=query).execute()
    assert [message["id"] for message in answer["messages"]] == [message_id]


def test_refusals_are_in_googles_words(gmail: Any) -> None:
    with pytest.raises(HttpError) as missing:
        gmail.messages().get(userId="me", id="00000000000000aa").execute()
    assert (missing.value.status_code, missing.value.reason) == (404, "Requested entity was not found.")
    with pytest.raises(HttpError) as invalid:
        gmail.messages().get(userId="me", id="not-an-id").execute()
    assert (invalid.value.status_code, invalid.value.reason) == (400, "Invalid id value")
    with pytest.raises(HttpError) as foreign:
        gmail.messages().list(userId=BEN).execute()
    assert foreign.value.status_code == 403


def test_a_connection_is_kept_for_the_next_request(server: EmulatorServer) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {ANA}"
        for _ in range(3):
            assert session.get(f"{server.url}/gmail/v1/users/me/profile", timeout=10).ok
        (pool,) = session.get_adapter(server.url).poolmanager.pools._container.values()  # type: ignore[attr-defined] # requests' own
        assert pool.num_connections == 1


@pytest.mark.parametrize("path", ["/nowhere", "/gmail/v1/users/me/nothing", "/gmail/v1/users/me/messages/1/2/3"])
def test_an_unknown_path_is_not_answered_in_json(server: EmulatorServer, path: str) -> None:
    answer = requests.get(server.url + path, headers={"Authorization": f"Bearer {ANA}"}, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"])
def test_a_body_that_is_no_json_object_is_a_parse_error(server: EmulatorServer, body: bytes) -> None:
    url = f"{server.url}/gmail/v1/users/me/messages/send"
    answer = requests.post(url, data=body, headers={"Authorization": f"Bearer {ANA}"}, timeout=10)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "parseError")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nobody@acme.example", "Basic ana@acme.example"])
def test_without_a_valid_token_nothing_is_told(server: EmulatorServer, header: str) -> None:
    answer = requests.get(f"{server.url}/gmail/v1/users/me/profile", headers={"Authorization": header}, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_body_cut_in_the_middle_is_an_error_of_the_connection(server: EmulatorServer, emulator: Emulator) -> None:
    emulator.faults.inject("cut", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{server.url}/gmail/v1/users/me/labels", headers={"Authorization": f"Bearer {ANA}"}, timeout=10)


def test_a_body_of_unknown_length_is_refused(server: EmulatorServer) -> None:
    headers = {"Authorization": f"Bearer {ANA}"}
    answer = requests.post(f"{server.url}/gmail/v1/users/me/labels", data=iter([b"{}"]), headers=headers, timeout=10)
    assert answer.status_code == 411


def test_many_clients_at_once_lose_nothing(server: EmulatorServer, emulator: Emulator) -> None:
    raw = {"raw": encoded(b"Subject: x\r\n\r\nhi"), "labelIds": ["INBOX"]}

    def insert(_: int) -> str:
        url = f"{server.url}/gmail/v1/users/me/messages"
        return str(requests.post(url, json=raw, headers={"Authorization": f"Bearer {ANA}"}, timeout=20).json()["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(insert, range(64)))
    assert len(ids) == 64
    assert emulator.call(Call(ANA, "getProfile"))["messagesTotal"] == 64
