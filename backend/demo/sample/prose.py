"""How mail programs dress a text: signature, the quoted mail beneath the answer, and the same again as HTML."""

from __future__ import annotations

from datetime import datetime
from html import escape

from backend.demo.sample.cast import Member
from backend.demo.sample.letter import Letter
from backend.demo.sample.moments import DAYS, MONTHS

_LONGEST_QUOTE = 60  # lines; people cut the tail off long before
_OUTLOOK = {"en": ("From", "Sent", "To", "Subject"), "es": ("De", "Enviado el", "Para", "Asunto")}
_PHONE = {"en": "Sent from my phone", "es": "Enviado desde mi móvil"}


def sign(text: str, writer: Member) -> str:
    """Return `text` with the writer's signature, as far as their mail program adds one."""
    if writer.manner == "phone":
        return f"{text}\n\n{_PHONE[writer.language]}"
    facts = " · ".join(filter(None, (writer.title, writer.firm)))
    lines = [line for line in (writer.name, facts, writer.phone) if line]
    if not facts:
        return text
    divider = {"gmail": "-- \n", "outlook": "", "plain": "--\n"}[writer.manner]
    return f"{text}\n\n{divider}" + "\n".join(lines)


def quote(answered: Letter, writer: Member) -> str:
    """Return what stands beneath an answer: the words that introduce the quotation, and the mail answered."""
    lines = _two_deep(answered.text.splitlines())[:_LONGEST_QUOTE]
    if writer.manner == "outlook":
        return _outlook_head(answered, writer.language) + "\n\n" + "\n".join(lines)
    return _gmail_head(answered, writer) + "\n" + "\n".join(f"> {line}".rstrip() for line in lines)


def as_html(fresh: str, quoted: str) -> str:
    """Return what was just written, and beneath it the quotation, as the HTML that Gmail makes of it."""
    beneath = f'<div class="gmail_quote">{_paragraphs(quoted)}</div>' if quoted else ""
    return f'<div dir="ltr">{_paragraphs(fresh)}</div>{beneath}'


def _paragraphs(text: str) -> str:
    return "".join(f"<div>{escape(line, quote=False) or '<br>'}</div>" for line in text.splitlines())


def _two_deep(lines: list[str]) -> list[str]:
    """Return the lines down to the second level of quotation: the third is cut off with the line that introduces it."""
    third = next((number for number, line in enumerate(lines) if line.startswith("> >")), len(lines) + 1)
    return lines[: max(third - 1, 0)]


def _gmail_head(answered: Letter, writer: Member) -> str:
    day, clock = _short_day(answered.at.astimezone(writer.zone), writer.language)
    name, address = answered.sender.name, answered.sender.address
    if writer.language == "es":
        return f"El {day} a las {clock}, {name} (<{address}>) escribió:"
    return f"On {day} at {clock}, {name} <{address}> wrote:"


def _outlook_head(answered: Letter, language: str) -> str:
    day, clock = _short_day(answered.at, language)
    names = (
        f"{answered.sender.name} <{answered.sender.address}>",
        f"{day} {clock}",
        "; ".join(member.name or member.address for member in answered.to),
        answered.subject,
    )
    lines = (f"{label}: {value}" for label, value in zip(_OUTLOOK[language], names, strict=True))
    return "_" * 32 + "\n" + "\n".join(lines)


def _short_day(at: datetime, language: str) -> tuple[str, str]:
    weekday, month = DAYS[language][at.weekday()][:3], MONTHS[language][at.month - 1][:3]
    return f"{weekday}, {at.day} {month} {at.year}", f"{at:%H:%M}"
