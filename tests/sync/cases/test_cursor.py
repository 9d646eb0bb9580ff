"""Cases 1 to 12: the cursor. Their numbers stand in docs/sync-cases.md."""

from __future__ import annotations

from threading import Thread

from sqlalchemy import Connection, delete, event, text

from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.shapes import Fetched, Format
from backend.mail.tables import Copy
from backend.sync.jobs import drain_mailbox
from backend.sync.shapes import End
from tests.cast import ALICE, BOB, DORA
from tests.sync.cases.desk import Desk
from tests.sync.workers import Interruption


def test_a_quiet_mailbox_whose_newest_history_has_expired_is_listed_once_and_not_for_ever(desk: Desk) -> None:
    """Case 1."""
    desk.office.mail(DORA, ALICE)
    desk.wait(days=30)
    desk.office.emulator.expire_history(ALICE)
    for _ in range(3):
        assert desk.drain() is End.DONE
        desk.wait(days=1)
    assert desk.state().listing == 1
    assert desk.subjects() == ["Hello"]


def test_lists_and_history_in_any_order_come_to_the_same_end(desk: Desk) -> None:
    """Case 2."""
    desk.fail("unordered-lists")
    desk.workers.page = 4
    for n in range(11):
        desk.office.mail(DORA, ALICE, f"Mail {n:02}")
    desk.workers.settle()
    first, second = desk.ids()[:2]
    for _ in range(5):
        desk.gmail().modify(first, add=["STARRED"])
        desk.gmail().modify(first, remove=["STARRED"])
        desk.gmail().modify(second, add=["TRASH"])
    desk.workers.settle()
    assert "STARRED" not in (desk.labels(first) or [])
    assert "TRASH" in (desk.labels(second) or [])
    assert len(desk.subjects()) == 10


def test_expired_history_is_a_resync_and_no_error_to_be_shown(desk: Desk) -> None:
    """Case 3."""
    for n in range(3):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.drain()
    desk.delete(desk.ids()[0])
    desk.office.mail(DORA, ALICE, "Mail 3")
    desk.office.emulator.expire_history(ALICE)
    assert desk.drain() is End.DONE
    assert desk.state().last_error == ""
    assert desk.subjects() == ["Mail 0", "Mail 1", "Mail 3"]


def test_only_a_complete_listing_takes_mail_away(desk: Desk) -> None:
    """Case 3."""
    desk.workers.page = 2
    for n in range(6):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.drain()
    desk.delete(desk.ids()[5])
    desk.office.emulator.expire_history(ALICE)
    desk.fail("server-error-503", verbs=("messages.list",), skip=2, times=1)
    assert desk.drain() is End.LATER
    assert len(desk.subjects()) == 6
    desk.workers.settle()
    assert len(desk.subjects()) == 5
    assert desk.agrees_with_gmail()


def test_what_came_back_from_spam_while_history_was_lost_is_found_by_the_listing(desk: Desk) -> None:
    """Case 3; found by the convergence machine."""
    desk.drain()
    desk.office.mail(DORA, ALICE, "No spam", labels=["SPAM"])
    desk.drain()
    (spam,) = desk.items()
    desk.gmail().modify(spam, add=["INBOX"], remove=["SPAM"])
    desk.office.emulator.expire_history(ALICE)
    desk.workers.settle()
    assert desk.subjects() == ["No spam"]


def test_a_fetch_that_failed_stays_queued_though_the_cursor_moved(desk: Desk) -> None:
    """Case 4."""
    desk.drain()
    before = desk.state().history_id
    desk.office.mail(DORA, ALICE)
    desk.fail("server-error-500", verbs=("messages.get",), times=1)
    desk.drain()
    assert desk.state().history_id != before
    assert list(desk.items().values()) == ["pending"]
    assert desk.state().next_sync_at > desk.office.clock.now()
    desk.workers.settle()
    assert desk.subjects() == ["Hello"]


