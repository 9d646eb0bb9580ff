"""What the people do to whom a team of a soak writes: they answer, are away, bounce, unsubscribe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from backend.mail.addresses import key_of
from backend.outbox.service import unsubscribe
from backend.sequences.simulation.answers import _REPORT
from tests.sequences.soak.world import PEOPLE, REPS, Delivered, World

_AWAY = (("Auto-Submitted", "auto-replied"),)


@dataclass(frozen=True)
class Outside:
    """The people outside; who has nothing to answer to does nothing."""

    world: World

    def answers_in_thread(self, lot: Random) -> None:
        """From their own address, or from one that nobody knows."""
        if mail := self._some_mail(lot):
            sender = lot.choice((mail.address_key, mail.address_key, "somebody@phone.example"))
            self._write(sender, mail.sender, f"Re: {mail.subject}", "Tell me more.", mail.message_id)
            self._noted(mail.address_key, mail.sender, is_sure=sender == mail.address_key)

    def writes_anew(self, lot: Random) -> None:
        """Outside any thread of ours, whether they had mail or not."""
        sender, to = lot.choice(PEOPLE), lot.choice(REPS)
        self._write(sender, to, "A question", "Do you also sell chairs?")
        self._noted(sender, to)

    def writes_from_another_address(self, lot: Random) -> None:
        """Which is known to be theirs only if somebody noted it."""
        if mail := self._some_mail(lot):
            self._write(self.world.aliases(mail.address_key), mail.sender, "From home", "Yes please.")

    def a_colleague_writes(self, lot: Random) -> None:
        """Of the same company."""
        domain = lot.choice(PEOPLE).split("@")[1]
        self._write(f"boss@{domain}", lot.choice(REPS), "Your offer", "They showed me your mail.")

    def is_away(self, lot: Random) -> None:
        """An automatic reply, with the day of the return or without."""
        if mail := self._some_mail(lot):
            back = self.world.now + timedelta(days=lot.randint(1, 9))
            text = lot.choice(("I am away.", f"I am out of the office until {back:%Y-%m-%d}."))
            office = self.world.office
            office.mail(
                mail.address_key, mail.sender, f"Automatic reply: {mail.subject}", text, reply_to_id=mail.message_id,
                headers=_AWAY,
            )  # fmt: skip

    def bounces(self, lot: Random) -> None:
        """For good, for a while, or because the sender sends too much or is refused by policy."""
        if mail := self._some_mail(lot):
            status, action = lot.choice(
                (("5.1.1", "failed"), ("4.2.2", "delayed"), ("5.4.5", "failed"), ("5.7.1", "failed"))
            )
            words = {"5.1.1": "No such user", "4.2.2": "mailbox full", "5.4.5": "Daily user sending limit exceeded"}
            report = _REPORT.format(
                sender=mail.sender, recipient=mail.address_key, date=_rfc(self.world.now),
                id=f"report{next(self.world.numbers)}",
            )  # fmt: skip
            report = report.replace("Action: failed", f"Action: {action}").replace("Status: 5.1.1", f"Status: {status}")
            report = report.replace("550 5.1.1 No such user", f"550 {status} {words.get(status, 'refused by policy')}")
            self.world.emulator.deliver(report.replace("\n", "\r\n").encode(), [mail.sender])

    def unsubscribes(self, lot: Random) -> None:
        """By the link."""
        if mail := self._some_mail(lot):
            with self.world.db.write() as session:
                unsubscribe(session, self.world.clock, self.world.office.workspace_id, mail.address_key)

    def _some_mail(self, lot: Random) -> Delivered | None:
        """One of the latest that were delivered."""
        return lot.choice(self.world.delivered[-8:]) if self.world.delivered else None

    def _write(self, sender: str, to: str, subject: str, text: str, reply_to_id: str = "") -> None:
        self.world.office.mail(sender, to, subject, text, reply_to_id=reply_to_id)

    def _noted(self, address: str, mailbox: str, *, is_sure: bool = True) -> None:
        if is_sure:
            self.world.replies.append((key_of(address), mailbox, self.world.now))


def _rfc(moment: datetime) -> str:
    return f"{moment:%a, %d %b %Y %H:%M:%S} +0000"
