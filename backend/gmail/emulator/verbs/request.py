"""A call as both doors hand it to a verb: the mailbox, the ids of the path, the query, the body, the uploaded bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.gmail.emulator import refusals
from backend.gmail.emulator.calls import Json
from backend.gmail.emulator.delivery import PostOffice
from backend.gmail.emulator.mailbox import Mailbox, Stored
from backend.gmail.emulator.render import read_id
from backend.gmail.shapes import Format

__all__ = ["Json", "Request"]

PAGE_DEFAULT = 100
PAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `query` has a list a name, as URLs do; `media` is the uploaded RFC 5322 message, if there is one."""

    mailbox: Mailbox
    post: PostOffice
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    media: bytes | None = None

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter of the query."""
        return next(iter(self.query.get(name, ())), default)

    def many(self, name: str) -> list[str]:
        """Return a repeated parameter of the query."""
        return list(self.query.get(name, ()))

    def flag(self, name: str) -> bool:
        """Return a true or false of the query."""
        return self.text(name).lower() == "true"

    def page_size(self) -> int:
        """Return maxResults: 100 unless given, never over 500. Raises a 400 for what is no number."""
        return max(1, min(self._number("maxResults", PAGE_DEFAULT), PAGE_LIMIT))

    def _number(self, name: str, default: int) -> int:
        text = self.text(name) or str(default)
        if not (text.isascii() and text.isdecimal() and len(text) < len(str(1 << 63))):
            raise refusals.invalid(f"Invalid value at '{name}': \"{text}\"")
        return int(text)

    def form(self) -> Format:
        """Return the format asked for, full by default. Raises a 400."""
        try:
            return Format(self.text("format", Format.FULL).lower())
        except ValueError as error:
            raise refusals.invalid("Invalid value at 'format'") from error

    def message(self) -> Stored:
        """Return the message that the path names. Raises a 404, or a 400 for what is no id."""
        return self.mailbox.get(read_id(self.ids["id"]))

    def strings(self, name: str) -> list[str]:
        """Return a list of strings of the body, [] where it is missing. Raises a 400."""
        values = self.body.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise refusals.invalid(f"Invalid value at '{name}'")
        return values

    def raw(self, resource: Json) -> bytes:
        """Return the message handed in: uploaded, or base64url in `raw` of a Message. Raises a 400."""
        if self.media is not None:
            return self.media
        encoded = resource.get("raw")
        if not isinstance(encoded, str) or not encoded:
            raise refusals.invalid(
                "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
            )
        try:
            return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError as error:
            raise refusals.invalid("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed") from error

    def thread(self, resource: Json) -> int | None:
        """Return the thread that a Message asks for, None where it asks for none. Raises a 400."""
        asked = resource.get("threadId")
        if asked is None or asked == "":
            return None
        if not isinstance(asked, str):
            raise refusals.invalid("Invalid thread_id value")
        return read_id(asked)
