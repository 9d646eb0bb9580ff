"""How mail travels between the mailboxes of one emulator, and what Gmail does to it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from backend.gmail.emulator import refusals
from backend.gmail.emulator.mailbox import Mailbox, Stored
from backend.gmail.emulator.reading import Envelope, addresses, canonical
from backend.gmail.emulator.store import Store
from backend.gmail.mime import HeaderLine, Headers, read_headers, without_headers

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
        sent, mail = stamped(mailbox, raw)
        if not mail.recipients:
            raise refusals.invalid("Recipient address required")
        to_self = any(mailbox.owns(address) for address in mail.recipients)
        labels = ("SENT", *ARRIVED) if to_self else ("SENT",)
        message = mailbox.add(sent, labels, date_ms=self.store.now_ms(), thread=thread, mail=mail)
        self._carry(mailbox, sent, mail)
        return message

    def deliver(self, raw: bytes, recipients: Iterable[str] = (), labels: Iterable[str] = ARRIVED) -> list[Stored]:
        """Deliver mail that comes from outside: to the recipients given, else to all in To, Cc and Bcc."""
        mail = Envelope(read_headers(raw))
        addressed = tuple(recipients) or mail.recipients
        return [box.add(raw, labels, date_ms=self.store.now_ms(), mail=mail) for box in self._mailboxes(addressed)]

    def _carry(self, sender: Mailbox, sent: bytes, mail: Envelope) -> None:
        unsealed = without_headers(sent, {"bcc"})
        for box in self._mailboxes(mail.recipients):
            if box.id != sender.id:
                box.add(self._postmarked(unsealed, sender, box), ARRIVED, date_ms=self.store.now_ms(), mail=mail)
        if self.outside:
            for address in mail.recipients:
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
            HeaderLine("Delivered-To", receiver.address),
            HeaderLine("Received", f"by gmail.emulator.test with SMTP id {smtp_id:012x}; {_rfc_date(self.store)}"),
            HeaderLine("Return-Path", f"<{sender.address}>"),
        ]
        return _with_headers(lines, sent)


def stamped(mailbox: Mailbox, raw: bytes) -> tuple[bytes, Envelope]:
    """Return the mail as Gmail keeps and sends what a client hands in, and what its headers say.

    The client's Message-ID is replaced; a missing From or Date is added; a From that the mailbox may not use becomes
    its own, and the other stands in X-Google-Original-From. All else, custom X- headers included, stays.
    """
    headers = read_headers(raw)
    store, claimed = mailbox.store, headers.first("From")
    number = store.next_number("Message-ID")
    lines = [HeaderLine("Message-ID", f"<CA+{store.noise('a', number, 60):015x}{number:x}@mail.gmail.com>")]
    drop = {"message-id"}
    if not headers.first("Date"):
        lines.append(HeaderLine("Date", _rfc_date(store)))
    if not any(mailbox.owns(address) for address in addresses(claimed)):
        drop.add("from")
        lines.append(HeaderLine("From", mailbox.address))
        lines += [HeaderLine("X-Google-Original-From", claimed)] if claimed else []
    if not headers.first("MIME-Version"):
        lines.append(HeaderLine("MIME-Version", "1.0"))
    kept = [line for line in headers.lines if line.name.lower() not in drop]
    return _with_headers(lines, without_headers(raw, drop)), Envelope(Headers([*lines, *kept]))


def _with_headers(lines: list[HeaderLine], raw: bytes) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + raw


def _rfc_date(store: Store) -> str:
    return store.clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
