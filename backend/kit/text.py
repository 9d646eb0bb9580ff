"""Small functions on text that several rooms need."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")


def squeeze(text: str) -> str:
    """Fold every run of white space into one space and trim the ends."""
    return _SPACE.sub(" ", text).strip()


def shorten(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` characters, ending with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def fold(text: str) -> str:
    """Return `text` in lower case and without accents, as search compares it: "Núñez" becomes "nunez"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def clean(text: str) -> str:
    """Remove what no database stores: NUL characters and lone surrogates (which become U+FFFD)."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\x00", "")
