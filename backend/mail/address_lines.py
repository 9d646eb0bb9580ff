"""A list of addresses as people have it: pasted, or a column of a CSV file; each line keeps its number. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.kit.text import clean, shorten
from backend.mail.address_lists import addresses_in

LONGEST_LIST = 16 * 1024 * 1024  # characters: no request is larger, so that nothing is cut off in silence
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class AddressLine:
    """A line with something on it: its number from 1, what it says, and the address on it, "" where there is none."""

    number: int
    text: str
    email: str
    key: str


def read_lines(text: str) -> list[AddressLine]:
    """The lines of a list, the empty ones left out; a first line without an address is a file's head."""
    lines = [_line(number, line) for number, line in enumerate(clean(text).splitlines(), 1) if line.strip()]
    return lines[1:] if len(lines) > 1 and not lines[0].key else lines


def _line(number: int, text: str) -> AddressLine:
    found, _ = addresses_in(text.replace(";", ",").replace("\t", ","))
    address = next(iter(found), None)
    return AddressLine(
        number, shorten(text.strip(), _SHOWN), address.email if address else "", address.key if address else ""
    )
