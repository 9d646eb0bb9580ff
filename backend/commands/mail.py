"""`enlace mail`: how mail is read, shown on any message that somebody wonders about."""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import GzipFile
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any, cast

import click

from backend.gmail.emulator.mbox import read_mbox
from backend.gmail.payload import payload_of
from backend.kit.clock import Clock, SystemClock
from backend.kit.errors import UserError
from backend.mail.auto_replies import auto_reply_until
from backend.mail.bounces import read_bounce
from backend.mail.normalise import normalise
from backend.mail.quotes import split_reply
from backend.mail.shapes import Attachment, Kind, NormalisedMail, Role

_Stream = BufferedReader | GzipFile  # both can peek
_GZIP = b"\x1f\x8b"
_MBOX = b"From "
_HEADER = re.compile(rb"\s*[!-9;-~]+[ \t]*:")  # RFC 5322, 2.2, after empty lines perhaps


@click.group()
def mail() -> None:
    """Look at how mail is read."""


@mail.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|- ...")
def explain(files: tuple[str, ...]) -> None:
    """Print a JSON line for each message in FILE (.eml or mbox, also gzipped; - reads standard input).

    \b
    from, to             addresses with their names
    kind, why            person, bulk, auto_reply, bounce or calendar, and the evidence
    text                 only what the writer wrote now; quoted and signature hold the rest
    bounce               of a delivery report: recipient, status, hard (never write there again), reason
    auto_reply_until     the day of return that an automatic reply states
    attachments          name, type and size in bytes
    problems             what was broken, unreadable or cut

    \b
    Examples:
      enlace mail explain message.eml
      enlace mail explain archive.mbox.gz | jq -r 'select(.kind == "bounce") | .bounce[].recipient'
    """  # noqa: D301 - click wants the character itself
    clock = SystemClock()
    for name in files:
        for raw in _messages_in(name):
            click.echo(json.dumps(explained(raw, clock), ensure_ascii=False))


def explained(raw: bytes, clock: Clock) -> dict[str, Any]:
    """Everything that Enlace reads in one message (RFC 5322 bytes), ready for JSON."""
    payload = payload_of(raw)
    read = normalise(payload)
    reply = split_reply(read.text)
    bounce = read_bounce(payload) if read.kind is Kind.BOUNCE else ()
    until = None
    if read.kind is Kind.AUTO_REPLY:
        until = auto_reply_until(read.text, read.subject, read.date_header or clock.now())
    return {
        "message_id": read.message_id,
        "date": read.date_header.isoformat() if read.date_header else None,
        "from": _people(read, Role.FROM),
        "to": _people(read, Role.TO, Role.CC, Role.BCC),
        "subject": read.subject,
        "kind": read.kind,
        "why": read.why,
        "text": reply.text,
        "quoted": reply.quoted,
        "signature": reply.signature,
        "bounce": [{"recipient": b.recipient, "status": b.status, "hard": b.hard, "reason": b.reason} for b in bounce],
        "auto_reply_until": until.isoformat() if until else None,
        "attachments": [_attachment(attachment) for attachment in read.attachments],
        "problems": list(read.problems),
    }


def _people(read: NormalisedMail, *roles: Role) -> list[dict[str, str]]:
    return [{"email": p.address.email, "name": p.address.name} for p in read.participants if p.role in roles]


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "filename": attachment.filename,
        "mime_type": attachment.mime_type,
        "size": attachment.size,
        "is_inline": attachment.is_inline,
    }


# --- files --------------------------------------------------------------------------------------------------------


def _messages_in(name: str) -> Iterator[bytes]:
    """The messages of one file, each as RFC 5322 bytes. Raises `UserError` for what is no mail."""
    found = 0
    shown = "standard input" if name == "-" else name
    try:
        with _opened(name) as stream:
            for raw in _divided(stream, shown):
                found += 1
                yield raw
    except OSError as error:
        raise UserError(
            f"{name} cannot be read ({error.strerror or error}): check its name and your rights."
        ) from error
    except (EOFError, zlib.error) as error:
        raise UserError(f"{shown} is cut short after {found} messages: fetch the whole file again.") from error


@contextmanager
def _opened(name: str) -> Iterator[_Stream]:
    """The file's bytes, unpacked where they are gzipped."""
    if name == "-":
        yield _unpacked(BufferedReader(cast("RawIOBase", sys.stdin.buffer)))
    else:
        with Path(name).open("rb") as stream:
            yield _unpacked(stream)


def _unpacked(stream: BufferedReader) -> _Stream:
    is_packed = stream.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
    return GzipFile(fileobj=stream) if is_packed else stream


def _divided(stream: _Stream, name: str) -> Iterator[bytes]:
    """An mbox message by message, anything else as one."""
    if stream.peek(len(_MBOX))[: len(_MBOX)] == _MBOX:
        yield from (entry.raw for entry in read_mbox(cast("IO[bytes]", stream), name))
        return
    raw = stream.read()
    if not _HEADER.match(raw):
        raise UserError(f"{name} holds no mail: give an .eml file or an mbox.")
    yield raw
