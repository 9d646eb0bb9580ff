"""Mail from files into a mailbox: mbox (also Google Takeout's), .eml, folders and archives of .eml.

A source is loaded whole or not at all, and only once into the same state.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.mailbox import Mailbox
from backend.gmail.emulator.mbox import MESSAGE_LIMIT_BYTES, Entry, read_mbox
from backend.gmail.emulator.reading import Envelope
from backend.gmail.emulator.takeout import label_ids
from backend.gmail.mime import read_headers
from backend.kit.errors import UserError

_PROGRESS_EVERY = 250
_GZIP_MAGIC = b"\x1f\x8b"
_MAIL_SUFFIXES = (".eml", ".msg")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load brought; `was_known` says that the source had been loaded before, and nothing was done."""

    messages: int
    was_known: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """A generated message, for `insert_many`."""

    raw: bytes
    labels: tuple[str, ...]
    date_ms: int


def _nobody_watches(_: int) -> None:
    """Take no notice of progress."""


def load(emulator: Emulator, owner: str, path: Path, *, on_progress: Callable[[int], None] = _nobody_watches) -> Loaded:
    """Load a file or folder into the owner's mailbox, which is made where there is none.

    Mail from the owner's addresses gets SENT, other mail INBOX, unless Takeout says where it lay. Raises `UserError`
    for what cannot be read, and then keeps nothing of it.
    """
    with emulator.changing():
        mailbox = emulator.add_mailbox(owner)
        fingerprint = _fingerprint(path)
        sql = "SELECT messages FROM source WHERE mailbox = ? AND fingerprint = ?"
        known = emulator.store.value(sql, mailbox.id, fingerprint)
        if known is not None:
            return Loaded(known, was_known=True)
        count = _add_all(mailbox, _entries(path), on_progress)
        emulator.store.execute("INSERT INTO source VALUES (?, ?, ?)", mailbox.id, fingerprint, count)
        return Loaded(count)


def insert_many(emulator: Emulator, owner: str, mails: Iterable[Mail]) -> int:
    """Add generated mail in one transaction, and return how many there were."""
    count = 0
    with emulator.changing():
        mailbox = emulator.add_mailbox(owner)
        for mail in mails:
            mailbox.add(mail.raw, mail.labels, date_ms=mail.date_ms)
            count += 1
    return count


def _add_all(mailbox: Mailbox, entries: Iterable[Entry], on_progress: Callable[[int], None]) -> int:
    count = 0
    for entry in entries:
        _add(mailbox, entry)
        count += 1
        if count % _PROGRESS_EVERY == 0:
            on_progress(count)
    on_progress(count)
    return count


def _add(mailbox: Mailbox, entry: Entry) -> None:
    mail = Envelope(read_headers(entry.raw))
    from_takeout = mail.headers.first("X-Gmail-Labels")
    if from_takeout:
        labels = label_ids(mailbox, from_takeout)
    else:
        labels = ["SENT"] if mail.sender and mailbox.owns(mail.sender) else ["INBOX"]
    thread_name = mail.headers.first("X-GM-THRID")
    moments = (entry.date_ms, mail.date_ms, mailbox.store.now_ms())
    date_ms = next(moment for moment in moments if moment is not None)
    trail = f"takeout {thread_name}" if thread_name else ""
    message = mailbox.add(entry.raw, labels, date_ms=date_ms, trail=trail, mail=mail)
    if "DRAFT" in labels:
        mailbox.register_draft(message)


# Sources


def _entries(path: Path) -> Iterator[Entry]:
    """Yield the messages of any source. Raises `UserError`."""
    try:
        if path.is_dir():
            yield from _folder(path)
        elif path.name.endswith((".tar.gz", ".tgz", ".tar")):
            yield from _archive(path)
        elif path.name.lower().endswith(_MAIL_SUFFIXES):
            yield Entry(_checked_eml(path), None)
        else:
            with _opened(path) as file:
                yield from read_mbox(file, path.name)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (EOFError, zlib.error, tarfile.TarError) as error:
        raise _unreadable(path, f"it is damaged or cut off ({error})") from error


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(
        f"{path.name} cannot be loaded: {reason}. Nothing of it was kept; check the file and load it again."
    )


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        is_gzip = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    return io.BufferedReader(gzip.GzipFile(path)) if is_gzip else path.open("rb")


def _folder(path: Path) -> Iterator[Entry]:
    files = _eml_files(path)
    if not files:
        raise UserError(f"{path.name} holds no .eml files. Name a folder that does, or an mbox file.")
    return (Entry(_checked_eml(file), None) for file in files)


def _eml_files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.name.lower().endswith(_MAIL_SUFFIXES) and file.is_file())


def _archive(path: Path) -> Iterator[Entry]:
    count = 0
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if not member.isfile() or not member.name.lower().endswith(_MAIL_SUFFIXES):
                continue
            if member.size > MESSAGE_LIMIT_BYTES:
                raise UserError(f"{path.name} holds a message of more than 150 MB, which is more than Gmail takes.")
            content = archive.extractfile(member)
            if content:
                yield Entry(_checked(content.read(), member.name), None)
                count += 1
    if count == 0:
        raise UserError(f"{path.name} holds no .eml files. Name an archive that does, or an mbox file.")


def _checked_eml(path: Path) -> bytes:
    if path.stat().st_size > MESSAGE_LIMIT_BYTES:
        raise UserError(f"{path.name} is larger than 150 MB, which is more than Gmail takes.")
    return _checked(path.read_bytes(), path.name)


def _checked(raw: bytes, name: str) -> bytes:
    """Return what may be a mail: with headers, or at least text."""
    if not read_headers(raw).lines and (not raw.strip() or b"\x00" in raw):
        raise UserError(f"{name} is not a mail: it has neither headers nor text. Take it out and load again.")
    return raw


def _fingerprint(path: Path) -> str:
    """Return what tells a source from others: its path, sizes and times of change. Raises `UserError`."""
    files = _eml_files(path) if path.is_dir() else [path]
    digest = sha256(str(path.resolve()).encode())
    for file in files:
        try:
            stat = file.stat()
        except OSError as error:
            raise _unreadable(path, error.strerror or str(error)) from error
        digest.update(f"\n{file.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()
