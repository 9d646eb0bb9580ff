"""What must hold once a sync has settled, whatever happened on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parseaddr

from sqlalchemy import select

from backend.gmail.emulator.mailbox import HIDING
from backend.mail.addresses import key_of
from backend.sync.tables import SyncAudit
from tests.cast import Office
from tests.sync.outcome import Outcome, outcome
from tests.sync.post import Letter, Post
from tests.sync.workers import Workers

Partition = frozenset[frozenset[str]]


@dataclass(frozen=True)
class Settled:
    """A settled office, read once; all that follows yields a line for each thing that is wrong."""

    office: Office
    post: Post
    workers: Workers
    end: Outcome

    @classmethod
    def of(cls, office: Office, post: Post, workers: Workers) -> Settled:
        """Read the office's store."""
        return cls(office, post, workers, outcome(office.db))

    def differences_from_gmail(self) -> Iterator[str]:
        """The store holds exactly what the mailboxes hold, and each other message has its reason."""
        for address in self.post.team:
            audit = self.workers.audit(address)
            if audit.missing or audit.extra or audit.pending:
                yield f"{address}: the audit finds {audit}"
            yield from self._copies_against(address)
        for mail, (subject, live, _, _) in self.end.mails.items():
            copies = [is_live for print_, _, is_live, _ in self.end.copies.values() if print_ == mail]
            if not copies or sum(copies) != live:
                yield f"“{subject}” has {sum(copies)} of {len(copies)} copies, and counts {live}"
        if self.end.found != self.end.mails.keys():
            yield f"search finds {len(self.end.found)} of {len(self.end.mails)} mails"
        if self.end.receipts.keys() != self.end.mails.keys():
            yield "there is not one receipt for each mail"

    def _copies_against(self, address: str) -> Iterator[str]:
        present, hidden = self.post.present(address), self.post.hidden(address)
        copies = {i: (labels, is_live) for (a, i), (_, labels, is_live, _) in self.end.copies.items() if a == address}
        explained = {i for a, i in self.end.items if a == address}
        for gmail_id, labels in present.items():
            if copies.get(gmail_id) != (labels, True):
                yield f"{address} {gmail_id} has {labels}, here {copies.get(gmail_id)}"
        for gmail_id in copies.keys() - present.keys():
            if gmail_id not in hidden or HIDING.isdisjoint(copies[gmail_id][0]):
                yield f"{address} {gmail_id} is here and not there"
        listed = {f"{m.id:x}" for m in self.post.messages(address)} - hidden
        if unexplained := listed - copies.keys() - explained:
            yield f"{address}: nothing is known of {sorted(unexplained)}"

    def nightly_finds(self) -> Iterator[str]:
        """What nightly audits found and repaired: mail that a sync should not have lost in the first place."""
        with self.office.db.read() as session:
            for audit in session.scalars(select(SyncAudit).where(SyncAudit.missing + SyncAudit.extra > 0)):
                yield f"the audit of {audit.at} found {audit.missing} missing, {audit.extra} too many"

    def differences_between_mailboxes(self) -> Iterator[str]:
        """A letter is one mail however many mailboxes hold it, and no mail is two letters."""
        pairs = {(self.post.letter_of(a, i), mail) for (a, i), (mail, *_) in self.end.copies.items()}
        if not len(pairs) == len({letter for letter, _ in pairs}) == len({mail for _, mail in pairs}):
            yield f"letters and mails do not match: {sorted(pairs)}"

    def differences_from(self, fresh: Outcome) -> Iterator[str]:
        """Conversations, people and links are those of an undisturbed sync of the same mailboxes.

        A sync that saw a letter before it was lost, hidden or made private may know more: conversations that the letter
        ties together, people whom it made contacts, links that it brought its conversation. Nothing else may differ.
        """
        live = {mail for mail, (_, copies, _, _) in self.end.mails.items() if copies}
        if live != set(fresh.mails):
            yield f"mails differ: {live ^ set(fresh.mails)}"
            return
        touched = self._touched_conversations()
        yield from self._partition_differences(fresh, live, touched)
        extra = self.end.contacts.keys() - fresh.contacts.keys()
        yield from (f"{key} is no contact" for key in fresh.contacts.keys() - self.end.contacts.keys())
        witnesses = {p for letter in self.post.letters if letter.name in touched for p in letter.people}
        yield from (f"{key} is a contact for no reason" for key in extra - {key_of(parseaddr(p)[1]) for p in witnesses})
        surplus = extra | {self.end.contacts[key] for key in extra}
        clean = {mail for mail in live if self._letters[mail] not in touched}
        mine, theirs = _links_of(self.end, clean, surplus), _links_of(fresh, clean, surplus)
        if extra:  # one of them may take part in a deal, or be the reason why another deal is in question
            mine, theirs = _without_deals(mine), _without_deals(theirs)
        yield from (f"linked for no reason: {self._told(link)}" for link in sorted(mine - theirs))
        yield from (f"not linked: {self._told(link)}" for link in sorted(theirs - mine))
        if not extra:
            for mail in clean:
                if self.end.receipts[mail] != fresh.receipts[mail]:
                    yield f"receipts of {self._letters[mail]}: {self.end.receipts[mail]}, {fresh.receipts[mail]}"

    def _partition_differences(self, fresh: Outcome, live: Collection[str], touched: Collection[str]) -> Iterator[str]:
        """Undisturbed conversations are kept whole, and joined only where letters that are gone tie them together."""
        mine, theirs = _restricted(self.end.conversations, live), fresh.conversations
        if not all(any(part <= whole for whole in mine) for part in theirs):
            yield f"a conversation fell apart: {self._named(mine - theirs)} from {self._named(theirs - mine)}"
        for whole in mine - theirs:
            if not any(self._letters[mail] in touched for mail in whole):
                yield f"conversations were joined: {self._named([whole])}"

    def _touched_conversations(self) -> set[str]:
        """Letters of the conversations in which a letter was lost, hidden or private at some time."""
        return {name for group in conversations(self.post.letters) if group & self.post.touched for name in group}

    @property
    def _letters(self) -> Mapping[str, str]:
        return {mail: self.post.letter_of(a, i) for (a, i), (mail, *_) in self.end.copies.items()}

    def _named(self, groups: Iterable[Collection[str]]) -> list[list[str]]:
        return [sorted(self._letters[mail] for mail in group) for group in groups]

    def _told(self, link: tuple[str, str, str]) -> str:
        return f"{self._letters[link[0]]} {self.end.mails[link[0]][0]}, {link[1]} {link[2]}"


def conversations(letters: Iterable[Letter]) -> Partition:
    """Groups of letters' names that References tie together, whoever holds a copy."""
    groups: dict[str, set[str]] = {}
    for letter in letters:
        joined = set(letter.keys).union(*(groups.get(key, set()) for key in letter.keys))
        groups.update(dict.fromkeys(joined, joined))
    return frozenset(frozenset(group) for group in groups.values())


def _restricted(partition: Partition, live: Collection[str]) -> Partition:
    kept = (frozenset(x for x in group if x in live) for group in partition)
    return frozenset(group for group in kept if group)


def _without_deals(links: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    return {link for link in links if link[1] != "deal"}


def _links_of(end: Outcome, mails: Collection[str], without: Collection[str]) -> set[tuple[str, str, str]]:
    return {link for link in end.links if link[0] in mails and link[2] not in without}
