"""Invented correspondence of a team with people outside, as it comes and goes in the team's Gmail.

Everything here happens at Gmail, past its API: no fault and no quota touches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime

from backend.gmail.emulator import labels as gmail_labels
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.mailbox import HIDING, Mailbox, Stored, stored
from backend.kit.clock import VirtualClock
from backend.mail.conversations import base_subject

NOT_CORRESPONDENCE = frozenset({"DRAFT", "CHAT"})
BULK = (("List-Id", "<news.shop.example>"), ("List-Unsubscribe", "<https://shop.example/u>"))
AUTOMATIC = (("Auto-Submitted", "auto-replied"),)


@dataclass(frozen=True)
class Letter:
    """A mail that was sent, under a name of ours; `message_id` is empty where it bears none."""

    name: str
    message_id: str
    references: tuple[str, ...]
    subject: str
    sender: str
    recipients: tuple[str, ...]
    can_be_answered: bool = True

    @property
    def keys(self) -> tuple[str, ...]:
        """What ties it to a conversation; a Message-ID that is another mail's ties it to nothing."""
        return (self.name, *self.references)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody in it."""
        return (self.sender, *self.recipients)


@dataclass
class Post:
    """The team's mailboxes and all mail there ever was.

    `touched` names the letters that a mailbox lost, hid or made private at some time: a sync that saw one before knows
    more than a sync that comes later. `private` is each mailbox's private label.
    """

    emulator: Emulator
    clock: VirtualClock
    team: tuple[str, ...]
    letters: list[Letter] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    private: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, Stored] = field(default_factory=dict)
    _by_id: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for address in self.team:
            mailbox = self.emulator.add_mailbox(address)
            with self.emulator.store.transaction():
                self.private[address] = gmail_labels.create_label(mailbox, {"name": "Private"})["id"]

    # Mail

    def write(
        self,
        sender: str,
        recipients: Sequence[str],
        subject: str,
        *,
        references: Sequence[str] = (),
        headers: Iterable[tuple[str, str]] = (),
        message_id: str | None = None,
        labels: Sequence[str] = (),
    ) -> Letter:
        """Send a mail; who of the team sends or gets it has a copy. `message_id`: another mail's, or "" for none."""
        self.clock.advance(timedelta(seconds=20))
        name = f"m{len(self.letters)}@mail.example"
        given_id = name if message_id is None else message_id
        is_own = message_id is None
        letter = Letter(name, given_id, tuple(references), subject, sender, tuple(recipients), can_be_answered=is_own)
        raw = _raw(letter, format_datetime(self.clock.now()), headers)
        self.letters.append(letter)
        for address in self.team:
            if address in letter.people:
                given = labels or (("SENT",) if address == sender else ("INBOX", "UNREAD"))
                self._add(address, raw, given, letter)
        return letter

    def lend_id(self, lender: Letter, sender: str, recipients: Sequence[str], subject: str) -> Letter:
        """Send a mail under another one's Message-ID: from now on an answer could be meant for either."""
        self.letters[self.letters.index(lender)] = replace(lender, can_be_answered=False)
        return self.write(sender, recipients, subject, message_id=lender.message_id)

    def answer(self, letter: Letter, sender: str, *, has_chain: bool, subject: str | None = None) -> Letter:
        """Let somebody answer all. Poor clients name the mail that they answer and nothing before it."""
        others = tuple(dict.fromkeys(p for p in letter.people if p != sender))
        references = (*letter.references, letter.message_id) if has_chain else (letter.message_id,)
        said = subject or f"Re: {base_subject(letter.subject).title()}"
        return self.write(sender, others or (letter.sender,), said, references=references)

    def _add(self, address: str, raw: bytes, labels: Iterable[str], letter: Letter) -> None:
        with self.emulator.changing():
            held = tuple(labels)
            message = self._mailbox(address).add(raw, held, date_ms=self.emulator.store.now_ms())
        self._by_id[address, message.id] = letter.name
        if not HIDING.isdisjoint(held) or self.private[address] in held:
            self.touched.add(letter.name)

    # What people do in their mailboxes

    def messages(self, address: str) -> list[Stored]:
        """All that a mailbox holds, oldest first."""
        sql = "SELECT seq, id, thread, date_ms, size, history_id, labels FROM message WHERE mailbox = ? ORDER BY seq"
        return [stored(row) for row in self.emulator.store.rows(sql, self._mailbox(address).id)]

    def relabel(self, address: str, message: Stored, label: str, *, is_on: bool) -> None:
        """Put a label on a message, or take it off."""
        with self.emulator.changing():
            change = {"add": [label]} if is_on else {"remove": [label]}
            self._mailbox(address).relabel(message, **change)
        if label in {*HIDING, self.private[address]}:
            self._touch(address, message)

    def delete(self, address: str, message: Stored) -> None:
        """Delete for good."""
        with self.emulator.changing():
            self._mailbox(address).remove(message)
        self._touch(address, message)

    def save_draft(self, address: str) -> None:
        """Autosave: each time another message with another id."""
        self.discard_draft(address)
        raw = _raw(Letter("", "", (), "Draft", address, ("dora@nordwind.example",)), "", ())
        with self.emulator.changing():
            mailbox = self._mailbox(address)
            self.drafts[address] = mailbox.add(raw, ["DRAFT"], date_ms=self.emulator.store.now_ms())
            mailbox.register_draft(self.drafts[address])

    def discard_draft(self, address: str) -> None:
        """Remove the draft, if there is one."""
        if draft := self.drafts.pop(address, None):
            with self.emulator.changing():
                self._mailbox(address).remove(draft)

    def _touch(self, address: str, message: Stored) -> None:
        if name := self._by_id.get((address, message.id)):
            self.touched.add(name)

    # What a sync of today must come to

    def present(self, address: str) -> dict[str, tuple[str, ...]]:
        """Labels by id of what a mailbox holds of correspondence outside bin and spam."""
        ruled_out = HIDING | NOT_CORRESPONDENCE
        return {f"{m.id:x}": m.labels for m in self.messages(address) if ruled_out.isdisjoint(m.labels)}

    def hidden(self, address: str) -> set[str]:
        """Ids of what lies in bin or spam."""
        return {f"{m.id:x}" for m in self.messages(address) if not HIDING.isdisjoint(m.labels)}

    def letter_of(self, address: str, gmail_id: str) -> str:
        """The name of a message's letter."""
        return self._by_id[address, int(gmail_id, 16)]

    def _mailbox(self, address: str) -> Mailbox:
        return self.emulator.mailbox(address)


def _raw(letter: Letter, date: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"From: {letter.sender}", f"To: {', '.join(letter.recipients)}", f"Subject: {letter.subject}"]
    lines += [f"Date: {date}"] if date else []
    lines += [f"Message-ID: <{letter.message_id}>"] if letter.message_id else []
    if letter.references:
        chain = " ".join(f"<{r}>" for r in letter.references)
        lines += [f"In-Reply-To: <{letter.references[-1]}>", f"References: {chain}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", f"Hello from {letter.sender} about {letter.subject}", ""]).encode()
