"""Plays a script: its lines become mail, each the answer to the one before, with signatures and quotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from backend.demo.sample import postmaster, prose
from backend.demo.sample.cast import DOMAIN, Cast, Member
from backend.demo.sample.copies import deliver
from backend.demo.sample.invitation import PARTSTAT, Invitation, answer, request
from backend.demo.sample.letter import Letter
from backend.demo.sample.moments import Moments
from backend.demo.sample.postmaster import Absence
from backend.demo.sample.script import Ago, Line, Script
from backend.demo.sample.shapes import SampleMail

_REPLY, _FORWARD = "Re: ", {"en": "Fwd: ", "es": "RV: "}
_AUTOMATIC = {"Auto-Submitted": "auto-replied", "X-Autoreply": "yes", "Precedence": "auto_reply"}
_AUTO_SUBJECT = {"en": "Automatic reply: ", "es": "Respuesta automática: "}
_ANSWERS = {
    "en": {"accept": "Accepted: ", "decline": "Declined: ", "tentative": "Tentative: "},
    "es": {"accept": "Aceptado: ", "decline": "Rechazado: ", "tentative": "Provisional: "},
}


@dataclass(frozen=True, slots=True)
class Part:
    """How one playing differs from another: who takes which part, what fills the slots, how many days ago it began."""

    roles: Mapping[str, Member] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    began: float = 0
    absence: Absence | None = None  # the out-of-office note that answers the first mail


@dataclass(slots=True)
class Conversation:
    """One playing of a script. `play()` returns its mail, oldest first; times rise, whatever was drawn."""

    script: Script
    cast: Cast
    moments: Moments
    rng: Random
    part: Part = field(default_factory=Part)
    thread: list[Letter] = field(default_factory=list)
    invitation: Invitation | None = None

    def play(self) -> list[SampleMail]:
        """Write every line and deliver it."""
        mails: list[SampleMail] = []
        for line, at in zip(self.script.lines, self._times(), strict=True):
            letter = self._letter(line, at)
            self.thread.append(letter)
            mails += [deliver(letter, self.moments.now, self.rng, self._labels(line, letter)), *self._returned(line)]
        return mails

    def _times(self) -> list[datetime]:
        """Two mails of one day are drawn in any order: sorted, they tell the story as it is written."""
        drawn = (
            self.moments.past(self._ago(line.when), self._member(line.sender).zone, self.rng)
            for line in self.script.lines
        )
        return sorted(moment.replace(microsecond=0) for moment in drawn)

    def _ago(self, when: Ago) -> Ago:
        return replace(when, days=self.part.began + when.days) if self.part.began else when

    def _letter(self, line: Line, at: datetime) -> Letter:
        if line.subject is not None and "fwd" not in line.options:
            self.thread.clear()
        writer = self._member(line.sender)
        bare = Letter(
            message_id=f"<{self.rng.getrandbits(96):024x}@mail.{writer.domain}>",
            at=at,
            sender=writer,
            to=tuple(map(self._member, line.to)),
            cc=tuple(map(self._member, line.cc)),
            subject=self._subject(line, at, writer),
            text=self.moments.fill(line.text, self.script.language, at, self.part.words),
            references=tuple(letter.message_id for letter in self.thread),
            files=(line.options["pdf"],) if "pdf" in line.options else (),
        )
        return self._dressed(self._with_event(bare, line), line)

    def _dressed(self, letter: Letter, line: Line) -> Letter:
        """Add what the mail program adds: nothing to an automatic answer, else signature, quotation and HTML."""
        if "auto" in line.options:
            return replace(letter, headers=_AUTOMATIC)
        writer = letter.sender
        fresh = prose.sign(letter.text, writer)
        quoted = prose.quote(self.thread[-1], writer) if self.thread and letter.event is None else ""
        html = prose.as_html(fresh, quoted) if writer.manner in {"gmail", "outlook"} else None
        return replace(letter, text=f"{fresh}\n\n{quoted}".rstrip("\n"), html=html)

    def _subject(self, line: Line, at: datetime, writer: Member) -> str:
        if line.subject is not None:
            prefix = _FORWARD[writer.language] if "fwd" in line.options else ""
            return prefix + self.moments.fill(line.subject, self.script.language, at, self.part.words)
        bare = self.thread[0].subject.removeprefix(_REPLY)
        if "auto" in line.options:
            return _AUTO_SUBJECT[self.script.language] + bare
        status = next((name for name in PARTSTAT if name in line.options), None)
        if status and self.invitation:
            return _ANSWERS[self.script.language][status] + self.invitation.title
        return _REPLY + bare

    def _with_event(self, letter: Letter, line: Line) -> Letter:
        if "invite" in line.options:
            self.invitation = self._invitation(letter, line.options["invite"])
            return replace(letter, event=request(self.invitation, letter.at))
        status = next((name for name in PARTSTAT if name in line.options), None)
        if status is None or self.invitation is None:
            return letter
        return replace(letter, event=answer(self.invitation, letter.sender, PARTSTAT[status], letter.at))

    def _invitation(self, letter: Letter, words: str) -> Invitation:
        facts, _, title = words.partition(" | ")
        day, clock, minutes = facts.split()
        starts = self.moments.ahead(day, clock, letter.sender.zone)
        uid = f"{self.rng.getrandbits(64):016x}@calendar.{letter.sender.domain}"
        return Invitation(uid, title, starts.astimezone(UTC), int(minutes), letter.sender, letter.recipients)

    def _returned(self, line: Line) -> list[SampleMail]:
        """What machines answer at once: a bounce that the script asks for, or an out-of-office that was drawn."""
        sent, now = self.thread[-1], self.moments.now
        soon = min(sent.at + timedelta(seconds=40), now)
        if "bounces" in line.options:
            return [postmaster.bounce(sent, line.options["bounces"], soon, now, self.rng)]
        if self.part.absence and len(self.thread) == 1:
            return [postmaster.away(sent, self.part.absence, soon, now, self.rng)]
        return []

    def _labels(self, line: Line, letter: Letter) -> tuple[str, ...]:
        own = (f"label:{line.options['label']}",) if "label" in line.options else ()
        is_important = self.script.is_deal and letter.sender.domain != DOMAIN
        return (*(("IMPORTANT",) if is_important else ()), *(("STARRED",) if "star" in line.options else ()), *own)

    def _member(self, name: str) -> Member:
        return self.part.roles.get(name) or self.cast.find(name, self.script.fields.get("company", ""))
