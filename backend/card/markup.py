"""Text as Google's cards take it: plain in headers, labels and buttons; a small HTML in texts and section headers.

Cards know `<b> <i> <u> <s> <font color> <a href> <br>` and the entities of `& < >`. Quotes are left as they are:
outside an attribute they need no escape, and a numeric entity would show wherever a host does not decode it.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

from backend.kit.text import clean, shorten, squeeze

# Controls and format characters that show nothing and can turn the text around them (a name that ends in U+202E
# would print the rest of its line backwards). Joiners stay: Persian, Hindi and emoji are spelled with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost"})


class Html(str):
    """Text that already is the cards' HTML; it is made here and nowhere else."""

    __slots__ = ()


def plain(text: str, limit: int) -> str:
    """Return one line of at most `limit` characters that shows as it is; empty where nothing would show."""
    if text.isascii() and text.isprintable():  # nearly always, and sooner done
        return shorten(squeeze(text), limit)
    return shorten(squeeze(_INVISIBLE.sub("", clean(text))), limit)


def html(text: str, limit: int) -> Html:
    """Escape `text`, shortened first so that no entity is cut; line breaks become `<br>`. `Html` passes untouched."""
    if isinstance(text, Html):
        return text
    lines = [squeeze(line) for line in _INVISIBLE.sub("", clean(text)).splitlines()]
    short = shorten("\n".join(lines).strip(), limit)
    return Html(escape(short, quote=False).replace("\n", "<br>"))


def dotted(*texts: str) -> str:
    """Join those texts that say something with a middle dot; still plain text."""
    return " · ".join(shown for text in texts if (shown := plain(text, 120)))


def is_safe_link(url: str) -> bool:
    """Tell whether a card may link to `url`: absolute https, or http to this very machine (the demo)."""
    if len(url) > 2000 or re.search(r"[\s\x00-\x1f\x7f\\<>\"]", url):  # noqa: PLR2004 - what browsers take for a URL
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS)
    )
