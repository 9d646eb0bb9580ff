"""What Gmail knows of a message from its headers and its text: for threads, for search, for the snippet."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser

from backend.gmail.charsets import decode_words
from backend.gmail.mime import Headers
from backend.gmail.payload import Part, header, leaves
from backend.gmail.wire import decode_base64url
from backend.kit.clock import to_epoch_ms
from backend.kit.text import squeeze

SNIPPET_CHARACTERS = 200
_ID_CHARACTERS = 998
_REFERENCE_LIMIT = 200
_TO = frozenset({"to", "cc", "bcc"})

_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\]+@[^\s<>,;:\"()\[\]\\]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"(?!@)', re.DOTALL)
_MESSAGE_ID = re.compile(r"<([^<>]+)>")
_REPLY_PREFIX = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|rv|res|sv|vs|antw|tr|r|enc)\s*(?:\[\d+\])?\s*[::]\s*)+", re.IGNORECASE
)


@dataclass(frozen=True)
class Envelope:
    """What the headers say to threads and to delivery; nothing is read before it is asked for."""

    headers: Headers

    @cached_property
    def key(self) -> str:
        """The Message-ID without its brackets, "" where there is none."""
        written = self.headers.first("Message-ID")
        return next(iter(message_ids(written)), written.strip())[:_ID_CHARACTERS]

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The Message-IDs that this mail refers to."""
        return message_ids(f"{self.headers.first('References')} {self.headers.first('In-Reply-To')}")[
            -_REFERENCE_LIMIT:
        ]

    @cached_property
    def subject(self) -> str:
        """The subject that all mails of a thread share."""
        return subject_key(self.headers.first("Subject"))

    @cached_property
    def sender(self) -> str:
        """The first address of From, "" where there is none."""
        return next(iter(addresses(self.headers.first("From"))), "")

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """All addresses of To, Cc and Bcc."""
        return addresses(", ".join(h.value for h in self.headers.lines if h.name.lower() in _TO))

    @cached_property
    def date_ms(self) -> int | None:
        """When the sender says that it was written; None where that cannot be read."""
        return date_ms(self.headers.first("Date"))


def message_ids(text: str) -> tuple[str, ...]:
    """Return the Message-IDs of a References or In-Reply-To header, each once, in their order."""
    return tuple(dict.fromkeys(found.strip()[:_ID_CHARACTERS] for found in _MESSAGE_ID.findall(text)))


def subject_key(subject: str) -> str:
    """Return the subject that all mails of a thread share: decoded, without "Re:" and the like, folded."""
    return squeeze(_REPLY_PREFIX.sub("", decode_words(subject))).casefold()


def addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a header in lower case, each once; names that look like addresses are no addresses."""
    return tuple(dict.fromkeys(found.lower() for found in _ADDRESS.findall(_QUOTED.sub(" ", text))))


def canonical(address: str) -> str:
    """Return the mailbox that an address reaches: without plus tag, and for Gmail's own domains without dots."""
    local, _, domain = address.strip().lower().rpartition("@")
    local = local.partition("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        return local.replace(".", "") + "@gmail.com"
    return f"{local}@{domain}"


def date_ms(text: str) -> int | None:
    """Return a Date header in milliseconds since 1970; None where it cannot be read."""
    try:
        moment = parsedate_to_datetime(text)
        return to_epoch_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def text_of(payload: Part) -> str:
    """Return the text that search and snippet see: the plain part, else the HTML without its tags."""
    by_type: dict[str, str] = {}
    for part in leaves(payload):
        if "data" in part["body"] and part["mimeType"] not in by_type:
            by_type[part["mimeType"]] = decode_base64url(part["body"]["data"]).decode("utf-8", "replace")
    if "text/plain" in by_type:
        return by_type["text/plain"]
    return _without_tags(by_type.get("text/html", ""))


def _without_tags(markup: str) -> str:
    tree = LexborHTMLParser(markup)
    tree.strip_tags(["style", "script", "head"])
    return tree.body.text(separator=" ") if tree.body else ""


def snippet_of(payload: Part) -> str:
    """Return the first words of the text in one line, with Gmail's HTML escapes."""
    line = squeeze(text_of(payload)[: SNIPPET_CHARACTERS * 20].replace("\x00", ""))
    if len(line) > SNIPPET_CHARACTERS:
        line = line[:SNIPPET_CHARACTERS].rpartition(" ")[0] or line[:SNIPPET_CHARACTERS]
    return html.escape(line).replace("&#x27;", "&#39;")


def search_words(payload: Part) -> tuple[str, ...]:
    """Return the columns of the word index in its order: from, to, cc, bcc, subject, text, file names, has, list."""
    filenames = [part["filename"] for part in leaves(payload) if part["filename"]]
    return (
        *(decode_words(header(payload, name)) for name in ("From", "To", "Cc", "Bcc", "Subject")),
        text_of(payload)[:100_000],
        " ".join(filenames),
        "attachment" if filenames else "",
        header(payload, "List-ID"),
    )
