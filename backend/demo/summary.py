"""What a demo has in its store, counted, and proved against Gmail's own list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from backend.accounts.tables import Mailbox
from backend.installation import Installation
from backend.linking.store import count_links
from backend.mail.tables import Conversation, Copy
from backend.records.shapes import RecordKind
from backend.records.store.reading import count_records
from backend.sync.audit import audit_mailbox


@dataclass(frozen=True, slots=True)
class Summary:
    """The line that `demo --once` prints.

    `messages` counts copies, so that messages, skipped and pending add up to what Gmail lists; `unexplained` are ids
    that Gmail lists and the store cannot account for.
    """

    messages: int
    threads: int
    contacts: int
    companies: int
    deals: int
    links: int
    skipped: dict[str, int]
    unexplained: int

    def as_json(self, seconds: float) -> dict[str, Any]:
        """The summary's keys in their fixed order."""
        return {name: getattr(self, name) for name in Summary.__slots__} | {"seconds": round(seconds, 2)}


def summarise(here: Installation) -> Summary:
    """Count one workspace, and audit each of its mailboxes."""
    with here.db.read() as session:
        mailboxes = [(m.id, m.workspace_id) for m in session.scalars(select(Mailbox))]
        workspace_id = mailboxes[0][1]
        records = count_records(session, workspace_id)
        messages = session.scalar(select(func.count()).select_from(Copy)) or 0
        threads = session.scalar(select(func.count()).select_from(Conversation)) or 0
        links = count_links(session, workspace_id)
    audits = [audit_mailbox(here.db, here.connect(mailbox_id), mailbox_id) for mailbox_id, _ in mailboxes]
    skipped: Counter[str] = Counter()
    for audit in audits:
        skipped.update(audit.skipped)
    return Summary(
        messages=messages,
        threads=threads,
        contacts=records[RecordKind.CONTACT],
        companies=records[RecordKind.COMPANY],
        deals=records[RecordKind.DEAL],
        links=links,
        skipped=dict(sorted(skipped.items())),
        unexplained=sum(len(a.missing) + a.pending for a in audits),
    )
