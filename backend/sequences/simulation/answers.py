"""People who write back: by lot, and the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from heapq import heappop, heappush
from random import Random

from backend.gmail.mime import read_headers
from backend.kit.text import squeeze
from backend.sequences.simulation.shapes import Plan

_LATEST_REPLY_TO = 3  # of the mails to somebody, the last one that they may answer
_REPORT = """From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {sender}
Subject: Delivery Status Notification (Failure)
Date: {date}
Message-ID: <{id}@mailer.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

The address {recipient} could not be found.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user
--part--
"""
_ANSWER = """From: {recipient}
To: {sender}
Date: {date}
Subject: {prefix}: {subject}
Message-ID: <answer{number}@rehearsal.example>
In-Reply-To: {answered}
References: {answered}
{more}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}
"""


class Habit(StrEnum):
    """What somebody does with our mail."""

    SILENT = "silent"
    REPLIES = "replies"
    BOUNCES = "bounces"
    AWAY = "away"


@dataclass(frozen=True, slots=True, order=True)
class Answer:
    """A mail on its way to a rep."""

    at: datetime
    number: int
    address: str
    raw: bytes = field(compare=False)


class Correspondents:
    """Hears every mail that leaves, and has answers ready in their time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._mails: dict[str, int] = {}
        self._waiting: list[Answer] = []
        self._number = 0

    def hear(self, sender: str, recipient: str, raw: bytes, now: datetime) -> None:
        """Let the recipient decide what to do with a mail."""
        mails = self._mails[recipient] = self._mails.get(recipient, 0) + 1
        lot = Random(f"{self._plan.seed} {recipient}")  # noqa: S311 - a rehearsal's lots are no secret
        habit, answered, hours = self._habit(lot), lot.randint(1, _LATEST_REPLY_TO), lot.uniform(0.5, 40)
        if habit is Habit.BOUNCES and mails == 1:
            self._write(sender, now + timedelta(minutes=1), self._report(sender, recipient, now))
        elif habit is Habit.AWAY and mails == 1:
            back = now + timedelta(days=lot.randint(3, 12))
            self._write(sender, now + timedelta(minutes=1), self._notice(sender, recipient, raw, now, back))
        elif habit is Habit.REPLIES and mails == answered:
            at = now + timedelta(hours=hours)
            self._write(sender, at, self._reply(sender, recipient, raw, at))

    @property
    def moments(self) -> list[datetime]:
        """When the next answer arrives, if one does."""
        return [self._waiting[0].at] if self._waiting else []

    def arrived(self, now: datetime) -> Iterator[Answer]:
        """Hand over what has arrived by now."""
        while self._waiting and self._waiting[0].at <= now:
            yield heappop(self._waiting)

    def _habit(self, lot: Random) -> Habit:
        drawn, plan = lot.random(), self._plan
        for share, habit in ((plan.replies, Habit.REPLIES), (plan.bounces, Habit.BOUNCES), (plan.away, Habit.AWAY)):
            if drawn < share:
                return habit
            drawn -= share
        return Habit.SILENT

    def _write(self, address: str, at: datetime, raw: bytes) -> None:
        self._number += 1
        heappush(self._waiting, Answer(at, self._number, address, raw))

    def _report(self, sender: str, recipient: str, now: datetime) -> bytes:
        facts = {"sender": sender, "recipient": recipient, "date": format_datetime(now), "id": f"report{self._number}"}
        return _REPORT.format(**facts).encode()

    def _notice(self, sender: str, recipient: str, raw: bytes, now: datetime, back: datetime) -> bytes:
        text = f"I am out of the office until {back:%Y-%m-%d}."
        facts = {"prefix": "Automatic reply", "more": "Auto-Submitted: auto-replied\n", "text": text}
        return self._answer(sender, recipient, raw, now, facts)

    def _reply(self, sender: str, recipient: str, raw: bytes, at: datetime) -> bytes:
        facts = {"prefix": "Re", "more": "", "text": "Thank you for writing. Let us talk next week."}
        return self._answer(sender, recipient, raw, at, facts)

    def _answer(self, sender: str, recipient: str, raw: bytes, at: datetime, facts: dict[str, str]) -> bytes:
        to = read_headers(raw)
        subject, answered = squeeze(to.first("Subject")), to.first("Message-ID")
        who = {"sender": sender, "recipient": recipient, "date": format_datetime(at), "number": self._number}
        return _ANSWER.format(**who, **facts, subject=subject, answered=answered).encode()
