"""What Google's cards can hold, and the checks that shapes make when they are built.

A broken rule raises `ValueError`: it is the builder's mistake, never the reader's or the sender's.
"""

from __future__ import annotations

import re
from typing import Any

from backend.card.markup import Html, html, is_safe_link, plain
from backend.kit.text import clean

MAX_WIDGETS = 100
SUBJECT_CHARS = 250
TITLE_CHARS, LABEL_CHARS, BUTTON_CHARS, TEXT_CHARS = 80, 120, 40, 800
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Ids are numbers, words or tokens that the server signed; an address or a name would be free text, and is refused.
OPAQUE_ID = re.compile(r"[A-Za-z0-9_.:=~-]{1,512}")


def require(truth: object, rule: str) -> None:
    """Raise `ValueError` naming the `rule` that `truth` says is broken."""
    if not truth:
        raise ValueError(rule)


def require_picture(url: str) -> None:
    """Refuse a picture that Gmail would not show."""
    require(is_safe_link(url) and not url.lower().partition("?")[0].endswith(".svg"), "a picture is https and no SVG")


def set_plain(shape: Any, name: str, limit: int, *, needed: bool = False) -> None:
    """Clean and shorten a plain text field in place; with `needed` it may not end up empty."""
    _set(shape, name, plain(getattr(shape, name), limit), needed=needed)


def set_verbatim(shape: Any, name: str) -> None:
    """Clean a field that the reader edits in place, keeping its lines and its length; white space alone is nothing."""
    text = clean(getattr(shape, name))
    _set(shape, name, text if text.strip() else "", needed=False)


def set_html(shape: Any, name: str, limit: int, *, needed: bool = False) -> None:
    """Escape, clean and shorten an HTML field in place; with `needed` it may not end up empty."""
    _set(shape, name, html(getattr(shape, name), limit), needed=needed)


def _set(shape: Any, name: str, text: str | Html, *, needed: bool) -> None:
    require(text or not needed, f"{type(shape).__name__}.{name} is empty")
    object.__setattr__(shape, name, text)
