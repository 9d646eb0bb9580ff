"""How mail travels between the mailboxes of one emulator, and what Gmail does to it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


# The mailboxes that each address reaches, none for one that lives elsewhere.
Reached = Mapping[str, Sequence[Mailbox]]


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
        reached = self._reached(mail.recipients)
        labels = ("SENT", *ARRIVED) if any(mailbox in boxes for boxes in reached.values()) else ("SENT",)
        message = mailbox.add(sent, labels, date_ms=self.store.now_ms(), thread=thread, mail=mail)
        self._carry(mailbox, sent, mail, reached)
        return message

    def deliver(self, raw: bytes, recipients: Iterable[str] = (), labels: Iterable[str] = ARRIVED) -> list[Stored]:
        """Deliver mail that comes from outside: to the recipients given, else to all in To, Cc and Bcc."""
        mail = Envelope(read_headers(raw))
        addressed = tuple(recipients) or mail.recipients
        reached = _each_once(self._reached(addressed))
        return [box.add(raw, labels, date_ms=self.store.now_ms(), mail=mail) for box in reached]

    def _carry(self, sender: Mailbox, sent: bytes, mail: Envelope, reached: Reached) -> None:
        unsealed = without_headers(sent, {"bcc"})
        for box in _each_once(reached):
            if box != sender:
                box.add(self._postmarked(unsealed, sender, box), ARRIVED, date_ms=self.store.now_ms(), mail=mail)
        if self.outside:
            for address in (address for address, boxes in reached.items() if not boxes):
                answer = self.outside(sender.address, address, unsealed)
                if answer:
                    self.deliver(answer, [sender.address])

    def _reached(self, recipients: Iterable[str]) -> Reached:
        sql = "SELECT b.id, b.address FROM send_as a JOIN mailbox b ON b.id = a.mailbox WHERE a.canonical = ?"
        rows = {address: self.store.rows(sql, canonical(address)) for address in recipients}
        return {address: [Mailbox(self.store, *row) for row in found] for address, found in rows.items()}

    def _postmarked(self, sent: bytes, sender: Mailbox, receiver: Mailbox) -> bytes:
        smtp_id = self.store.noise("smtp", receiver.history_id(), 48)
        lines = [
            HeaderLine("Delivered-To", receiver.address),
            HeaderLine("Received", f"by gmail.emulator.test with SMTP id {smtp_id:012x}; {_rfc_date(self.store)}"),
            HeaderLine("Return-Path", f"<{sender.address}>"),
        ]
        return _with_headers(lines, sent)


def _each_once(reached: Reached) -> list[Mailbox]:
    boxes = {box.id: box for found in reached.values() for box in found}
    return [boxes[mailbox_id] for mailbox_id in sorted(boxes)]


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
