"""A mail's bytes: headers that no field can add to, plain text, and HTML in our own layout with its styles inlined.

Sources: RFC 5322 (threading headers), RFC 2369 and RFC 8058 (List-Unsubscribe and its one click).
"""

from __future__ import annotations

from email.headerregistry import Address as Mailbox
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Any

import css_inline
import nh3

from backend.kit.text import clean
from backend.mail.addresses import address_of
from backend.outbox.shapes import HEADER, Anchor, Letter, Sender, Sending
from backend.outbox.source import UnfitError

LONGEST_SUBJECT = 500
LONGEST_TEXT = 200_000
_MOST_REFERENCES = 20
_CONTROLS = {*map(chr, range(32)), "\x7f", "\u2028", "\u2029"}
_TAGS = {"p", "br", "a", "b", "strong", "i", "em", "u", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "img", "hr"}
_LAYOUT = """<!doctype html><html><head><style>
body {{ font-family: Arial, Helvetica, sans-serif; font-size: 14px; line-height: 1.5; color: #202124 }}
p {{ margin: 0 0 1em }} a {{ color: #1a56db }} img {{ max-width: 100% }}
</style></head><body>{body}</body></html>"""
_PLAIN = (HEADER, "List-Unsubscribe", "List-Unsubscribe-Post")


class _PlainHeader(BaseHeader):
    """A header that we make of ASCII without line ends: Python need neither parse nor fold it."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take it as it is (`email.headerregistry`)."""
        kwds |= {"decoded": value, "parse_tree": None}

    def fold(self, *, policy: Policy) -> str:
        """One line."""
        return f"{self.name}: {self}{policy.linesep}"


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in _PLAIN:
        registry.map_to_type(name, _PlainHeader)
    return registry


# Python folds what is longer than a line by encoding it, which makes an unsubscribe link or a Message-ID unreadable.
_POLICY = SMTP.clone(max_line_length=996, header_factory=_headers())
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


def build(letter: Letter, sending: Sending, sender: Sender, unsubscribe_url: str) -> bytes:
    """Write the mail as Gmail takes it. Raises `UnfitError` for an address that is none and for a header in a field."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _mailbox(sender.address, sender.name)
    mail["To"] = _mailbox(sending.email, "")
    mail["Subject"] = _subject(letter)
    mail[HEADER] = sending.token
    for name, value in _threading(letter.anchor).items():
        mail[name] = value
    mail["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text = clean(letter.text)
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise UnfitError("bad_text", "empty" if not text.strip() else f"{len(text)} characters")
    mail.set_content(text)
    if letter.html:
        mail.add_alternative(as_page(letter.html), subtype="html")
    return mail.as_bytes()


def as_page(html: str) -> str:
    """The HTML of a mail in our layout: what is not plain formatting is taken out, styles stand at their elements."""
    body = nh3.clean(clean(html), tags=_TAGS, url_schemes={"http", "https", "mailto", "tel", "cid"})
    return str(_INLINER.inline(_LAYOUT.format(body=body)))


def _subject(letter: Letter) -> str:
    """A reply keeps the subject of the mail as Gmail stored it, or Gmail opens another thread."""
    if letter.anchor is None:
        return _one_line("subject", letter.subject)
    kept = _one_line("subject", letter.anchor.subject)
    return kept if kept[:3].lower() == "re:" else f"Re: {kept}"


def _one_line(name: str, value: str) -> str:
    """Refuse what could end the header and begin another."""
    if _CONTROLS.intersection(value):
        raise UnfitError("header_injection", name)
    tidy = clean(value).strip()
    if not tidy or len(tidy) > LONGEST_SUBJECT:
        raise UnfitError("bad_subject", "empty" if not tidy else f"{len(tidy)} characters")
    return tidy


def _mailbox(email: str, name: str) -> Mailbox:
    address = address_of(email)
    if address is None or _CONTROLS.intersection(email):
        raise UnfitError("bad_address", "no address with a domain")
    local, _, domain = address.key.rpartition("@") if not email.isascii() else address.email.rpartition("@")
    if not local.isascii() or _CONTROLS.intersection(name):
        raise UnfitError("bad_address", "an address that Gmail does not send to")
    return Mailbox(clean(name), local, domain)


def _threading(anchor: Anchor | None) -> dict[str, str]:
    if anchor is None or not anchor.rfc_id:
        return {}
    references = [*anchor.references[-_MOST_REFERENCES:], anchor.rfc_id]
    return {
        "In-Reply-To": f"<{anchor.rfc_id}>",
        "References": " ".join(f"<{one}>" for one in dict.fromkeys(references)),
    }
