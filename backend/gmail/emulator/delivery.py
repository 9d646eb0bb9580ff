"""How mail travels between the mailboxes of one emulator, and what Gmail does to it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from backend.gmail.emulator import refusals
from backend.gmail.emulator.mailbox import Mailbox, Stored
from backend.gmail.emulator.reading import addresses, canonical, envelope
from backend.gmail.emulator.store import Store
from backend.gmail.mime import first, split_message, without_headers

ARRIVED = ("INBOX", "UNREAD")

# Called with sender, recipient and the mail as sent, for an address that no mailbox of the emulator has; what it
# returns, a bounce or a reply, is delivered to the sender.
Outside = Callable[[str, str, bytes], bytes | None]


@dataclass
class PostOffice:
    """Sends and delivers. Mail to addresses that live elsewhere is handed to `outside`, if there is anybody."""

    store: Store
    outside: Outside | None = None

    def send(self, mailbox: Mailbox, raw: bytes, *, thread: int | None = None) -> Stored:
        """Send from a mailbox: a message appears in SENT, and in the mailbox of each recipient. Raises a 400."""
        sent = stamped(mailbox, raw)
        recipients = envelope(split_message(sent)[0]).recipients
        if not recipients:
            raise refusals.invalid("Recipient address required")
        to_self = any(mailbox.owns(address) for address in recipients)
        labels = ("SENT", *ARRIVED) if to_self else ("SENT",)
        message = mailbox.add(sent, labels, date_ms=self.store.now_ms(), thread=thread)
        self._carry(mailbox, sent, recipients)
        return message

    def deliver(self, raw: bytes, recipients: Iterable[str] = (), labels: Iterable[str] = ARRIVED) -> list[Stored]:
        """Deliver mail that comes from outside: to the recipients given, else to all in To, Cc and Bcc."""
        addressed = tuple(recipients) or envelope(split_message(raw)[0]).recipients
        return [box.add(raw, labels, date_ms=self.store.now_ms()) for box in self._mailboxes(addressed)]

    def _carry(self, sender: Mailbox, sent: bytes, recipients: tuple[str, ...]) -> None:
        unsealed = without_headers(sent, {"bcc"})
        for box in self._mailboxes(recipients):
            if box.id != sender.id:
                box.add(self._postmarked(unsealed, sender, box), ARRIVED, date_ms=self.store.now_ms())
        if self.outside:
            for address in recipients:
                answer = None if self._mailboxes([address]) else self.outside(sender.address, address, unsealed)
                if answer:
                    self.deliver(answer, [sender.address])

    def _mailboxes(self, recipients: Iterable[str]) -> list[Mailbox]:
        """Return the mailboxes that these addresses reach, each once."""
        sql = "SELECT b.id, b.address FROM send_as a JOIN mailbox b ON b.id = a.mailbox WHERE a.canonical = ?"
        found = {row for address in recipients for row in self.store.rows(sql, canonical(address))}
        return [Mailbox(self.store, mailbox_id, address) for mailbox_id, address in sorted(found)]

    def _postmarked(self, sent: bytes, sender: Mailbox, receiver: Mailbox) -> bytes:
        smtp_id = self.store.noise("smtp", receiver.history_id(), 48)
        lines = [
            f"Delivered-To: {receiver.address}",
            f"Received: by gmail.emulator.test with SMTP id {smtp_id:012x}; {_rfc_date(self.store)}",
            f"Return-Path: <{sender.address}>",
        ]
        return _with_headers(lines, sent)


def stamped(mailbox: Mailbox, raw: bytes) -> bytes:
    """Return the mail as Gmail keeps and sends what a client hands in.

    The client's Message-ID is replaced; a missing From or Date is added; a From that the mailbox may not use becomes
    its own, and the other stands in X-Google-Original-From. All else, custom X- headers included, stays.
    """
    headers, _ = split_message(raw)
    store, claimed = mailbox.store, first(headers, "From")
    number = store.next_number("Message-ID")
    lines = [f"Message-ID: <CA+{store.noise('a', number, 60):015x}{number:x}@mail.gmail.com>"]
    drop = {"message-id"}
    if not first(headers, "Date"):
        lines.append(f"Date: {_rfc_date(store)}")
    if not any(mailbox.owns(address) for address in addresses(claimed)):
        drop.add("from")
        lines += [f"From: {mailbox.address}", *([f"X-Google-Original-From: {claimed}"] if claimed else [])]
    if not first(headers, "MIME-Version"):
        lines.append("MIME-Version: 1.0")
    return _with_headers(lines, without_headers(raw, drop))


def _with_headers(lines: list[str], raw: bytes) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode() + raw


def _rfc_date(store: Store) -> str:
    return store.clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
