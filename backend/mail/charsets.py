"""Bytes into text, whatever the sender claims about them."""

from __future__ import annotations

import codecs
from functools import lru_cache

# Codecs that Python calls text and no mail is written in: they interpret escapes, warn, or take quadratic time.
_NOT_FOR_MAIL = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "utf_7"})
# All their bytes are ASCII, so that UTF-8 would accept them and show the shift sequences as garbage.
_SEVEN_BIT = ("iso2022", "hz")
_LONGEST_NAME = 40


def decode(data: bytes, declared: str) -> tuple[str, bool]:
    """Return the text of `data` and whether it was read without loss.

    UTF-8 comes first: Gmail hands over most bodies as UTF-8 and leaves the old charset parameter standing. Then the
    declared charset, then Windows-1252, which is what mislabelled western mail is in.
    """
    codec = codec_name(declared)
    order = ("utf-8", codec, "cp1252")
    if codec.startswith(_SEVEN_BIT):
        order = (codec, "utf-8", "cp1252")
    for name in order:
        try:
            return data.decode(name), True
        except (ValueError, LookupError):
            continue
    return data.decode("latin-1"), False


@lru_cache(maxsize=256)
def codec_name(declared: str) -> str:
    """Python's name of a declared charset; "utf-8" for one that is unknown or not meant for mail."""
    try:
        found = codecs.lookup(declared.strip().strip("\"'")[:_LONGEST_NAME])
        "".encode(found.name)  # refuses what is no text encoding (zip, rot13, base64)
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if found.name.replace("-", "_") in _NOT_FOR_MAIL else found.name
