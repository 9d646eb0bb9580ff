"""Gmail's search language (`q`) → conditions on the store's tables.

Source: support.google.com/mail/answer/7190 and developers.google.com/workspace/gmail/api/guides/filtering. Words that
follow each other must all hold; OR binds the two beside it; {} is an OR of all within; - negates; a date without an
hour is midnight in California, as the guide warns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.gmail.emulator import refusals
from backend.gmail.emulator.labels import find_label_id
from backend.gmail.emulator.mailbox import Mailbox
from backend.kit.clock import to_epoch_ms

_CALIFORNIA = ZoneInfo("America/Los_Angeles")
_DEPTH_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL about the message `m`, with its values. `is_selective`: few messages fulfil it, by an index."""

    sql: str
    values: tuple[Any, ...] = ()
    is_selective: bool = False


@dataclass(slots=True)
class Search:
    """What a query asks for.

    `labels` must all be borne; they are apart, because an index is read by them. `is_selective`: words or a Message-ID
    must be found, so that few messages are left, whose index is read first.
    """

    conditions: list[Condition] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    includes_hidden: bool = False
    needs_words: bool = False
    is_selective: bool = False


def parse(text: str, mailbox: Mailbox) -> Search:
    """Read a query. Nothing is a syntax error, as at Gmail, save nesting beyond all reason (400)."""
    reader = _Reader(list(_tokens(text)), mailbox, Search())
    while reader.tokens:
        reader.search.conditions += reader.sequence(depth=0)
        reader.tokens[:1] = []  # a closing bracket that was never opened
    return reader.search


def has_label(label_id: str) -> Condition:
    """The message bears the label."""
    return Condition(_LABEL_SQL, (label_id,))


_LABEL_SQL = """EXISTS (SELECT 1 FROM tagged t WHERE t.mailbox = m.mailbox AND t.label = ?
    AND t.date_ms = m.date_ms AND t.seq = m.seq)"""


_TOKEN = re.compile(r"""(-?)(?:([A-Za-z0-9_]+):(?=\S))?("[^"]*"?|[(){}]|(?:(?![(){}"])\S)+)""")


@dataclass(frozen=True, slots=True)
class _Token:
    is_negated: bool
    operator: str
    text: str
    is_quoted: bool = False


def _tokens(text: str) -> Iterator[_Token]:
    for minus, operator, value in _TOKEN.findall(text.replace("\x00", " ")):
        is_quoted = value.startswith('"')
        yield _Token(bool(minus), operator.lower(), value.strip('"') if is_quoted else value, is_quoted)


_NEVER = Condition("0")
_ALWAYS = Condition("1")


