"""Whose mailboxes hold a copy of a message, and under which of Gmail's labels."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from backend.demo.sample.cast import mailbox_of
from backend.demo.sample.letter import Letter, to_bytes
from backend.demo.sample.shapes import SampleMail

_FRESH = timedelta(hours=12)
_RECENT = timedelta(days=14)
_STILL_UNREAD = 0.08  # the share of recent mail that people have not come to yet
_NEVER_ARCHIVED = 0.35  # the share of older mail that stays in the inbox for good


def deliver(
    letter: Letter, now: datetime, rng: Random, labels: tuple[str, ...] = (), raw: bytes | None = None
) -> SampleMail:
    """Put the letter (or `raw`, where its bytes are written already) into every mailbox of ours that holds it.

    `labels` are added for those who receive it. SPAM keeps it out of the inbox.
    """
    sender = mailbox_of(letter.sender.address)
    receivers = {mailbox_of(member.address) for member in letter.recipients} - {None, sender}
    boxes: list[tuple[str, tuple[str, ...]]] = [(sender, ("SENT",))] if sender else []
    boxes += [(owner, _labels(now - letter.at, rng, labels)) for owner in sorted(filter(None, receivers))]
    return SampleMail(raw or to_bytes(letter), letter.at, tuple(boxes))


def _labels(age: timedelta, rng: Random, labels: tuple[str, ...]) -> tuple[str, ...]:
    is_unread = age < _FRESH or (age < _RECENT and rng.random() < _STILL_UNREAD)
    stays = is_unread or age < _RECENT or rng.random() < _NEVER_ARCHIVED
    place = () if "SPAM" in labels or not stays else ("INBOX",)
    return (*place, *(("UNREAD",) if is_unread else ()), *labels)
