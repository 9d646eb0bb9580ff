"""What every gateway to Gmail does: subclass `GmailContract` and give it a `world` fixture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from backend.gmail.emulator.core import Emulator
from backend.gmail.errors import (
    AuthRevoked,
    HistoryExpired,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    SendingRefused,
    Transient,
)
from backend.gmail.gateway import Gmail
from backend.gmail.payload import header
from backend.gmail.shapes import Change, Format, HistoryEvent
from backend.kit.clock import VirtualClock

ANA = "ana@acme.example"
BEN = "ben@acme.example"


@dataclass
class World:
    """Two mailboxes, Ana's and Ben's, on one emulator, and the gateway under test to open them with."""

    open: Callable[[str], Gmail]
    emulator: Emulator
    clock: VirtualClock = field(default_factory=VirtualClock)

    def arrive(self, subject: str = "Hello", *, text: str = "Good morning", more: str = "") -> str:
        """Let a mail from outside arrive at Ana's; return its id."""
        self.clock.advance(timedelta(minutes=1))
        raw = f"From: Zoe <zoe@client.example>\r\nTo: {ANA}\r\nSubject: {subject}\r\n{more}\r\n{text}\r\n"
        (stored,) = self.emulator.deliver(raw.encode())
        return f"{stored.id:016x}"


def new_world(open_mailbox: Callable[[Emulator, str], Gmail]) -> World:
    """Return a world on a fresh emulator; `open_mailbox` makes the gateway under test."""
    clock = VirtualClock()
    emulator = Emulator(clock=clock, seed=7)
    emulator.add_mailbox(ANA, display_name="Ana", aliases=["ana.lopez@acme.example"])
    emulator.add_mailbox(BEN, display_name="Ben")
    return World(lambda address: open_mailbox(emulator, address), emulator, clock)


def outgoing(subject: str = "Offer", to: str = BEN, more: str = "") -> bytes:
    return f"From: {ANA}\r\nTo: {to}\r\nSubject: {subject}\r\n{more}\r\nSee below.\r\n".encode()


def all_events(gmail: Gmail, start: str) -> list[HistoryEvent]:
    """Every event after `start`, all pages."""
    events: list[HistoryEvent] = []
    token: str | None = None
    while True:
        page = gmail.history(start, token)
        events += page.events
        token = page.next_page_token
        if token is None:
            return events