def test_a_message_that_is_gone_ends_its_fetch_and_holds_nobody_up(desk: Desk) -> None:
    """Case 5."""
    for n in range(3):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    gone = desk.ids()[1]
    desk.workers.drain(ALICE, Interruption("call", 5, lambda: desk.delete(gone)))
    assert desk.drain() is End.DONE
    assert desk.subjects() == ["Mail 0", "Mail 2"]
    assert desk.agrees_with_gmail()


def test_mail_that_gmail_said_was_gone_and_still_lists_is_found_by_the_audit(desk: Desk) -> None:
    """Case 5; found by the convergence machine."""
    desk.drain()
    desk.fail("gone-on-get", times=1)
    desk.office.mail(DORA, ALICE)
    desk.drain()
    assert list(desk.items().values()) == ["gone"]
    assert len(desk.workers.audit(ALICE).missing) == 1
    desk.workers.repair(ALICE)
    desk.workers.settle()
    assert desk.subjects() == ["Hello"]


class Poisonous(EmulatorGmail):
    """Answers one message in a form that nobody can read."""

    poisoned = ""

    def get_messages(self, ids: object, form: Format = Format.FULL) -> Fetched:
        fetched = super().get_messages(ids, form)  # type: ignore[arg-type]  # handed on as it came
        for message in fetched.messages.values():
            if message.id == self.poisoned:
                object.__setattr__(message, "payload", {"headers": 5})
        return fetched


def test_a_message_that_cannot_be_read_is_skipped_for_that_reason_and_pins_nothing(desk: Desk) -> None:
    """Case 5."""
    for n in range(3):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    gmail = Poisonous(desk.office.emulator, ALICE)
    gmail.poisoned = desk.ids()[1]
    end = drain_mailbox(desk.office.db, desk.office.clock, lambda _: gmail, desk.office.mailboxes[ALICE])
    assert end is End.DONE
    assert desk.items() == {gmail.poisoned: "unreadable"}
    assert desk.subjects() == ["Mail 0", "Mail 2"]


def test_a_page_without_history_but_with_a_token_is_not_the_end(desk: Desk) -> None:
    """Case 6."""
    desk.drain()
    desk.office.mail(DORA, ALICE)
    desk.fail("page-without-history")
    desk.drain()
    assert desk.subjects() == ["Hello"]


def test_history_that_shows_a_message_late_is_asked_again(desk: Desk) -> None:
    """Case 7; what becomes of the push itself: tests/sync/test_push.py."""
    desk.drain()
    desk.office.mail(DORA, ALICE)
    desk.fail("late-history", times=1)
    desk.drain()
    assert desk.subjects() == []
    desk.drain()
    assert desk.subjects() == ["Hello"]


def test_a_worker_that_was_overtaken_writes_nothing_any_more(desk_on_both: Desk) -> None:
    """Case 8."""
    desk = desk_on_both
    for n in range(4):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    slow = desk.workers.drain(ALICE, Interruption("call", 4, lambda: desk.workers.overtake(ALICE)))
    assert slow is End.BUSY
    newest = desk.state().history_id
    desk.office.mail(DORA, ALICE, "Mail 4")
    slow = desk.workers.drain(ALICE, Interruption("call", 2, lambda: desk.workers.overtake(ALICE)))
    assert slow is End.BUSY
    assert int(desk.state().history_id or 0) > int(newest or 0)
    assert len(desk.subjects()) == 5


def test_what_is_trashed_and_deleted_between_two_looks_is_gone(desk: Desk) -> None:
    """Case 9."""
    desk.office.mail(DORA, ALICE, "Known")
    desk.drain()
    desk.office.mail(DORA, ALICE, "Never seen")
    for gmail_id in desk.ids():
        desk.gmail().modify(gmail_id, add=["TRASH"])
        desk.delete(gmail_id)
    desk.drain()
    assert desk.subjects() == []
    assert desk.items() == {}
    assert desk.messages() == []


