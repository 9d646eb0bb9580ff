"""Mail from files: what is read, under which labels and threads, once and whole; and what is refused."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.emulator.load import Mail, insert_many, load
from backend.gmail.shapes import Format, GmailMessage
from backend.kit.clock import VirtualClock, to_epoch_ms
from backend.kit.errors import UserError

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
ANA = "ana@acme.example"

MBOX = b"""From zoe@client.example Thu Jan  8 10:00:00 2026
From: Zoe <zoe@client.example>
To: ana@acme.example
Subject: Offer
Date: Thu, 8 Jan 2026 09:59:00 +0000

Dear Ana,

>From my side all is well.
From Monday at nine I am away.

From ana@acme.example Thu Jan  8 11:00:00 2026
From: Ana <ana@acme.example>
To: zoe@client.example
Subject: Re: Offer

>>From then on?
"""

TAKEOUT = """From 1700000000000000001@xxx Thu Jan 08 10:00:00 +0000 2026
X-GM-THRID: 1700000000000000001
X-Gmail-Labels: {labels}
From: zoe@client.example
Subject: One

one

From 1700000000000000002@xxx Thu Jan 08 10:05:00 +0000 2026
X-GM-THRID: 1700000000000000001
X-Gmail-Labels: Sent
From: ana@acme.example
Subject: Quite another subject

two
"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(clock=VirtualClock())
    yield emulator
    emulator.close()


def messages(emulator: Emulator, form: Format = Format.RAW) -> list[GmailMessage]:
    """Every message, oldest first."""
    gmail = EmulatorGmail(emulator, ANA)
    refs = gmail.list_messages(include_spam_trash=True).refs
    return [gmail.get_message(ref.id, form) for ref in reversed(refs)]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_an_mbox_is_read_with_its_quoted_from_lines(emulator: Emulator, tmp_path: Path) -> None:
    assert load(emulator, ANA, written(tmp_path / "a.mbox", MBOX)).messages == 2
    offer, reply = messages(emulator)
    assert offer.raw is not None
    assert offer.raw.endswith(b"Dear Ana,\n\nFrom my side all is well.\nFrom Monday at nine I am away.\n")
    assert reply.raw is not None
    assert reply.raw.endswith(b"\n\n>From then on?\n")
    assert [offer.label_ids, reply.label_ids] == [("INBOX",), ("SENT",)]
    assert offer.internal_date_ms == to_epoch_ms(datetime(2026, 1, 8, 10, tzinfo=UTC))


def test_a_gzipped_mbox_is_the_same(emulator: Emulator, tmp_path: Path) -> None:
    assert load(emulator, ANA, written(tmp_path / "a.mbox.gz", gzip.compress(MBOX))).messages == 2


def test_mail_from_an_alias_of_the_owner_was_sent(emulator: Emulator, tmp_path: Path) -> None:
    emulator.add_mailbox(ANA, aliases=["zoe@client.example"])
    load(emulator, ANA, written(tmp_path / "a.mbox", MBOX))
    assert {message.label_ids for message in messages(emulator)} == {("SENT",)}


@pytest.mark.parametrize(
    ("labels", "ids"),
    [
        ("Inbox,Unread,Important", {"INBOX", "UNREAD", "IMPORTANT"}),
        ("Archived,Opened", set()),
        ("Spam", {"SPAM"}),
        ("Trash,Starred", {"TRASH", "STARRED"}),
        ("Chat", {"CHAT"}),
        ("Drafts", {"DRAFT"}),
        ("Inbox,Category Promotions", {"INBOX", "CATEGORY_PROMOTIONS"}),
        ("Recibidos,No leído,Importante,Destacados", {"INBOX", "UNREAD", "IMPORTANT", "STARRED"}),
        ("=?UTF-8?Q?Recibidos,No_le=C3=ADdo?=", {"INBOX", "UNREAD"}),
        ("=?UTF-8?Q?Categor=C3=ADa:_Promociones?=", {"CATEGORY_PROMOTIONS"}),
        ("Papelera,Abiertos", {"TRASH"}),
        ("Borradores", {"DRAFT"}),
        ('Inbox,"Deals, big",Zürich', {"INBOX", "Label_1", "Label_2"}),
    ],
)
def test_takeouts_labels_become_gmails(emulator: Emulator, tmp_path: Path, labels: str, ids: set[str]) -> None:
    load(emulator, ANA, written(tmp_path / "All mail.mbox", TAKEOUT.format(labels=labels).encode()))
    assert set(messages(emulator)[0].label_ids) == ids


