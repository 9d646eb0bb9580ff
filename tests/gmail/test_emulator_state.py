"""What the emulator keeps: over restarts, for the same seed, between mailboxes, in labels and threads."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.gmail.emulator.calls import Call, Json
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.emulator.refusals import Refusal
from backend.gmail.payload import header
from backend.gmail.shapes import Format
from backend.kit.clock import VirtualClock
from backend.kit.errors import UserError

ANA, BEN = "ana@acme.example", "ben@acme.example"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(clock=VirtualClock(), seed=5)
    emulator.add_mailbox(ANA, aliases=["ana.sales@acme.example"])
    emulator.add_mailbox(BEN)
    yield emulator
    emulator.close()


def arrive(emulator: Emulator, subject: str = "Hello", to: str = ANA) -> str:
    raw = f"From: zoe@client.example\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nhi".encode()
    return f"{emulator.deliver(raw)[0].id:016x}"


def ask(
    emulator: Emulator, verb: str, ids: dict[str, str] | None = None, body: Json | None = None, **query: Any
) -> Json:
    asked = {name: value if isinstance(value, list) else [str(value)] for name, value in query.items()}
    return emulator.call(Call(ANA, verb, ids or {}, asked, body or {}))


def send(emulator: Emulator, raw: bytes, **resource: str) -> Json:
    return ask(emulator, "messages.send", body={"raw": base64.urlsafe_b64encode(raw).decode(), **resource})


# Over restarts


def test_a_state_file_keeps_mail_history_and_ids_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    first = Emulator(path, clock=VirtualClock(), seed=5)
    first.add_mailbox(ANA)
    one = arrive(first)
    before = EmulatorGmail(first, ANA).profile()
    first.close()
    second = Emulator(path, clock=VirtualClock(), seed=99)
    two = arrive(second)
    gmail = EmulatorGmail(second, ANA)
    assert [ref.id for ref in gmail.list_messages().refs] == [two, one]
    assert [event.ref.id for event in gmail.history(before.history_id).events] == [two]
    second.close()
    straight = Emulator(clock=VirtualClock(), seed=5)
    straight.add_mailbox(ANA)
    assert [arrive(straight), arrive(straight)] == [one, two]
    straight.close()


def test_another_seed_gives_other_ids() -> None:
    ids = set()
    for seed in (1, 2):
        emulator = Emulator(clock=VirtualClock(), seed=seed)
        emulator.add_mailbox(ANA)
        ids.add(arrive(emulator))
        emulator.close()
    assert len(ids) == 2


def test_a_file_that_is_no_state_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)
    with pytest.raises(UserError, match="is not an emulator's state"):
        Emulator(path)


def test_a_refused_verb_leaves_nothing_behind(emulator: Emulator) -> None:
    message_id = arrive(emulator)
    before = ask(emulator, "getProfile")
    with pytest.raises(Refusal):
        ask(emulator, "messages.batchModify", body={"ids": [message_id], "addLabelIds": ["STARRED", "Label_7"]})
    with pytest.raises(Refusal):
        send(emulator, b"Subject: to nobody\r\n\r\n")
    assert ask(emulator, "getProfile") == before


def test_a_send_that_fails_half_way_leaves_the_draft_as_it_was(emulator: Emulator) -> None:
    raw = base64.urlsafe_b64encode(b"Subject: to nobody\r\n\r\nhi").decode()
    made = ask(emulator, "drafts.create", body={"message": {"raw": raw}})
    with pytest.raises(Refusal, match="Recipient address required"):
        ask(emulator, "drafts.send", body={"id": made["id"], "message": {"raw": raw}})
    assert ask(emulator, "drafts.get", {"id": made["id"]}, format="minimal")["message"]["id"] == made["message"]["id"]


# Between mailboxes


def test_sent_mail_reaches_everyone_it_addresses_and_hides_bcc(emulator: Emulator) -> None:
    emulator.add_mailbox("cai@acme.example")
    raw = f"From: {ANA}\r\nTo: Ben <{BEN}>\r\nBcc: cai@acme.example\r\nSubject: News\r\n\r\nhi".encode()
    sent = send(emulator, raw)
    assert header(ask(emulator, "messages.get", {"id": sent["id"]})["payload"], "Bcc") == "cai@acme.example"
    for address in (BEN, "cai@acme.example"):
        gmail = EmulatorGmail(emulator, address)
        payload = gmail.get_message(gmail.list_messages().refs[0].id).payload
        assert payload is not None
        assert header(dict(payload), "Bcc") == ""
        assert header(dict(payload), "Delivered-To") == address


@pytest.mark.parametrize("address", ["ANA@acme.example", "ana+list@acme.example", "Ana.Sales@acme.example"])
def test_aliases_plus_tags_and_case_reach_the_mailbox(emulator: Emulator, address: str) -> None:
    assert arrive(emulator, to=address)


def test_dots_do_not_matter_in_gmails_own_addresses(emulator: Emulator) -> None:
    emulator.add_mailbox("ana.lopez@gmail.com")
    assert arrive(emulator, to="analopez@googlemail.com")


def test_mail_to_oneself_is_one_message_in_inbox_and_sent(emulator: Emulator) -> None:
    sent = send(emulator, f"To: {ANA}\r\nSubject: note\r\n\r\nhi".encode())
    assert sent["labelIds"] == ["INBOX", "SENT", "UNREAD"]
    assert ask(emulator, "getProfile")["messagesTotal"] == 1


def test_gmail_replaces_message_id_and_foreign_senders_and_keeps_the_rest(emulator: Emulator) -> None:
    raw = b"From: boss@other.example\r\nTo: ben@acme.example\r\nMessage-ID: <mine@x.example>\r\nX-Mine: 1\r\n\r\nhi"
    payload = ask(emulator, "messages.get", {"id": send(emulator, raw)["id"]})["payload"]
    assert header(payload, "Message-ID") != "<mine@x.example>"
    assert header(payload, "From") == ANA
    assert header(payload, "X-Google-Original-From") == "boss@other.example"
    assert header(payload, "X-Mine") == "1"
    assert header(payload, "Date") == "Mon, 05 Jan 2026 09:00:00 +0000"


def test_an_alias_may_send_under_its_name(emulator: Emulator) -> None:
    raw = b"From: Ana <ana.sales@acme.example>\r\nTo: ben@acme.example\r\n\r\nhi"
    payload = ask(emulator, "messages.get", {"id": send(emulator, raw)["id"]})["payload"]
    assert header(payload, "From") == "Ana <ana.sales@acme.example>"


def test_mail_to_elsewhere_can_be_answered(emulator: Emulator) -> None:
    seen: list[tuple[str, str]] = []

    def bounce(sender: str, recipient: str, _: bytes) -> bytes | None:
        seen.append((sender, recipient))
        return b"From: mailer-daemon@client.example\r\nSubject: Undeliverable\r\n\r\nNo such user"

    emulator.answer_outside(bounce)
    send(emulator, b"To: gone@client.example, ben@acme.example\r\nSubject: Hi\r\n\r\nhi")
    assert seen == [(ANA, "gone@client.example")]
    (ref,) = EmulatorGmail(emulator, ANA).list_messages(query="subject:undeliverable").refs
    assert ref.id


# Insert and import


@pytest.mark.parametrize(
    ("verb", "source", "dated"),
    [
        ("messages.insert", "", "2026-01-05"),
        ("messages.insert", "dateHeader", "2020-02-03"),
        ("messages.import", "", "2020-02-03"),
        ("messages.import", "receivedTime", "2026-01-05"),
    ],
)
def test_inserted_mail_is_dated_as_asked(emulator: Emulator, verb: str, source: str, dated: str) -> None:
    raw = b"Date: Mon, 3 Feb 2020 10:00:00 +0000\r\nMessage-ID: <kept@x.example>\r\nSubject: old\r\n\r\nhi"
    body = {"raw": base64.urlsafe_b64encode(raw).decode(), "labelIds": ["INBOX"]}
    stored = ask(emulator, verb, body=body, internalDateSource=source)
    message = EmulatorGmail(emulator, ANA).get_message(stored["id"], Format.RAW)
    assert message.raw == raw
    day = {"2026-01-05": 1767603600000, "2020-02-03": 1580724000000}[dated]
    assert message.internal_date_ms == day


# Labels


def test_labels_are_made_renamed_counted_and_taken_off_when_deleted(emulator: Emulator) -> None:
    made = ask(emulator, "labels.create", body={"name": "Deals", "labelListVisibility": "labelShow"})
    message_id = arrive(emulator)
    ask(emulator, "messages.modify", {"id": message_id}, {"addLabelIds": [made["id"]]})
    ask(emulator, "labels.patch", {"id": made["id"]}, {"name": "Big deals"})
    shown = ask(emulator, "labels.get", {"id": made["id"]})
    assert (shown["name"], shown["labelListVisibility"]) == ("Big deals", "labelShow")
    assert (shown["messagesTotal"], shown["messagesUnread"], shown["threadsUnread"]) == (1, 1, 1)
    start = ask(emulator, "getProfile")["historyId"]
    ask(emulator, "labels.delete", {"id": made["id"]})
    assert made["id"] not in ask(emulator, "messages.get", {"id": message_id})["labelIds"]
    (record,) = ask(emulator, "history.list", startHistoryId=start)["history"]
    assert record["labelsRemoved"][0]["labelIds"] == [made["id"]]


@pytest.mark.parametrize(
    ("verb", "label_id", "body", "status"),
    [
        ("labels.create", "", {"name": "inbox"}, 409),
        ("labels.create", "", {"name": " "}, 400),
        ("labels.create", "", {}, 400),
        ("labels.create", "", {"name": "DEALS"}, 409),
        ("labels.delete", "INBOX", {}, 400),
        ("labels.update", "SENT", {"name": "x"}, 400),
        ("labels.get", "Label_77", {}, 404),
    ],
)
def test_labels_that_cannot_be(emulator: Emulator, verb: str, label_id: str, body: Json, status: int) -> None:
    ask(emulator, "labels.create", body={"name": "Deals"})
    with pytest.raises(Refusal) as refused:
        ask(emulator, verb, {"id": label_id}, body)
    assert refused.value.status == status


@pytest.mark.parametrize("label", ["SENT", "DRAFT", "CHAT"])
def test_what_only_gmail_labels_cannot_be_changed(emulator: Emulator, label: str) -> None:
    with pytest.raises(Refusal, match="Invalid label"):
        ask(emulator, "messages.modify", {"id": arrive(emulator)}, {"addLabelIds": [label]})


# Many at once, threads, history


def test_many_are_changed_and_deleted_at_once_and_missing_ones_passed_over(emulator: Emulator) -> None:
    ids = [arrive(emulator, f"Mail {n}") for n in range(3)]
    ask(emulator, "messages.batchModify", body={"ids": [*ids, "00000000000000aa"], "addLabelIds": ["STARRED"]})
    assert len(ask(emulator, "messages.list", labelIds=["STARRED"])["messages"]) == 3
    ask(emulator, "messages.batchDelete", body={"ids": [*ids[:2], "00000000000000aa"]})
    assert [ref["id"] for ref in ask(emulator, "messages.list")["messages"]] == ids[2:]


def test_a_thread_stands_once_where_its_newest_fitting_mail_stands(emulator: Emulator) -> None:
    ids = [arrive(emulator, f"Mail {n}") for n in range(3)]
    threads = [ask(emulator, "messages.get", {"id": message_id})["threadId"] for message_id in ids]
    raw = b"To: zoe@client.example\r\nSubject: Re: Mail 0\r\n\r\nhi"
    send(emulator, raw, threadId=threads[0])
    every = ask(emulator, "threads.list", maxResults=2)
    assert [thread["id"] for thread in every["threads"]] == [threads[0], threads[2]]
    rest = ask(emulator, "threads.list", maxResults=2, pageToken=every["nextPageToken"])
    assert [thread["id"] for thread in rest["threads"]] == [threads[1]]
    inbox = ask(emulator, "threads.list", labelIds=["INBOX"])
    assert [thread["id"] for thread in inbox["threads"]] == threads[::-1]


def test_a_thread_is_relabelled_trashed_and_deleted_as_a_whole(emulator: Emulator) -> None:
    thread_id = ask(emulator, "messages.get", {"id": arrive(emulator)})["threadId"]
    send(emulator, b"To: zoe@client.example\r\nSubject: Re: Hello\r\n\r\nhi", threadId=thread_id)
    ask(emulator, "threads.modify", {"id": thread_id}, {"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]})
    shown = ask(emulator, "threads.get", {"id": thread_id}, format="minimal")
    assert [message["labelIds"] for message in shown["messages"]] == [["INBOX", "STARRED"], ["SENT", "STARRED"]]
    ask(emulator, "threads.trash", {"id": thread_id})
    assert "messages" not in ask(emulator, "messages.list")
    ask(emulator, "threads.untrash", {"id": thread_id})
    assert len(ask(emulator, "messages.list")["messages"]) == 2
    ask(emulator, "threads.delete", {"id": thread_id})
    assert ask(emulator, "getProfile")["threadsTotal"] == 0


def test_history_of_a_label_tells_only_of_mail_that_bears_it(emulator: Emulator) -> None:
    start = ask(emulator, "getProfile")["historyId"]
    inbox = arrive(emulator)
    send(emulator, b"To: zoe@client.example\r\nSubject: out\r\n\r\nhi")
    records = ask(emulator, "history.list", startHistoryId=start, labelId="INBOX")["history"]
    assert [record["messages"][0]["id"] for record in records] == [inbox]


def test_a_change_that_changes_nothing_leaves_no_history(emulator: Emulator) -> None:
    message_id = arrive(emulator)
    start = ask(emulator, "getProfile")["historyId"]
    ask(emulator, "messages.modify", {"id": message_id}, {"addLabelIds": ["INBOX"], "removeLabelIds": ["STARRED"]})
    assert ask(emulator, "history.list", startHistoryId=start) == {"historyId": start}


@pytest.mark.parametrize("start", ["", "x", "-1", "99999999999999"])
def test_a_start_of_history_that_cannot_be_is_refused(emulator: Emulator, start: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask(emulator, "history.list", startHistoryId=start)
    assert refused.value.status == (404 if start.isdecimal() else 400)


def test_a_draft_keeps_its_id_over_edits_and_its_message_does_not(emulator: Emulator) -> None:
    def body(text: str) -> Json:
        raw = f"To: {BEN}\r\nSubject: Offer\r\n\r\n{text}".encode()
        return {"message": {"raw": base64.urlsafe_b64encode(raw).decode()}}

    made = ask(emulator, "drafts.create", body=body("one"))
    edited = ask(emulator, "drafts.update", {"id": made["id"]}, body("two"))
    assert edited["id"] == made["id"]
    assert edited["message"]["id"] != made["message"]["id"]
    assert edited["message"]["threadId"] == made["message"]["threadId"]
    sent = ask(emulator, "drafts.send", body={"id": made["id"], **body("three")})
    assert ask(emulator, "messages.get", {"id": sent["id"]})["snippet"] == "three"
    assert ask(emulator, "drafts.list") == {"resultSizeEstimate": 0}


def test_send_as_addresses_can_be_added(emulator: Emulator) -> None:
    made = ask(emulator, "settings.sendAs.create", body={"sendAsEmail": "Ana@other.example", "displayName": "Ana L."})
    assert ask(emulator, "settings.sendAs.get", {"sendAsEmail": "ana@other.example"}) == made
    assert arrive(emulator, to="ana@other.example")