def test_a_label_that_came_and_went_on_one_page_leaves_no_trace(desk: Desk) -> None:
    """Case 9."""
    desk.office.mail(DORA, ALICE)
    desk.drain()
    (gmail_id,) = desk.ids()
    desk.gmail().modify(gmail_id, add=["STARRED"])
    desk.gmail().modify(gmail_id, remove=["STARRED", "UNREAD"])
    desk.gmail().modify(gmail_id, add=["UNREAD"])
    desk.drain()
    assert desk.labels(gmail_id) == ["INBOX", "UNREAD"]


def test_pages_on_which_everything_is_ruled_out_are_passed(desk: Desk) -> None:
    """Case 10."""
    desk.workers.page = 2
    desk.office.mail(DORA, ALICE, "Old")
    for n in range(5):
        desk.office.mail(DORA, ALICE, f"Chat {n}", labels=["CHAT"])
    assert desk.drain() is End.DONE
    for n in range(5):
        desk.office.mail(ALICE, DORA, f"Draft {n}", labels=["DRAFT"])
    desk.office.mail(DORA, ALICE, "New")
    assert desk.drain() is End.DONE
    assert desk.subjects() == ["New", "Old"]
    assert sorted(desk.items().values()) == ["chat"] * 5 + ["draft"] * 5


def test_a_mail_stays_as_long_as_one_mailbox_holds_it(desk: Desk) -> None:
    """Case 11."""
    desk.office.mail(DORA, [ALICE, BOB], "To both")
    desk.workers.settle()
    desk.delete(desk.ids(ALICE)[0], ALICE)
    desk.workers.settle()
    assert [m.live_copies for m in desk.messages()] == [1]
    desk.delete(desk.ids(BOB)[0], BOB)
    desk.workers.settle()
    assert desk.messages() == []


def test_two_mailboxes_that_lose_their_last_copies_at_once_leave_no_mail_behind(desk_on_postgres: Desk) -> None:
    """Case 11: each worker sees the other's copy until the other commits. SQLite has one writer anyway."""
    desk = desk_on_postgres
    desk.office.mail(DORA, [ALICE, BOB], "To both")
    desk.workers.settle()
    for address in (ALICE, BOB):
        desk.delete(desk.ids(address)[0], address)
    rival = Thread(target=desk.office.sync, args=(BOB,))

    def let_rival_catch_up(connection: Connection) -> None:
        if connection.info.pop("has_deleted", False):
            rival.start()
            while rival.is_alive() and not is_somebody_blocked(desk):
                rival.join(0.01)

    def note_deletion(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM copies") and not rival.ident:
            connection.info["has_deleted"] = True

    engine = desk.office.db.engine
    event.listen(engine, "after_cursor_execute", note_deletion)
    event.listen(engine, "commit", let_rival_catch_up)
    desk.office.sync(ALICE)
    rival.join()
    event.remove(engine, "after_cursor_execute", note_deletion)
    event.remove(engine, "commit", let_rival_catch_up)
    assert desk.messages() == []


def is_somebody_blocked(desk: Desk) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with desk.office.db.read() as session:
        return bool(session.scalar(text(waiting)))


def test_mail_that_is_silently_absent_is_named_by_the_audit_and_comes_back(desk: Desk) -> None:
    """Case 12; the page, the light and the nightly audit: tests/sync/ledger."""
    for n in range(3):
        desk.office.mail(DORA, ALICE, f"Mail {n}")
    desk.drain()
    lost = desk.ids()[1]
    with desk.office.db.write() as session:
        session.execute(delete(Copy).where(Copy.gmail_id == lost))
    audit = desk.workers.audit(ALICE)
    assert [gmail_id for gmail_id, _ in audit.missing] == [lost]
    assert (audit.listed, audit.stored) == (3, 2)
    desk.workers.repair(ALICE)
    desk.workers.settle()
    assert desk.agrees_with_gmail()