def test_takeouts_own_labels_keep_their_names_and_drafts_are_drafts(emulator: Emulator, tmp_path: Path) -> None:
    load(emulator, ANA, written(tmp_path / "a.mbox", TAKEOUT.format(labels='Draft,"Deals, big"').encode()))
    gmail = EmulatorGmail(emulator, ANA)
    assert [label.name for label in gmail.labels() if label.kind == "user"] == ["Deals, big"]
    assert len(gmail.list_drafts()) == 1


def test_takeouts_threads_are_kept(emulator: Emulator, tmp_path: Path) -> None:
    load(emulator, ANA, written(tmp_path / "a.mbox", TAKEOUT.format(labels="Inbox").encode()))
    one, two = messages(emulator)
    assert one.thread_id == two.thread_id
    assert one.internal_date_ms == to_epoch_ms(datetime(2026, 1, 8, 10, tzinfo=UTC))


def test_eml_files_and_folders_and_archives_of_them_are_read(emulator: Emulator, tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    (folder / "deep").mkdir(parents=True)
    one = written(folder / "one.eml", b"Subject: one\n\n1")
    written(folder / "deep" / "two.EML", b"Subject: two\n\n2")
    written(folder / "notes.txt", b"not mail")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder, "mails")
    assert load(emulator, ANA, one).messages == 1
    assert load(emulator, ANA, folder).messages == 2
    assert load(emulator, ANA, written(tmp_path / "mails.tar.gz", archive.getvalue())).messages == 2


def test_a_source_is_loaded_once_into_a_state(tmp_path: Path) -> None:
    source, state = written(tmp_path / "a.mbox", MBOX), tmp_path / "state.sqlite"
    for was_known in (False, True):
        emulator = Emulator(state, clock=VirtualClock())
        assert load(emulator, ANA, source).was_known is was_known
        assert EmulatorGmail(emulator, ANA).profile().messages_total == 2
        emulator.close()


BAD_FILES = {
    "empty.mbox": b"",
    "notes.mbox": b"just some notes\nFrom here to there\n",
    "noise.mbox": bytes(range(256)) * 50,
    "cut.mbox.gz": gzip.compress(MBOX * 500)[:-20],
    "noise.mbox.gz": b"\x1f\x8b" + bytes(range(256)),
    "empty.eml": b"",
    "noise.eml": b"\x00\x01\x02\x03" * 100,
    "noise.tar.gz": b"no archive",
    "cut.tar.gz": gzip.compress(b"no archive either" * 1000)[:-9],
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_in_one_sentence_and_nothing_of_it_kept(
    emulator: Emulator, tmp_path: Path, name: str
) -> None:
    emulator.add_mailbox(ANA)
    with pytest.raises(UserError) as refused:
        load(emulator, ANA, written(tmp_path / name, BAD_FILES[name]))
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)
    assert EmulatorGmail(emulator, ANA).profile().messages_total == 0


@pytest.mark.parametrize("path", ["missing.mbox", "."])
def test_a_missing_file_and_a_folder_without_mail_are_refused(emulator: Emulator, tmp_path: Path, path: str) -> None:
    with pytest.raises(UserError):
        load(emulator, ANA, tmp_path / path)


@pytest.mark.parametrize("owner", ["", "ana", "@"])
def test_an_owner_must_be_an_address(emulator: Emulator, tmp_path: Path, owner: str) -> None:
    with pytest.raises(UserError, match="is no address"):
        load(emulator, owner, written(tmp_path / "a.mbox", MBOX))


def test_generated_mail_goes_in_in_bulk_and_into_history(emulator: Emulator) -> None:
    emulator.add_mailbox(ANA)
    gmail = EmulatorGmail(emulator, ANA)
    start = gmail.profile().history_id
    mails = (Mail(b"Subject: %d\n\nhi" % n, ("INBOX",), 1_700_000_000_000 + n) for n in range(300))
    assert insert_many(emulator, ANA, mails) == 300
    assert len(gmail.history(start).events) == 300


@pytest.mark.corpus
@pytest.mark.skipif(not DATA.exists(), reason="the corpus of real mail is not beside the checkout")
@pytest.mark.parametrize(
    ("name", "count"), [("ham.mbox.gz", 4150), ("mime/messages.tar.gz", 222), ("bounces/messages.tar.gz", 589)]
)
def test_the_whole_corpus_loads_and_every_message_can_be_read(emulator: Emulator, name: str, count: int) -> None:
    assert load(emulator, ANA, DATA / name).messages == count
    gmail = EmulatorGmail(emulator, ANA)
    seen, token = 0, None
    while True:
        page = gmail.list_messages(page_token=token, max_results=100)
        fetched = gmail.get_messages([ref.id for ref in page.refs])
        assert not fetched.errors
        seen += len(fetched.messages)
        token = page.next_page_token
        if token is None:
            break
    assert seen == count