@dataclass
class _Reader:
    """Recursive descent over the tokens, which it eats from the front."""

    tokens: list[_Token]
    mailbox: Mailbox
    search: Search

    def sequence(self, *, depth: int, operator: str = "") -> list[Condition]:
        """Read terms until the closing bracket or the end; OR joins the terms beside it."""
        if depth > _DEPTH_LIMIT:
            raise refusals.invalid("Query is too complex")
        groups: list[list[Condition]] = []
        is_alternative = False
        while self.tokens and not self._at(")", "}"):
            if self._at("OR"):
                self.tokens.pop(0)
                is_alternative = bool(groups)
                continue
            term = self._term(depth, operator, is_top=depth == 0 and not is_alternative and not self._is_before_or())
            if term is None:
                continue
            if is_alternative:
                groups[-1].append(term)
            else:
                groups.append([term])
            is_alternative = False
        return [_any(group) for group in groups]

    def _at(self, *texts: str) -> bool:
        token = self.tokens[0]
        return token.text in texts and not token.is_quoted and not token.operator

    def _is_before_or(self) -> bool:
        return len(self.tokens) > 1 and self.tokens[1].text == "OR"

    def _term(self, depth: int, operator: str, *, is_top: bool) -> Condition | None:
        """One word, phrase, operator or bracket. None where it went into `Search.labels` instead."""
        token = self.tokens.pop(0)
        name = token.operator or operator
        included_hidden = self.search.includes_hidden
        if token.text in {"(", "{"} and not token.is_quoted:
            inner = self.sequence(depth=depth + 1, operator=name)
            if self.tokens:
                self.tokens.pop(0)
            condition = _all(inner) if token.text == "(" else _any(inner)
        else:
            condition = self._word(name, token.text)
            if is_top and not token.is_negated and condition.sql == _LABEL_SQL:
                self.search.labels.append(condition.values[0])
                return None
        if is_top and not token.is_negated:
            self.search.is_selective |= condition.is_selective
        if token.is_negated:  # "-in:trash" asks for no trash
            self.search.includes_hidden = included_hidden
            return _not(condition)
        return condition

    def _word(self, name: str, value: str) -> Condition:
        if name in _OPERATORS:
            return _OPERATORS[name](self, value)
        return self.match(_ANYWHERE, f"{name} {value}" if name else value)

    def match(self, columns: str, phrase: str) -> Condition:
        """Find a phrase in columns of the word index; what holds no word at all asks for nothing."""
        if not any(character.isalnum() for character in phrase):
            return _ALWAYS
        self.search.needs_words = True
        quoted = phrase.replace('"', " ")
        return Condition(_WORDS_SQL, (f'({{{columns}}} : "{quoted}")',), is_selective=True)

    def person(self, columns: str, who: str) -> Condition:
        """Find an address or a name; "me" is every address of the mailbox."""
        if who.lower() != "me":
            return self.match(columns, who)
        own = self.mailbox.store.rows("SELECT address FROM send_as WHERE mailbox = ?", self.mailbox.id)
        return _any([self.match(columns, address) for (address,) in own])

    def place(self, value: str) -> Condition:
        """Read what stands after `in:` and `is:`."""
        name = value.lower()
        if name in {"trash", "spam", "anywhere"}:
            self.search.includes_hidden = True
        if name in _PLACES:
            return has_label(_PLACES[name])
        return _STATES.get(name) or self.label(value)

    def label(self, value: str) -> Condition:
        """label: with Gmail's dashes for blanks and slashes."""
        label_id = find_label_id(self.mailbox, value)
        if label_id in {"TRASH", "SPAM"}:
            self.search.includes_hidden = True
        return has_label(label_id) if label_id else _NEVER


_WORDS_SQL = "m.seq IN (SELECT rowid FROM words WHERE words MATCH ?)"
_ANYWHERE = "sender recipients cc bcc subject body filename"
_PLACES = {
    "inbox": "INBOX",
    "sent": "SENT",
    "draft": "DRAFT",
    "drafts": "DRAFT",
    "trash": "TRASH",
    "spam": "SPAM",
    "chat": "CHAT",
    "chats": "CHAT",
    "unread": "UNREAD",
    "starred": "STARRED",
    "important": "IMPORTANT",
}


def _not(condition: Condition) -> Condition:
    return Condition(f"NOT ({condition.sql})", condition.values)


def _all(conditions: Sequence[Condition]) -> Condition:
    return _join(" AND ", conditions, any) if conditions else _ALWAYS


def _any(conditions: Sequence[Condition]) -> Condition:
    if conditions and all(condition.sql == _WORDS_SQL for condition in conditions):
        alternatives = " OR ".join(condition.values[0] for condition in conditions)
        return Condition(_WORDS_SQL, (f"({alternatives})",), is_selective=True)  # one look into the index for them all
    return _join(" OR ", conditions, all) if conditions else _NEVER