class GmailContract:
    """The contract. Each test begins with `world`, a fixture of the subclass."""

    # Reading

    def test_a_profile_tells_address_totals_and_a_history_id_that_grows(self, world: World) -> None:
        gmail = world.open(ANA)
        before = gmail.profile()
        world.arrive()
        after = gmail.profile()
        assert (after.address, after.messages_total, after.threads_total) == (ANA, 1, 1)
        assert int(after.history_id) > int(before.history_id)

    def test_messages_are_listed_newest_first_page_by_page(self, world: World) -> None:
        ids = [world.arrive(f"Mail {n}") for n in range(5)]
        gmail = world.open(ANA)
        first = gmail.list_messages(max_results=2)
        world.arrive("while paging")
        second = gmail.list_messages(max_results=2, page_token=first.next_page_token)
        third = gmail.list_messages(max_results=2, page_token=second.next_page_token)
        assert [ref.id for page in (first, second, third) for ref in page.refs] == ids[::-1]
        assert third.next_page_token is None

    def test_an_unknown_page_token_is_rejected(self, world: World) -> None:
        with pytest.raises(Rejected):
            world.open(ANA).list_messages(page_token="no-such-page")

    def test_an_empty_mailbox_lists_nothing(self, world: World) -> None:
        page = world.open(BEN).list_messages()
        assert (page.refs, page.next_page_token) == ((), None)

    def test_lists_are_filtered_by_query_and_labels_and_leave_out_spam_and_trash(self, world: World) -> None:
        gmail = world.open(ANA)
        kept, starred, spam = world.arrive("budget"), world.arrive("budget"), world.arrive("budget")
        gmail.modify(starred, add=["STARRED"])
        gmail.modify(spam, add=["SPAM"])
        assert [ref.id for ref in gmail.list_messages(query="subject:budget").refs] == [starred, kept]
        assert [ref.id for ref in gmail.list_messages(label_ids=["STARRED", "INBOX"]).refs] == [starred]
        assert len(gmail.list_messages(include_spam_trash=True).refs) == 3

    def test_a_message_comes_in_each_format(self, world: World) -> None:
        message_id = world.arrive("Hello", text="Tom & Ana said <hi>")
        gmail = world.open(ANA)
        full = gmail.get_message(message_id)
        assert full.payload is not None
        assert header(dict(full.payload), "subject") == "Hello"
        assert full.snippet == "Tom &amp; Ana said &lt;hi&gt;"
        assert set(full.label_ids) == {"INBOX", "UNREAD"}
        assert gmail.get_message(message_id, Format.MINIMAL).payload is None
        raw = gmail.get_message(message_id, Format.RAW)
        assert raw.raw is not None
        assert b"Subject: Hello" in raw.raw
        assert raw.size_estimate == len(raw.raw)
        metadata = gmail.get_message(message_id, Format.METADATA).payload
        assert metadata is not None
        assert "body" not in metadata

    def test_many_messages_come_in_one_round_trip_with_an_error_for_each_that_is_gone(self, world: World) -> None:
        ids = [world.arrive(f"Mail {n}") for n in range(3)]
        fetched = world.open(ANA).get_messages([*ids, "00000000000000aa"], Format.MINIMAL)
        assert sorted(fetched.messages) == sorted(ids)
        assert isinstance(fetched.errors["00000000000000aa"], NotFound)

    def test_more_than_a_hundred_in_one_round_trip_are_rejected(self, world: World) -> None:
        with pytest.raises(Rejected):
            world.open(ANA).get_messages(["00000000000000aa"] * 101)

    def test_what_is_not_there_is_not_found(self, world: World) -> None:
        gmail = world.open(ANA)
        for ask in (gmail.get_message, gmail.get_thread, gmail.get_draft, gmail.delete_draft, gmail.send_draft):
            with pytest.raises(NotFound):
                ask("00000000000000aa")
        with pytest.raises(NotFound):
            gmail.modify("00000000000000aa", add=["STARRED"])

    def test_replies_join_their_thread(self, world: World) -> None:
        first = world.arrive("Offer", more="Message-ID: <one@client.example>\r\n")
        second = world.arrive("Re: Offer", more="In-Reply-To: <one@client.example>\r\n")
        elsewhere = world.arrive("Offer", more="Message-ID: <two@client.example>\r\n")
        gmail = world.open(ANA)
        thread = gmail.get_thread(gmail.get_message(second).thread_id, Format.MINIMAL)
        assert [message.id for message in thread.messages] == [first, second]
        assert gmail.get_message(elsewhere).thread_id != thread.id

    def test_many_threads_come_in_one_answer_and_each_may_fail_by_itself(self, world: World) -> None:
        first = world.arrive("Offer", more="Message-ID: <one@client.example>\r\n")
        second = world.arrive("Re: Offer", more="In-Reply-To: <one@client.example>\r\n")
        alone = world.arrive("Something else")
        gmail = world.open(ANA)
        threads = [gmail.get_message(i).thread_id for i in (first, alone)]
        fetched = gmail.get_threads([*threads, "00000000000000aa"])
        assert set(fetched.messages) == {first, second, alone}
        assert {i: type(error) for i, error in fetched.errors.items()} == {"00000000000000aa": NotFound}
        assert gmail.get_threads([]).messages == {}
        with pytest.raises(Rejected):
            gmail.get_threads(threads * 51)

    def test_an_attachment_is_fetched_by_its_id(self, world: World) -> None:
        more = 'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        message_id = world.arrive(text="JVBERg==", more=more)
        gmail = world.open(ANA)
        payload = gmail.get_message(message_id).payload
        assert payload is not None
        assert gmail.attachment(message_id, payload["body"]["attachmentId"]) == b"%PDF"

    def test_labels_and_addresses_are_told(self, world: World) -> None:
        gmail = world.open(ANA)
        assert {"INBOX", "SENT", "UNREAD", "TRASH"} <= {label.id for label in gmail.labels() if label.kind == "system"}
        primary, alias = gmail.send_as()
        assert (primary.address, primary.is_primary, primary.is_verified) == (ANA, True, True)
        assert (alias.address, alias.is_primary, alias.is_verified) == ("ana.lopez@acme.example", False, True)

    # History

    def test_history_tells_what_came_what_changed_and_what_went(self, world: World) -> None:
        gmail = world.open(ANA)
        start = gmail.profile().history_id
        message_id = world.arrive()
        gmail.modify(message_id, add=["STARRED"], remove=["UNREAD"])
        draft = gmail.create_draft(outgoing())
        gmail.delete_draft(draft.id)
        found = [(event.change, event.ref.id, set(event.label_ids)) for event in all_events(gmail, start)]
        assert found == [
            (Change.ADDED, message_id, {"INBOX", "UNREAD"}),
            (Change.LABELS_ADDED, message_id, {"STARRED"}),
            (Change.LABELS_REMOVED, message_id, {"UNREAD"}),
            (Change.ADDED, draft.message.id, {"DRAFT"}),
            (Change.DELETED, draft.message.id, {"DRAFT"}),
        ]

    def test_history_of_nothing_new_is_an_empty_page_with_the_present_id(self, world: World) -> None:
        gmail = world.open(ANA)
        world.arrive()
        now = gmail.profile().history_id
        page = gmail.history(now)
        assert (page.events, page.history_id, page.next_page_token) == ((), now, None)

    def test_history_comes_in_pages_without_loss(self, world: World) -> None:
        gmail = world.open(ANA)
        start = gmail.profile().history_id
        ids = [world.arrive(f"Mail {n}") for n in range(600)]
        assert gmail.history(start).next_page_token is not None
        assert [event.ref.id for event in all_events(gmail, start)] == ids

    def test_a_history_id_that_is_too_old_has_expired(self, world: World) -> None:
        gmail = world.open(ANA)
        start = gmail.profile().history_id
        world.arrive()
        world.emulator.expire_history(ANA)
        with pytest.raises(HistoryExpired):
            gmail.history(start)
        assert gmail.history(gmail.profile().history_id).events == ()

    # Writing

    def test_an_unknown_label_is_rejected(self, world: World) -> None:
        with pytest.raises(Rejected):
            world.open(ANA).modify(world.arrive(), add=["Label_99"])

    def test_a_draft_is_kept_with_our_headers_and_deleted_for_good(self, world: World) -> None:
        gmail = world.open(ANA)
        draft = gmail.create_draft(outgoing(more="X-Enlace-Send: 7\r\n"))
        assert gmail.list_drafts() == (draft,)
        payload = gmail.get_message(draft.message.id).payload
        assert payload is not None
        assert header(dict(payload), "X-Enlace-Send") == "7"
        gmail.delete_draft(draft.id)
        assert gmail.list_drafts() == ()
        with pytest.raises(NotFound):
            gmail.get_message(draft.message.id)

    def test_a_sent_draft_ceases_to_exist_and_arrives_under_another_message_id(self, world: World) -> None:
        gmail = world.open(ANA)
        draft = gmail.create_draft(outgoing(more="Message-ID: <own@acme.example>\r\nX-Enlace-Send: 7\r\n"))
        sent = gmail.send_draft(draft.id)
        message = gmail.get_message(sent.id)
        assert message.label_ids == ("SENT",)
        assert message.payload is not None
        assert header(dict(message.payload), "X-Enlace-Send") == "7"
        message_id = header(dict(message.payload), "Message-ID")
        assert message_id.endswith("@mail.gmail.com>")
        with pytest.raises(NotFound):
            gmail.get_draft(draft.id)
        with pytest.raises(NotFound):
            gmail.send_draft(draft.id)
        (received,) = world.open(BEN).list_messages(query=f"rfc822msgid:{message_id}").refs
        assert set(world.open(BEN).get_message(received.id).label_ids) == {"INBOX", "UNREAD"}

    def test_a_draft_in_a_thread_is_sent_in_that_thread(self, world: World) -> None:
        first = world.arrive("Offer", more="Message-ID: <one@client.example>\r\n")
        gmail = world.open(ANA)
        thread_id = gmail.get_message(first).thread_id
        reply = outgoing("Re: Offer", to="zoe@client.example", more="In-Reply-To: <one@client.example>\r\n")
        draft = gmail.create_draft(reply, thread_id=thread_id)
        assert draft.message.thread_id == thread_id
        assert gmail.send_draft(draft.id).thread_id == thread_id

    def test_a_draft_to_nobody_is_rejected_when_sent_and_stays(self, world: World) -> None:
        gmail = world.open(ANA)
        draft = gmail.create_draft(b"Subject: to nobody\r\n\r\nhi")
        with pytest.raises(Rejected):
            gmail.send_draft(draft.id)
        assert gmail.get_draft(draft.id) == draft

    def test_a_watch_lasts_seven_days(self, world: World) -> None:
        gmail = world.open(ANA)
        watch = gmail.watch("projects/p/topics/t", ["INBOX"])
        assert watch.expires_at - world.clock.now() == timedelta(days=7)
        gmail.stop()

    # Refusals

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("rate-limit-429", RateLimited),
            ("rate-limit-403", RateLimited),
            ("user-rate-limit-403", RateLimited),
            ("server-error-500", Transient),
            ("server-error-503", Transient),
            ("html-page", Transient),
            ("cut", Transient),
            ("truncated-json", Transient),
            ("permission-denied", PermissionDenied),
        ],
    )
    def test_a_refusal_says_what_to_do(self, world: World, fault: str, error: type[Exception]) -> None:
        gmail = world.open(ANA)
        world.emulator.faults.inject(fault, times=1)
        with pytest.raises(error):
            gmail.profile()
        assert gmail.profile().address == ANA

    @pytest.mark.parametrize(("fault", "wait_s"), [("rate-limit-429", 2), ("rate-limit-429-text", 30)])
    def test_a_rate_limit_says_how_long_to_wait(self, world: World, fault: str, wait_s: float) -> None:
        gmail = world.open(ANA)
        world.emulator.faults.inject(fault, times=1)
        with pytest.raises(RateLimited) as refused:
            gmail.profile()
        assert refused.value.retry_after_s == pytest.approx(wait_s)

    @pytest.mark.parametrize("fault", ["sending-limit-403", "sending-limit-429"])
    def test_a_used_up_sending_limit_is_told_apart_and_keeps_the_draft(self, world: World, fault: str) -> None:
        gmail = world.open(ANA)
        draft = gmail.create_draft(outgoing())
        world.emulator.faults.inject(fault, times=1)
        with pytest.raises(SendingRefused):
            gmail.send_draft(draft.id)
        assert gmail.get_draft(draft.id) == draft

    @pytest.mark.parametrize("fault", ["accepted-503", "cut", "lost-answer"])
    def test_an_answer_may_be_lost_after_the_mail_was_sent(self, world: World, fault: str) -> None:
        gmail = world.open(ANA)
        draft = gmail.create_draft(outgoing())
        world.emulator.faults.inject(fault, times=1, verbs=("drafts.send",))
        with pytest.raises(Transient):
            gmail.send_draft(draft.id)
        with pytest.raises(NotFound):
            gmail.get_draft(draft.id)
        assert len(world.open(BEN).list_messages().refs) == 1

    def test_a_rate_limit_inside_a_batch_concerns_that_message_only(self, world: World) -> None:
        ids = [world.arrive(f"Mail {n}") for n in range(4)]
        world.emulator.faults.inject("rate-limit-in-batch", times=1, skip=2)
        fetched = world.open(ANA).get_messages(ids)
        assert len(fetched.messages) == 3
        assert [type(error) for error in fetched.errors.values()] == [RateLimited]

    def test_an_access_token_that_expires_in_mid_batch_is_renewed(self, world: World) -> None:
        ids = [world.arrive(f"Mail {n}") for n in range(4)]
        world.emulator.faults.inject("unauthorized-in-batch", times=1, skip=2)
        assert len(world.open(ANA).get_messages(ids).messages) == 4

    def test_a_revoked_grant_asks_for_the_rep(self, world: World) -> None:
        gmail = world.open(ANA)
        assert gmail.profile().address == ANA
        world.emulator.revoke(ANA)
        with pytest.raises(AuthRevoked):
            gmail.profile()

    def test_a_page_of_history_without_history_is_not_the_end(self, world: World) -> None:
        gmail = world.open(ANA)
        start = gmail.profile().history_id
        message_id = world.arrive()
        world.emulator.faults.inject("page-without-history")
        first = gmail.history(start)
        assert (first.events, first.next_page_token is None) == ((), False)
        assert [event.ref.id for event in all_events(gmail, start)] == [message_id]
