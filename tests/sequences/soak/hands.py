"""What reps do in Gmail itself, past its API: they edit, delete and send drafts, write by hand, delete threads."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from backend.gmail.emulator.mailbox import Stored, stored
from backend.mail.addresses import key_of
from backend.outbox.shapes import HEADER
from tests.sequences.soak.world import PEOPLE, REPS, World

_MESSAGES = "SELECT seq, id, thread, date_ms, size, history_id, labels FROM message WHERE mailbox = ? ORDER BY seq"


@dataclass(frozen=True)
class Ours:
    """A message with our header as a mailbox holds it; `draft_id` "": it is no draft."""

    address: str
    message: Stored
    token: str
    draft_id: str


@dataclass(frozen=True)
class Hands:
    """Reps at work in Gmail."""

    world: World

    def edits_a_draft(self, lot: Random) -> None:
        if draft := self._some_draft(lot):
            emulator, mailbox = self.world.emulator, self.world.emulator.mailbox(draft.address)
            with emulator.changing():
                raw = (
                    mailbox.raw(draft.message)
                    .replace(b"Hello.", b"Hello, dear.")
                    .replace(b"Good day.", b"Good morning.")
                )
                new = mailbox.add(raw, ["DRAFT"], date_ms=emulator.store.now_ms(), thread=draft.message.thread)
                sql = "UPDATE draft SET message = ? WHERE mailbox = ? AND id = ?"
                emulator.store.execute(sql, new.id, mailbox.id, draft.draft_id)
                mailbox.remove(draft.message)

    def deletes_a_draft(self, lot: Random) -> None:
        if draft := self._some_draft(lot):
            self._remove(draft)

    def sends_a_draft(self, lot: Random) -> None:
        draft = self._some_draft(lot)
        if draft and not self.world.emulator.is_revoked(draft.address):
            self.world.sent_by_hand.add(draft.token)
            with self.world.past_the_api():
                self.world.office.gmail(draft.address).send_draft(draft.draft_id)

    def writes_by_hand(self, lot: Random) -> None:
        sender, to = lot.choice(REPS), lot.choice(PEOPLE)
        self.world.office.mail(sender, to, "By hand", "How are you?")
        self.world.hand_mails.append((sender, key_of(to), self.world.now))

    def bins_a_thread(self, lot: Random) -> None:
        """All of it, our mail and the answers; drafts in it are gone for good, as at Gmail."""
        ours = self.ours()
        if ours:
            one = lot.choice(ours)
            mailbox = self.world.emulator.mailbox(one.address)
            for message in mailbox.thread(one.message.thread):
                found = next((each for each in ours if each.address == one.address and each.message == message), None)
                if found and found.draft_id:
                    self._remove(found)
                elif "DRAFT" not in message.labels:
                    with self.world.emulator.changing():
                        mailbox.relabel(message, add=["TRASH"], remove=["INBOX"])
            self.world.replies = [reply for reply in self.world.replies if reply[1] != one.address]

    def history_expires(self, lot: Random) -> None:
        self.world.emulator.expire_history(lot.choice(REPS))

    def access_is_revoked(self, lot: Random) -> None:
        self.world.emulator.revoke(lot.choice(REPS))

    # Questions

    def ours(self) -> list[Ours]:
        """All messages with our header, in all mailboxes."""
        store = self.world.emulator.store
        found = []
        for address in REPS:
            mailbox = self.world.emulator.mailbox(address)
            sql = "SELECT message, id FROM draft WHERE mailbox = ?"
            drafts: dict[int, str] = dict(store.rows(sql, mailbox.id))
            for message in (stored(row) for row in store.rows(_MESSAGES, mailbox.id)):
                if {"DRAFT", "SENT"}.isdisjoint(message.labels):
                    continue
                token = _token(mailbox.raw(message))
                if token:
                    found.append(Ours(address, message, token, drafts.get(message.id, "")))
        return found

    def _some_draft(self, lot: Random) -> Ours | None:
        drafts = [each for each in self.ours() if each.draft_id]
        return lot.choice(drafts) if drafts else None

    def _remove(self, ours: Ours) -> None:
        with self.world.emulator.changing():
            self.world.emulator.mailbox(ours.address).remove(ours.message)
        self.world.vetoed.add(ours.token)


def _token(raw: bytes) -> str:
    head = raw.split(b"\r\n\r\n", 1)[0]
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == HEADER.lower().encode():
            return value.decode().strip()
    return ""