def _join(word: str, conditions: Sequence[Condition], is_so: Callable[[Iterable[bool]], bool]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    values = tuple(value for condition in conditions for value in condition.values)
    sql = "(" + word.join(condition.sql for condition in conditions) + ")"
    return Condition(sql, values, is_selective=is_so(condition.is_selective for condition in conditions))


_STATES = {
    "anywhere": _ALWAYS,
    "read": _not(has_label("UNREAD")),
    "archive": _not(_any([has_label(label) for label in ("INBOX", "SENT", "DRAFT", "TRASH", "SPAM")])),
}


def _has(reader: _Reader, value: str) -> Condition:
    user_label = Condition("m.labels GLOB '*Label_*'")
    states = {"userlabels": user_label, "nouserlabels": _not(user_label)}
    return states.get(value.lower()) or reader.match("has", value)


def _since(reader: _Reader, value: str) -> Condition:
    moment = _moment(value)
    return Condition("m.date_ms >= ?", (moment,)) if moment is not None else reader.match(_ANYWHERE, value)


def _until(reader: _Reader, value: str) -> Condition:
    moment = _moment(value)
    return Condition("m.date_ms < ?", (moment,)) if moment is not None else reader.match(_ANYWHERE, value)


_DATE = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})\Z|(\d{1,2})[/-](\d{1,2})[/-](\d{4})\Z")


def _moment(value: str) -> int | None:
    """Return a date or a number of seconds since 1970 in milliseconds."""
    if value.isascii() and value.isdecimal():
        return int(value[:15]) * 1000
    if not (date := _DATE.match(value)):
        return None
    year, month, day = (date[1], date[2], date[3]) if date[1] else (date[6], date[4], date[5])
    try:
        return to_epoch_ms(datetime(int(year), int(month), int(day), tzinfo=_CALIFORNIA).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


_AGE = re.compile(r"(\d{1,5})([hdwmy])\Z", re.IGNORECASE)
_UNIT_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}


def _age_edge(reader: _Reader, value: str) -> int | None:
    if not (age := _AGE.match(value)):
        return None
    span = timedelta(hours=int(age[1]) * _UNIT_HOURS[age[2].lower()])
    return reader.mailbox.store.now_ms() - span // timedelta(milliseconds=1)


def _newer_than(reader: _Reader, value: str) -> Condition:
    edge = _age_edge(reader, value)
    return Condition("m.date_ms >= ?", (edge,)) if edge is not None else _NEVER


def _older_than(reader: _Reader, value: str) -> Condition:
    edge = _age_edge(reader, value)
    return Condition("m.date_ms < ?", (edge,)) if edge is not None else _NEVER


_SIZE = re.compile(r"(\d{1,12})([KM]?)B?\Z", re.IGNORECASE)


def _size(comparison: str) -> Callable[[_Reader, str], Condition]:
    def condition(_: _Reader, value: str) -> Condition:
        if not (size := _SIZE.match(value)):
            return _NEVER
        factor = {"": 1, "k": 1024, "m": 1024 * 1024}[size[2].lower()]
        return Condition(f"m.size {comparison} ?", (int(size[1]) * factor,))

    return condition


def _by_message_id(reader: _Reader, value: str) -> Condition:
    sql = "m.seq IN (SELECT seq FROM message WHERE mailbox = ? AND key = ?)"
    return Condition(sql, (reader.mailbox.id, value.strip("<>")), is_selective=True)


def _in_columns(columns: str) -> Callable[[_Reader, str], Condition]:
    return lambda reader, value: reader.match(columns, value)


def _of_person(columns: str) -> Callable[[_Reader, str], Condition]:
    return lambda reader, value: reader.person(columns, value)


_OPERATORS: dict[str, Callable[[_Reader, str], Condition]] = {
    "from": _of_person("sender"),
    "to": _of_person("recipients cc bcc"),
    "cc": _of_person("cc"),
    "bcc": _of_person("bcc"),
    "deliveredto": _of_person("recipients cc bcc"),
    "subject": _in_columns("subject"),
    "filename": _in_columns("filename"),
    "list": _in_columns("list"),
    "has": _has,
    "label": _Reader.label,
    "in": _Reader.place,
    "is": _Reader.place,
    "category": lambda _, value: has_label("CATEGORY_" + {"PRIMARY": "PERSONAL"}.get(value.upper(), value.upper())),
    "after": _since,
    "newer": _since,
    "before": _until,
    "older": _until,
    "newer_than": _newer_than,
    "older_than": _older_than,
    "larger": _size(">"),
    "size": _size(">"),
    "smaller": _size("<"),
    "rfc822msgid": _by_message_id,
}
