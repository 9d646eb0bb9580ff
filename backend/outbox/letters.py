"""A mail's bytes: headers that no field can add to, plain text, and HTML in our own layout with its styles inlined.

Sources: RFC 5322 (threading headers), RFC 2369 and RFC 8058 (List-Unsubscribe and its one click).
"""

from __future__ import annotations

from email.headerregistry import Address as Mailbox

import css_inline
import nh3

from backend.kit.text import clean
from backend.mail.addresses import address_of
from backend.outbox import mime
from backend.outbox.shapes import HEADER, Anchor, Letter, Sender, Sending
from backend.outbox.source import UnfitError

LONGEST_SUBJECT = 500
LONGEST_TEXT = 200_000
_MOST_REFERENCES = 20
_CONTROLS = {*map(chr, range(32)), "\x7f", "\x85", "\u2028", "\u2029"}
_TAGS = {"p", "br", "a", "b", "strong", "i", "em", "u", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "img", "hr"}
_LAYOUT = """<!doctype html><html><head><style>
body {{ font-family: Arial, Helvetica, sans-serif; font-size: 14px; line-height: 1.5; color: #202124 }}
p {{ margin: 0 0 1em }} a {{ color: #1a56db }} img {{ max-width: 100% }}
</style></head><body>{body}</body></html>"""
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


def build(letter: Letter, sending: Sending, sender: Sender, unsubscribe_url: str) -> bytes:
    """Write the mail as Gmail takes it. Raises `UnfitError` for an address that is none and for a header in a field."""
    lines = [
        mime.mailbox_line("From", _mailbox(sender.address, sender.name)),
        mime.mailbox_line("To", _mailbox(sending.email, "")),
        mime.text_line("Subject", _subject(letter)),
        mime.bare_line(HEADER, sending.token),
        *(mime.text_line(name, value) for name, value in _threading(letter.anchor).items()),
        mime.bare_line("List-Unsubscribe", f"<{unsubscribe_url}>"),
        mime.bare_line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    html = as_page(letter.html) if letter.html else ""
    return b"\r\n".join([*lines, mime.content(_text(letter), html, boundary=f"=={sending.token}==")])


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


def _text(letter: Letter) -> str:
    text = clean(letter.text)
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise UnfitError("bad_text", "empty" if not text.strip() else f"{len(text)} characters")
    return text


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
