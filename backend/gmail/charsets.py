"""Bytes that somebody wrote turned into text, whatever charset they claim; nothing here raises."""

from __future__ import annotations

import base64
import binascii
import re

# Names that mail bears and Python does not know, or that Python reads more narrowly than mail programs do.
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "utf8mb4": "utf-8",
    "cp-850": "cp850",
}
# Python's own escapes are no charsets: they raise, warn or take quadratic time on a sender's bytes.
_NOT_CHARSETS = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem", "utf_7"}
_VAGUE = {"us-ascii", "ascii", "unknown-8bit", "x-unknown", "8bit", "7bit", "default", "binary"}

_ENCODED_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")


def decode_text(data: bytes, charset: str = "") -> str:
    """Read bytes in the charset that they claim; where it is vague, unknown or wrong: UTF-8, else Windows-1252."""
    name = charset.strip().strip("\"'").lower()
    if name and name not in _VAGUE and name.replace("-", "_") not in _NOT_CHARSETS:
        try:
            return data.decode(_ALIASES.get(name, name), "replace")
        except (LookupError, ValueError):  # an unknown name, a NUL in it, or a codec that gives no text
            pass
    return _guess(data)


def decode_words(text: str) -> str:
    """Decode the RFC 2047 encoded words of a header's text; what is no valid encoded word stays as it is."""
    if "=?" not in text:
        return text
    return _ENCODED_WORD.sub(_decode_word, _BETWEEN_WORDS.sub(r"\1", text))


def _decode_word(word: re.Match[str]) -> str:
    charset, encoding, content = word.groups()
    if encoding in "qQ":
        data = binascii.a2b_qp(content.encode("utf-8", "replace"), header=True)
    else:
        data = decode_base64(content.encode("utf-8", "replace"))
    return decode_text(data, charset)


def decode_base64(data: bytes) -> bytes:
    """Decode base64 as mail programs do: foreign characters are skipped, a missing or early end is forgiven."""
    kept = _NOT_BASE64.sub(b"", data)
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    return base64.b64decode(kept + b"=" * (-len(kept) % 4))


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def _guess(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
