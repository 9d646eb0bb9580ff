"""What a store holds, in words that do not depend on ids: so that two syncs of one mailbox can be held side by side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox
from backend.db import Database
from backend.linking.tables import Link, Receipt
from backend.mail.tables import MESSAGE_SEARCH, Copy, Message
from backend.records.tables import Company, Contact, ContactAddress, Record
from backend.sync.tables import SyncItem

Mails = frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """Mails go by their fingerprint, copies by mailbox and Gmail id, people by address.

    `mails`: subject, live copies, kind, whether the team's own; `copies`: mail and labels; `items`: what is pending or
    skipped; `contacts`: the company's name; `links`: (mail, kind and name of the record); `receipts`: outcome and
    reason; `found`: the mails that a search for their common word finds.
    """

    mails: dict[str, tuple[str, int, str, bool]]
    copies: dict[tuple[str, str], tuple[str, tuple[str, ...], bool, bool]]
    items: dict[tuple[str, str], str]
    conversations: frozenset[Mails]
    contacts: dict[str, str]
    links: frozenset[tuple[str, str, str]]
    receipts: dict[str, tuple[str, str]]
    found: Mails

    def differences(self, other: Outcome) -> list[str]:
        """Name what differs, a line each."""
        lines = []
        for field in fields(self):
            mine, theirs = _as_set(getattr(self, field.name)), _as_set(getattr(other, field.name))
            lines += [f"{field.name}: only here {x}" for x in sorted(map(str, mine - theirs))]
            lines += [f"{field.name}: only there {x}" for x in sorted(map(str, theirs - mine))]
        return lines


def _as_set(value: object) -> set[object]:
    if isinstance(value, dict):
        return set(value.items())
    assert isinstance(value, frozenset)
    return set(value)


def outcome(db: Database, *, search: str = "hello") -> Outcome:
    """Read the whole store; `search` is a word that every mail of the test holds."""
    with db.read() as session:
        prints = {row.id: row.fingerprint for row in session.execute(select(Message.id, Message.fingerprint))}
        mailboxes = {row.id: row.address for row in session.execute(select(Mailbox.id, Mailbox.address))}
        matching = MESSAGE_SEARCH.matching(session, search)
        assert matching is not None
        return Outcome(
            mails={
                m.fingerprint: (m.subject, m.live_copies, m.kind, m.is_ours) for m in session.scalars(select(Message))
            },
            copies={
                (mailboxes[c.mailbox_id], c.gmail_id): (prints[c.message_id], tuple(c.labels), c.is_live, c.is_private)
                for c in session.scalars(select(Copy))
            },
            items={
                (mailboxes[i.mailbox_id], i.gmail_id): f"{i.state} {i.reason}"
                for i in session.scalars(select(SyncItem))
            },
            conversations=_conversations(session),
            contacts=_contacts(session),
            links=_links(session, prints),
            receipts={prints[r.message_id]: (r.outcome, r.reason) for r in session.scalars(select(Receipt))},
            found=frozenset(prints[i] for i in session.scalars(matching)),
        )


def _conversations(session: Session) -> frozenset[Mails]:
    groups: dict[int, set[str]] = defaultdict(set)
    for row in session.execute(select(Message.conversation_id, Message.fingerprint)):
        groups[row.conversation_id].add(row.fingerprint)
    return frozenset(map(frozenset, groups.values()))


def _contacts(session: Session) -> dict[str, str]:
    companies = {c.id: c.name for c in session.scalars(select(Company))}
    query = select(ContactAddress.address_key, Contact.company_id).join(
        Contact, Contact.id == ContactAddress.contact_id
    )
    return {row.address_key: companies.get(row.company_id, "") for row in session.execute(query)}


def _links(session: Session, prints: dict[int, str]) -> frozenset[tuple[str, str, str]]:
    """A contact goes by its first address, because its name may be written in several ways."""
    names = {row.id: row.name for row in session.execute(select(Record.id, Record.name))}
    by_id = select(ContactAddress.contact_id, ContactAddress.address_key).order_by(ContactAddress.id.desc())
    names |= {row.contact_id: row.address_key for row in session.execute(by_id)}
    query = select(Link.message_id, Record.kind, Link.record_id).join(Record, Record.id == Link.record_id)
    rows = session.execute(query.where(Link.undone_at.is_(None)))
    return frozenset((prints[row.message_id], row.kind, names[row.record_id]) for row in rows)
