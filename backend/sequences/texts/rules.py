"""How a template is read and filled in: Liquid over a few named fields, bounded, and nothing of it is HTML.

Liquid and not Jinja, because people write it: a loop of millions ends at a limit, and a field without a value is named
instead of leaving a hole ("Hi , re "). Source: https://shopify.github.io/liquid/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape

from liquid import BoundTemplate, Environment, Undefined
from liquid.exceptions import LiquidError, ResourceLimitError, TemplateNotFoundError, UnknownFilterError

from backend.kit.errors import UserError
from backend.kit.text import shorten
from backend.sequences.shapes import Filled, FilledMail

FIELDS = (
    "contact.first_name", "contact.name", "contact.title", "contact.email", "company.name", "deal.name",
    "deal.reference", "deal.stage", "deal.amount", "sender.name", "sender.email",
)  # fmt: skip
LONGEST = 50_000  # characters, as written and as filled in


class _Bounded(Environment):
    loop_iteration_limit = 1_000
    local_namespace_limit = 10_000
    output_stream_limit = LONGEST


class _Blank(Undefined):
    """A field without a value: empty for `default` and `if`, its name in brackets where it would be printed."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"[{self.name}]"


_LIQUID = _Bounded(undefined=_Blank)


def check(source: str) -> None:
    """Refuse what cannot be filled in. Raises `UserError` that names the place or the unknown field."""
    if len(source) > LONGEST:
        raise UserError("A template has at most %(longest)s characters; make it shorter.", longest=LONGEST)
    try:
        named = set(_LIQUID.from_string(source).global_variable_paths())
    except TemplateNotFoundError as error:
        raise UserError("Snippets are taken in by templates only: write the text itself here.") from error
    except (LiquidError, RecursionError) as error:
        raise _refusal(error, source) from error
    unknown = sorted(named - set(FIELDS))
    if unknown:
        raise UserError(
            "There is no field %(unknown)s; there are: %(fields)s.", unknown=unknown[0], fields=", ".join(FIELDS)
        )
    fill(source, {})  # filters are looked up as late as this


def fill(source: str, values: Mapping[str, str]) -> Filled:
    """Fill in `source` with values by field name; an empty one counts as missing. Raises `UserError`."""
    try:
        text = _read(source).render(**_nested(values))
    except (LiquidError, RecursionError) as error:
        raise _refusal(error, source) from error
    return Filled(text, tuple(name for name in FIELDS if f"[{name}]" in text and not values.get(name)))


@lru_cache(maxsize=1_000)
def _read(source: str) -> BoundTemplate:
    """A template, compiled once: the same text goes to thousands of people."""
    return _LIQUID.from_string(source)


def filled(subject: str, body: str, values: Mapping[str, str]) -> FilledMail:
    """A mail with both its texts filled in. Raises `UserError`."""
    head, text = fill(subject, values), fill(body, values)
    return FilledMail(one_line(head.text), as_plain(text.text), tuple(dict.fromkeys(head.missing + text.missing)))


def _nested(values: Mapping[str, str]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for name in FIELDS:
        about, _, field = name.partition(".")
        found.setdefault(about, {})[field] = values.get(name) or _Blank(name)
    return found


def _refusal(error: LiquidError | RecursionError, source: str) -> UserError:
    """What is wrong, where, in words that can be translated: Liquid's own are English and a programmer's."""
    if isinstance(error, ResourceLimitError | RecursionError):
        return UserError("This template repeats itself too often, nests too deeply or grows too long; make it simpler.")
    at = error.token.start_index if error.token else -1
    if at < 0:
        return UserError("This template cannot be read: a tag is opened and never closed.")
    if isinstance(error, UnknownFilterError):
        name = error.token.value if error.token else ""
        return UserError("There is no filter “%(name)s”; words for a missing value come after “default:”.", name=name)
    line = source.count("\n", 0, at)
    place = shorten(source.splitlines()[line].strip(), 60)
    return UserError("This template cannot be read: look at line %(line)s, “%(place)s”.", line=line + 1, place=place)


_PARAGRAPHS = re.compile(r"\n\s*\n")
_NAMED_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\((https?://[^\s()<>\"]{1,2000})\)")
_LINK = re.compile(_NAMED_LINK.pattern + r"|(https?://[^\s<>\"]{1,2000}[^\s<>\".,;:!?)])")


def as_plain(text: str) -> str:
    """A mail's plain text: a file or page that is given by a named link, [Price list](https://…), stands behind it."""
    return _NAMED_LINK.sub(lambda found: f"{found[1]}: {found[2]}", text)


def as_html(text: str) -> str:
    """Plain text as the HTML of a mail: paragraphs, line breaks and links, everything else escaped."""
    paragraphs = (_with_links(part.strip()) for part in _PARAGRAPHS.split(text.replace("\r\n", "\n")))
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs if paragraph)


def _with_links(text: str) -> str:
    done, html = 0, ""
    for found in _LINK.finditer(text):
        url = found[2] or found[3]
        link = f'<a href="{escape(url)}">{escape(found[1] or url)}</a>'
        html += _escaped(text[done : found.start()]) + link
        done = found.end()
    return html + _escaped(text[done:])


def _escaped(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def one_line(text: str) -> str:
    """A subject: no line ends in it, so that a field cannot add a header."""
    return " ".join(text.split())
