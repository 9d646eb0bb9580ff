"""A mail that we write as bytes: its header lines and its body.

Nearly all headers and bodies are plain and stand as they are. What is not (accents in a subject, a name with a comma, a
line that is too long) goes through Python's `email`, which knows all the rules and takes its time over them.
Sources: RFC 5322 (lines), RFC 2047 (encoded words), RFC 2045 and 2046 (bodies and their alternatives).
"""

from __future__ import annotations

import re
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache

# Python folds what is longer than a line by encoding it, which makes an unsubscribe link or a Message-ID unreadable.
_LONGEST_LINE = 996
_POLICY = SMTP.clone(max_line_length=_LONGEST_LINE)
_VERSION = b"MIME-Version: 1.0"
# Names and addresses that need neither quotes nor encoding (RFC 5322, 3.2.3), in the form of `str(Mailbox)`.
_ADDRESS = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_PLAIN_MAILBOX = re.compile(rf"[A-Za-z0-9'-]+(?: [A-Za-z0-9'-]+)* <{_ADDRESS}>|{_ADDRESS}")


def text_line(name: str, value: str) -> bytes:
    """A header that people or programs wrote, without its line end; encoded and folded where it has to be.

    `value` is not empty and has no blanks around it. Raises `ValueError` for one with a line end.
    """
    is_plain = value.isascii() and value.isprintable() and "=?" not in value  # which would be read as an encoded word
    return _line(name, value) if is_plain and _fits(name, value) else _python_line(name, value)


def mailbox_line(name: str, mailbox: Mailbox) -> bytes:
    """A header that names somebody."""
    value = str(mailbox)
    is_plain = _PLAIN_MAILBOX.fullmatch(value) and _fits(name, value)
    return _line(name, value) if is_plain else _python_line(name, value)


def bare_line(name: str, value: str) -> bytes:
    """A header that we make of ASCII without line ends: it is never folded, however long it is."""
    return _line(name, value)


def content(text: str, html: str, boundary: str) -> bytes:
    """The headers that describe the body, and the body: the text alone, or with its HTML as the better alternative.

    `boundary` stands nowhere in either. `html` "": there is none.
    """
    if not html:
        return _part(text, "plain", _VERSION)
    edge = f"--{boundary}".encode("ascii")
    return b"\r\n".join([
        _VERSION, _line("Content-Type", f'multipart/alternative; boundary="{boundary}"'), b"",
        edge, _part(text, "plain"),
        edge, _part(html, "html", _VERSION),
        edge + b"--", b"",
    ])  # fmt: skip


def _part(text: str, subtype: str, *more: bytes) -> bytes:
    lines = text.encode().splitlines()
    if max(map(len, lines), default=0) > _LONGEST_LINE:
        return _python_part(text, subtype, *more)
    kind = _line("Content-Type", f'text/{subtype}; charset="utf-8"')
    encoding = _line("Content-Transfer-Encoding", "7bit" if text.isascii() else "8bit")
    return b"\r\n".join([kind, encoding, *more, b"", *lines, b""])


def _python_part(text: str, subtype: str, *more: bytes) -> bytes:
    part = EmailMessage(policy=_POLICY)
    part.set_content(text, subtype)
    del part["MIME-Version"]
    head, _, body = part.as_bytes().partition(b"\r\n\r\n")
    return b"\r\n".join([head, *more, b"", body])


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}".encode("ascii")


def _fits(name: str, value: str) -> bool:
    return len(name) + len(value) < _LONGEST_LINE - 1


@lru_cache(maxsize=256)  # a rep's own name stands in each of their mails
def _python_line(name: str, value: str) -> bytes:
    _, header = _POLICY.header_store_parse(name, value)
    return _POLICY.fold_binary(name, header).removesuffix(b"\r\n")
