"""The real client before a server that plays what Gmail, and what stands between, have been seen to do."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from backend.gmail.errors import (
    AuthRevoked,
    GmailError,
    HistoryExpired,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    SendingRefused,
    Transient,
)
from backend.gmail.gateway import BATCH_LIMIT, Gmail
from backend.gmail.google import GoogleMail
from backend.gmail.shapes import Format, MessageRef
from backend.kit.clock import VirtualClock
from tests.gmail.scripted import CUT, KEEP_ALIVE_LIE, ScriptedServer, answer, refusal_json, refused, scripted_server

SENT = {"id": "m9", "threadId": "t9"}


class CountedAccess:
    """Hands out token-1, and the next one after each renewal."""

    def __init__(self) -> None:
        self.renewals = 0

    def token(self) -> str:
        return f"token-{self.renewals + 1}"

    def renew(self) -> None:
        self.renewals += 1


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


@pytest.fixture
def access() -> CountedAccess:
    return CountedAccess()


@pytest.fixture
def gmail(server: ScriptedServer, access: CountedAccess, clock: VirtualClock) -> Iterator[Gmail]:
    mail = GoogleMail(server.url, clock)
    yield mail.open(access)
    mail.close()


def message_json(message_id: str) -> dict[str, Any]:
    return {"id": message_id, "threadId": f"t-{message_id}", "labelIds": ["INBOX"], "internalDate": "1000"}


def batch_answer(parts: Sequence[tuple[int, int, Any]], extra: str = "") -> bytes:
    """A multipart answer as Gmail writes it; each part is (number, status, JSON)."""
    written = "".join(
        f"--batch_x\r\nContent-Type: application/http\r\nContent-ID: <response-{number}>\r\n\r\n"
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=UTF-8\r\n{extra}\r\n{json.dumps(body)}\r\n"
        for number, status, body in parts
    )
    return answer((written + "--batch_x--\r\n").encode(), kind="multipart/mixed; boundary=batch_x")


class TestSendsOnlyOnce:
    @pytest.mark.parametrize("change", [
        lambda g: g.send_draft("d1"),
        lambda g: g.create_draft(b"Subject: Hi\r\n\r\nHi"),
        lambda g: g.modify("m1", add=["STARRED"]),
        lambda g: g.delete_draft("d1"),
    ], ids=["send_draft", "create_draft", "modify", "delete_draft"])  # fmt: skip
    def test_a_connection_cut_after_the_request_arrived_is_reported_and_not_repeated(
        self, server: ScriptedServer, gmail: Gmail, change: Callable[[Gmail], object]
    ) -> None:
        server.will_answer(CUT, answer(SENT))
        with pytest.raises(Transient):
            change(gmail)
        assert len(server.reached) == 1

    def test_a_cut_on_a_kept_connection_is_not_taken_for_a_stale_one(
        self, server: ScriptedServer, gmail: Gmail
    ) -> None:
        server.will_answer(answer({"labels": []}), CUT, answer(SENT))
        gmail.labels()
        with pytest.raises(Transient):
            gmail.send_draft("d1")
        assert [r.method for r in server.reached] == ["GET", "POST"]

    def test_a_connection_that_the_server_closed_in_silence_costs_neither_a_send_nor_a_second_one(
        self, server: ScriptedServer, gmail: Gmail
    ) -> None:
        server.will_answer(KEEP_ALIVE_LIE + answer({"labels": []}), answer(SENT))
        gmail.labels()
        assert server.has_hung_up.wait(5)
        assert gmail.send_draft("d1") == MessageRef("m9", "t9")
        assert [r.method for r in server.reached] == ["GET", "POST"]

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
    def test_a_server_error_after_acceptance_is_not_repeated(
        self, server: ScriptedServer, gmail: Gmail, status: int
    ) -> None:
        server.will_answer(refused(status), answer(SENT))
        with pytest.raises((Transient, RateLimited)):
            gmail.send_draft("d1")
        assert len(server.reached) == 1

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed(self, server: ScriptedServer, gmail: Gmail, status: int) -> None:
        server.will_answer(answer(b"", status, {"Location": server.url + "/elsewhere"}), answer(SENT))
        with pytest.raises(Transient):
            gmail.send_draft("d1")
        assert len(server.reached) == 1


class TestAnswersThatAreNotGmails:
    @pytest.mark.parametrize("reply", [
        answer(b'{"labels": [{"id": "INB'),
        answer(b"<html>Please log in to the hotel's network</html>", kind="text/html"),
        answer(b"<html>404</html>", 404, kind="text/html"),
        answer(b"<html>403</html>", 403, kind="text/html"),
        answer(b"\xff\xfe\x00"),
        answer(b"[]"),
        answer({"labels": [{"name": "without an id"}]}),
        answer({"labels": []})[:-4],
        b"HTTP/1.1 2",
    ], ids=["truncated", "html", "404", "403", "binary", "list", "foreign", "cut-body", "cut-head"])  # fmt: skip
    def test_they_say_nothing_about_the_mailbox(self, server: ScriptedServer, gmail: Gmail, reply: bytes) -> None:
        server.will_answer(KEEP_ALIVE_LIE + reply)
        with pytest.raises(Transient):
            gmail.labels()

    def test_no_server_at_all_is_a_passing_failure(self, access: CountedAccess, clock: VirtualClock) -> None:
        with pytest.raises(Transient):
            GoogleMail("http://127.0.0.1:1", clock).open(access).profile()


class TestTokens:
    def test_every_request_bears_the_token_even_where_netrc_has_a_password(
        self, server: ScriptedServer, gmail: Gmail, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        server.will_answer(answer({"labels": []}))
        gmail.labels()
        assert server.reached[0].headers["authorization"] == "Bearer token-1"

    def test_a_stale_token_is_renewed_once_and_the_request_asked_again(
        self, server: ScriptedServer, gmail: Gmail, access: CountedAccess
    ) -> None:
        server.will_answer(refused(401, "authError"), answer(SENT))
        assert gmail.send_draft("d1").id == "m9"
        assert [r.headers["authorization"] for r in server.reached] == ["Bearer token-1", "Bearer token-2"]
        assert access.renewals == 1

    def test_a_fresh_token_that_is_refused_too_means_that_the_grant_is_gone(
        self, server: ScriptedServer, gmail: Gmail, access: CountedAccess
    ) -> None:
        server.will_answer(refused(401), refused(401), answer(SENT))
        with pytest.raises(AuthRevoked):
            gmail.labels()
        assert (len(server.reached), access.renewals) == (2, 1)


class TestVerbs:
    def test_a_404_on_history_means_that_the_cursor_is_too_old(self, server: ScriptedServer, gmail: Gmail) -> None:
        server.will_answer(refused(404, "notFound"))
        with pytest.raises(HistoryExpired):
            gmail.history("1")

    def test_a_sending_limit_stops_sending_but_the_same_words_only_slow_a_read(
        self, server: ScriptedServer, gmail: Gmail
    ) -> None:
        limit = refused(403, "dailyLimitExceeded", "You have reached a limit for sending mail.")
        server.will_answer(limit, limit)
        with pytest.raises(SendingRefused):
            gmail.send_draft("d1")
        with pytest.raises(RateLimited):
            gmail.labels()

    def test_all_pages_of_drafts_are_read(self, server: ScriptedServer, gmail: Gmail) -> None:
        drafts = [{"id": f"d{n}", "message": {"id": f"m{n}", "threadId": "t"}} for n in range(3)]
        server.will_answer(answer({"drafts": drafts[:2], "nextPageToken": "p2"}), answer({"drafts": drafts[2:]}))
        assert [d.id for d in gmail.list_drafts()] == ["d0", "d1", "d2"]
        assert "pageToken=p2" in server.reached[1].path

    def test_options_are_sent_in_gmails_words(self, server: ScriptedServer, gmail: Gmail) -> None:
        server.will_answer(answer({"resultSizeEstimate": 0}))
        gmail.list_messages(query="after:2026/01/01", label_ids=["INBOX", "SENT"], max_results=7)
        path = server.reached[0].path
        assert path.startswith("/gmail/v1/users/me/messages?")
        for option in ("q=after%3A2026%2F01%2F01", "labelIds=INBOX", "labelIds=SENT", "maxResults=7"):
            assert option in path

    def test_a_verb_that_answers_nothing_is_content(self, server: ScriptedServer, gmail: Gmail) -> None:
        server.will_answer(answer(b"", 204), answer(b""), answer({}))
        gmail.delete_draft("d1")
        gmail.stop()
        gmail.modify("m1", add=["STARRED"])
        assert [r.method for r in server.reached] == ["DELETE", "POST", "POST"]


class TestBatch:
    def test_parts_are_matched_by_content_id_in_whatever_order_they_come(
        self, server: ScriptedServer, gmail: Gmail
    ) -> None:
        ids = [f"m{n}" for n in range(30)]
        parts = [(n, 200, message_json(i)) for n, i in enumerate(ids)]
        random.Random(7).shuffle(parts)
        server.will_answer(batch_answer(parts))
        fetched = gmail.get_messages(ids)
        assert {i: m.id for i, m in fetched.messages.items()} == {i: i for i in ids}
        assert fetched.errors == {}

    def test_each_refused_id_has_its_own_error(self, server: ScriptedServer, gmail: Gmail) -> None:
        statuses = {
            1: (404, "notFound"),
            2: (429, "rateLimitExceeded"),
            3: (403, "userRateLimitExceeded"),
            4: (500, ""),
        }
        parts: list[tuple[int, int, Any]] = [(0, 200, message_json("a"))]
        parts += [(n, status, refusal_json(status, reason)) for n, (status, reason) in statuses.items()]
        server.will_answer(batch_answer(parts, extra="Retry-After: 12\r\n"))
        fetched = gmail.get_messages(["a", "b", "c", "d", "e", "f"])
        assert set(fetched.messages) == {"a"}
        assert {i: type(e) for i, e in fetched.errors.items()} == {
            "b": NotFound, "c": RateLimited, "d": RateLimited, "e": Transient, "f": Transient,
        }  # fmt: skip
        slowed = fetched.errors["c"]
        assert isinstance(slowed, RateLimited)
        assert slowed.retry_after_s == 12

    def test_ids_refused_for_their_token_are_asked_for_again_with_a_fresh_one(
        self, server: ScriptedServer, gmail: Gmail, access: CountedAccess
    ) -> None:
        first = [(0, 200, message_json("a")), (1, 401, refusal_json(401)), (2, 401, refusal_json(401))]
        again = [(1, 401, refusal_json(401)), (0, 200, message_json("b"))]
        server.will_answer(batch_answer(first), batch_answer(again))
        fetched = gmail.get_messages(["a", "b", "c"])
        assert set(fetched.messages) == {"a", "b"}
        assert {i: type(e) for i, e in fetched.errors.items()} == {"c": AuthRevoked}
        assert access.renewals == 1

    def test_a_batch_that_fails_as_a_whole_raises(self, server: ScriptedServer, gmail: Gmail) -> None:
        server.will_answer(refused(429, "rateLimitExceeded", "", {"Retry-After": "30"}))
        with pytest.raises(RateLimited) as caught:
            gmail.get_messages(["a"])
        assert caught.value.retry_after_s == 30

    def test_a_batch_cut_in_the_middle_raises_and_one_without_its_end_loses_only_what_is_missing(
        self, server: ScriptedServer, gmail: Gmail
    ) -> None:
        whole = batch_answer([(0, 200, message_json("a")), (1, 200, message_json("b"))])
        content = whole.split(b"\r\n\r\n", 1)[1]
        cut = content[: content.index(b'"threadId": "t-b"')]
        server.will_answer(KEEP_ALIVE_LIE + whole[:-40], answer(cut, kind="multipart/mixed; boundary=batch_x"))
        with pytest.raises(Transient):
            gmail.get_messages(["a", "b"])
        fetched = gmail.get_messages(["a", "b"])
        assert set(fetched.messages) == {"a"}
        assert isinstance(fetched.errors["b"], Transient)

    def test_an_answer_that_is_no_batch_raises(self, server: ScriptedServer, gmail: Gmail) -> None:
        server.will_answer(answer(b"<html>", kind="text/html"))
        with pytest.raises(Transient):
            gmail.get_messages(["a"])

    def test_a_number_that_was_not_asked_for_is_left_out(self, server: ScriptedServer, gmail: Gmail) -> None:
        server.will_answer(batch_answer([(5, 200, message_json("z")), (0, 200, message_json("a"))]))
        assert set(gmail.get_messages(["a"]).messages) == {"a"}

    def test_it_goes_to_the_configured_address_with_the_token_and_asks_for_the_form(
        self, server: ScriptedServer, gmail: Gmail
    ) -> None:
        server.will_answer(batch_answer([(0, 200, message_json("a/b"))]))
        gmail.get_messages(["a/b"], Format.METADATA)
        reached = server.reached[0]
        assert (reached.method, reached.path) == ("POST", "/batch/gmail/v1")
        assert reached.headers["authorization"] == "Bearer token-1"
        assert b"GET /gmail/v1/users/me/messages/a%2Fb?format=metadata\r\n" in reached.body

    def test_no_ids_ask_nothing_and_too_many_are_refused_before_they_cost(
        self, server: ScriptedServer, gmail: Gmail
    ) -> None:
        assert gmail.get_messages([]).messages == {}
        with pytest.raises(Rejected):
            gmail.get_messages(["x"] * (BATCH_LIMIT + 1))
        assert server.reached == []


def test_every_refusal_is_one_of_the_errors_that_callers_know() -> None:
    kinds = (AuthRevoked, HistoryExpired, NotFound, PermissionDenied, RateLimited, Rejected, SendingRefused, Transient)
    assert set(GmailError.__subclasses__()) == set(kinds)
