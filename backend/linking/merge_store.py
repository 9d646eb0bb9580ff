"""What hangs on a record and changes hands in a merge, row by row, and the way back.

Rows are named by natural keys (an address, an activity's id), since their own ids may be new by the time of the undo.
Where both records had the like (both took part in one deal), the lost record keeps its row: nobody sees it, and the way
back finds it where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, func, select, true, update
from sqlalchemy.orm import Session

from backend.activities.tables import ActivityRecord
from backend.linking.shapes import Rule
from backend.linking.tables import Link, Veto
from backend.mail.store import chunks
from backend.records.tables import (
    Company,
    CompanyDomain,
    Contact,
    ContactAddress,
    Deal,
    DealPerson,
    Record,
    RecordMerge,
)

Moved = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tie:
    """Rows of `table` that hang on the record in column `owner`; `key` names each, among those that are `only`."""

    table: Table
    owner: str
    key: ColumnElement[Any]
    only: ColumnElement[bool]

    def keys(self, session: Session, record_id: int) -> list[Any]:
        """The keys of a record's rows."""
        query = select(self.key).where(self.table.c[self.owner] == record_id, self.only)
        return list(session.scalars(query.order_by(self.key)))

    def hand_over(self, session: Session, from_id: int, to_id: int, keys: Sequence[Any]) -> None:
        """Let those rows of one record that are among `keys` be another's; a row whose like the other has, stays."""
        likes = set(self.keys(session, to_id))
        for chunk in chunks([key for key in keys if key not in likes]):
            where = (self.table.c[self.owner] == from_id, self.only, self.key.in_(chunk))
            session.execute(update(self.table).where(*where).values({self.owner: to_id}))


def _tie(model: type[Any], owner: str, key: ColumnElement[Any], only: ColumnElement[bool] | None = None) -> Tie:
    return Tie(cast("Table", model.__table__), owner, key, true() if only is None else only)


_CONTACT, _DEAL, _LINK = Contact.__table__.c, Deal.__table__.c, Link.__table__.c
_IS_HAND = (_LINK.rule == Rule.HAND.value) & _LINK.undone_at.is_(None)
_OF_ANY = {
    "activities": _tie(ActivityRecord, "record_id", ActivityRecord.__table__.c.activity_id),
    "hand_links": _tie(Link, "record_id", _LINK.message_id, _IS_HAND),
    "vetoes": _tie(Veto, "record_id", Veto.__table__.c.scope + ":" + Veto.__table__.c.value),
}
_TIES: dict[type[Record], dict[str, Tie]] = {
    Contact: _OF_ANY
    | {
        "addresses": _tie(ContactAddress, "contact_id", ContactAddress.__table__.c.address_key),
        "deals": _tie(DealPerson, "contact_id", DealPerson.__table__.c.deal_id),
    },
    Company: _OF_ANY
    | {
        "domains": _tie(CompanyDomain, "company_id", CompanyDomain.__table__.c.domain),
        "people": _tie(Contact, "company_id", _CONTACT.id),
        "deals": _tie(Deal, "company_id", _DEAL.id),
    },
}
MERGEABLE = tuple(_TIES)


def take_over(session: Session, kept: Record, lost: Record) -> Moved:
    """Move what hangs on the lost record to the kept one; returns what moved, as JSON."""
    primary = primary_addresses(session, kept.id), primary_addresses(session, lost.id)
    confirmed = _confirm_by_hand(session, kept.id, lost.id)
    moved: dict[str, Any] = {"primary": primary[1], "confirmed": confirmed, "mails": count_mails(session, lost.id)}
    for name, tie in _TIES[type(kept)].items():
        likes = set(tie.keys(session, kept.id))
        moved[name] = [key for key in tie.keys(session, lost.id) if key not in likes]
        tie.hand_over(session, lost.id, kept.id, moved[name])
    if primary[0]:
        _set_primary(session, kept.id, primary[0])
    return moved


def give_back(session: Session, kept: Record, lost: Record, moved: Moved) -> None:
    """Move back what moved, as far as the kept record still has it; what somebody gave away since stays there."""
    for name, tie in _TIES[type(kept)].items():
        tie.hand_over(session, kept.id, lost.id, moved[name])
    _set_primary(session, lost.id, moved["primary"])
    if not primary_addresses(session, kept.id):
        _set_primary(session, kept.id, _first_address(session, kept.id))
    for was in moved["confirmed"]:
        undone_at = datetime.fromisoformat(was["undone_at"]) if was["undone_at"] else None
        session.execute(update(Link).where(Link.id == was["id"]).values({**was, "undone_at": undone_at}))


def count_mails(session: Session, record_id: int) -> int:
    """How many mails are linked to a record."""
    where = (Link.record_id == record_id, Link.undone_at.is_(None))
    return session.scalar(select(func.count()).select_from(Link).where(*where)) or 0


def mails_linked_since(session: Session, record_id: int, since: datetime) -> list[int]:
    """Mails whose link to a record was made since then and holds."""
    where = (Link.record_id == record_id, Link.undone_at.is_(None), Link.created_at >= since)
    return list(session.scalars(select(Link.message_id).where(*where)))


def primary_addresses(session: Session, contact_id: int) -> list[str]:
    """The key of the address to which one writes, in a list; none where there is no address."""
    where = (ContactAddress.contact_id == contact_id, ContactAddress.is_primary)
    return list(session.scalars(select(ContactAddress.address_key).where(*where)))


def leave_to_rules(session: Session, link_ids: Collection[int], undone_by: str) -> None:
    """Let rules decide again about links that an undo took back: nobody said that they were wrong."""
    for chunk in chunks(sorted(link_ids)):
        where = (Link.id.in_(chunk), Link.undone_at.is_not(None), Link.undone_by == undone_by)
        session.execute(update(Link).where(*where).values(undone_by="rule"))


def find_merge(session: Session, workspace_id: int, merge_id: int) -> RecordMerge | None:
    """A merge of the workspace."""
    where = (RecordMerge.workspace_id == workspace_id, RecordMerge.id == merge_id)
    return session.scalar(select(RecordMerge).where(*where).with_for_update())


def _first_address(session: Session, contact_id: int) -> list[str]:
    query = select(ContactAddress.address_key).where(ContactAddress.contact_id == contact_id)
    return list(session.scalars(query.order_by(ContactAddress.id).limit(1)))


def _set_primary(session: Session, contact_id: int, keys: Sequence[str]) -> None:
    """Let this address, and no other, be where one writes to."""
    is_primary = ContactAddress.address_key.in_(keys)
    session.execute(update(ContactAddress).where(ContactAddress.contact_id == contact_id).values(is_primary=is_primary))


def _confirm_by_hand(session: Session, kept_id: int, lost_id: int) -> list[dict[str, Any]]:
    """Let links of the kept record count as made by hand where the lost one's were; returns what they were before."""
    by_hand = select(_LINK.message_id).where(_LINK.record_id == lost_id, _IS_HAND)
    query = select(Link.id, Link.rule, Link.undone_at, Link.undone_by).where(
        Link.record_id == kept_id, ~_IS_HAND, Link.message_id.in_(by_hand)
    )
    before = [dict(row._mapping) for row in session.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it
    ids = [row["id"] for row in before]
    values = {"rule": Rule.HAND.value, "undone_at": None, "undone_by": ""}
    session.execute(update(Link).where(Link.id.in_(ids)).values(values))
    return [{**row, "undone_at": row["undone_at"] and row["undone_at"].isoformat()} for row in before]
