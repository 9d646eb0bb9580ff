"""`enlace mail`: how mail is read, shown on any message that somebody wonders about."""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, cast

import click

from backend.gmail.payload import payload_of
from backend.kit.clock import Clock, SystemClock
from backend.kit.errors import UserError
from backend.mail.auto_replies import auto_reply_until
from backend.mail.bounces import read_bounce
from backend.mail.normalise import normalise
from backend.mail.quotes import split_reply
from backend.mail.shapes import Attachment, Kind, NormalisedMail, Role

_GZIP = b"\x1f\x8b"
_ESCAPED_FROM = re.compile(rb"^>+From ")


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
    try:
        with _opened(name) as stream:
            for raw in _divided(stream):
                found += 1
                yield raw
    except OSError as error:
        raise UserError(
            f"{name} cannot be read ({error.strerror or error}): check its name and your rights."
        ) from error
    except (EOFError, zlib.error) as error:
        raise UserError(f"{name} is cut short after {found} messages: fetch the whole file again.") from error
    if not found:
        raise UserError(f"{name} holds no mail: give an .eml file or an mbox.")


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked where they are gzipped."""
    if name == "-":
        yield _unpacked(sys.stdin.buffer)
    else:
        with Path(name).open("rb") as raw:
            yield _unpacked(raw)


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    buffered = cast("BufferedReader", stream)  # what open() and standard input give
    is_packed = buffered.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
    return cast("IO[bytes]", gzip.open(buffered)) if is_packed else stream


def _divided(stream: IO[bytes]) -> Iterator[bytes]:
    """Split an mbox at its "From " lines, one message in memory at a time; anything else is one message."""
    first = stream.readline()
    if not first.startswith(b"From "):
        raw = first + stream.read()
        if _looks_like_mail(raw):
            yield raw
        return
    lines: list[bytes] = []
    is_after_blank = False
    for line in stream:
        if is_after_blank and line.startswith(b"From "):
            yield b"".join(lines)
            lines.clear()
        else:
            lines.append(line[1:] if _ESCAPED_FROM.match(line) else line)
        is_after_blank = line in {b"\n", b"\r\n"}
    yield b"".join(lines)


def _looks_like_mail(raw: bytes) -> bool:
    """Whether it begins with a header, after empty lines perhaps."""
    return re.match(rb"\s*[!-9;-~]+[ \t]*:", raw) is not None
