"""Links, receipts, vetoes, questions and batches in the database, and what linking reads before it decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from backend.accounts.store import team_addresses
from backend.db import insert_ignoring, read_columns, table_of, upsert
from backend.linking import question_store as questions
from backend.linking.shapes import Decision, Outcome, Reason, Rule
from backend.linking.tables import Link, LinkBatch, Receipt, Veto
from backend.mail.addresses import key_of
from backend.mail.shapes import StoredMessage
from backend.mail.store import chunks
from backend.mail.tables import Message, MessageParticipant
from backend.privacy.store import threads


def own_keys(session: Session, workspace_id: int) -> frozenset[str]:
    """Every address key of the team: mailboxes, their aliases, users."""
    return frozenset(map(key_of, team_addresses(session, workspace_id)))


def vetoes_of(session: Session, workspace_id: int, values: Collection[str]) -> frozenset[tuple[int, str, str]]:
    """Vetoes whose value is one of `values`, as (record id, scope, value)."""
    found: set[tuple[int, str, str]] = set()
    for chunk in chunks(sorted(values)):
        where = (Veto.workspace_id == workspace_id, Veto.value.in_(chunk))
        found.update(
            (r, s, v) for r, s, v in session.execute(select(Veto.record_id, Veto.scope, Veto.value).where(*where))
        )
    return frozenset(found)


def has_vetoes(session: Session, workspace_id: int) -> bool:
    """Whether anybody in the team ever undid a link."""
    return read_columns(session, _any_veto(), {"workspace_id": workspace_id}).first() is not None


@cache  # asked for every batch of mail
def _any_veto() -> Select[int]:
    vetoes = table_of(Veto).c
    return select(vetoes.id).where(vetoes.workspace_id == bindparam("workspace_id")).limit(1)


def present_links(session: Session, message_ids: Sequence[int]) -> dict[int, dict[int, Any]]:
    """Link rows (also undone ones) by mail and record."""
    found: dict[int, dict[int, Any]] = defaultdict(dict)
    for chunk in chunks(message_ids):
        query = select(Link.id, Link.message_id, Link.record_id, Link.rule, Link.undone_at, Link.undone_by)
        for row in session.execute(query.where(Link.message_id.in_(chunk))):
            found[row.message_id][row.record_id] = row
    return found


def write_receipts(session: Session, workspace_id: int, decisions: Iterable[Decision], now: datetime) -> None:
    """Write or rewrite each mail's receipt."""
    rows = [
        {
            "message_id": d.message.id,
            "workspace_id": workspace_id,
            "outcome": d.outcome.value,
            "reason": d.reason.value,
            "rejected": [
                {"record_id": r.record_id, "rule": r.rule.value, "why": r.why, "evidence": dict(r.evidence)}
                for r in d.rejected
            ],
            "sent_at": d.message.sent_at,
            "decided_at": now,
        }
        for d in decisions
    ]
    change = ("outcome", "reason", "rejected", "decided_at")
    upsert(session, Receipt, rows, key=("message_id",), change=change)


def insert_links(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert links; those that are there stay as they are."""
    insert_ignoring(session, Link, rows)


def bring_back(session: Session, link_ids: Sequence[int], values: Mapping[int, Mapping[str, Any]]) -> None:
    """Let undone links hold again, with the rule and evidence that now speak for them."""
    for link_id in link_ids:
        session.execute(update(Link).where(Link.id == link_id).values(undone_at=None, undone_by="", **values[link_id]))


def confirm_by_hand(session: Session, link_ids: Collection[int], evidence: Mapping[str, Any]) -> None:
    """Let links of rules count as made by hand; their evidence keeps `by_rule` and what that rule saw."""
    for link in _links(session, link_ids):
        if link.rule != Rule.HAND:
            link.evidence = {**evidence, "by_rule": link.rule, "saw": link.evidence}
            link.rule = Rule.HAND.value


def leave_confirmed(session: Session, link_ids: Collection[int]) -> None:
    """Take `confirm_by_hand` back: these are a rule's links again."""
    for link in _links(session, link_ids):
        if link.rule == Rule.HAND and "by_rule" in link.evidence:
            link.rule, link.evidence = link.evidence["by_rule"], link.evidence["saw"]


def _links(session: Session, link_ids: Collection[int]) -> Iterator[Link]:
    for chunk in chunks(sorted(link_ids)):
        yield from session.scalars(
            select(Link).where(Link.id.in_(chunk)), execution_options={"populate_existing": True}
        )


def removed_by(session: Session, link_ids: Collection[int], by: str) -> list[int]:
    """Those links that this took back and nobody else since."""
    found: list[int] = []
    for chunk in chunks(sorted(link_ids)):
        found += session.scalars(select(Link.id).where(Link.id.in_(chunk), Link.undone_by == by))
    return found


def mails_of_links(session: Session, link_ids: Collection[int]) -> list[int]:
    """The mails of these links, each once."""
    found: set[int] = set()
    for chunk in chunks(sorted(link_ids)):
        found.update(session.scalars(select(Link.message_id).where(Link.id.in_(chunk))))
    return sorted(found)


def take_back(session: Session, link_ids: Collection[int], by: str, now: datetime) -> None:
    """Undo links; their rows stay."""
    for chunk in chunks(sorted(link_ids)):
        session.execute(update(Link).where(Link.id.in_(chunk)).values(undone_at=now, undone_by=by))


def linked_in_scope(session: Session, record_id: int, scope: Select[*tuple[Any, ...]]) -> list[int]:
    """Ids of the mails that `scope` selects and that are linked to the record now."""
    where = (Link.record_id == record_id, Link.undone_at.is_(None), Link.message_id.in_(scope))
    return list(session.scalars(select(Link.message_id).where(*where)))


def mails_in(session: Session, scope: Select[*tuple[Any, ...]]) -> list[int]:
    """Ids of the mails that `scope` selects."""
    return sorted(set(session.scalars(scope)))


def find_veto(session: Session, workspace_id: int, record_id: int, scope: str, value: str) -> Veto | None:
    """The veto on exactly this."""
    where = (Veto.workspace_id == workspace_id, Veto.record_id == record_id, Veto.scope == scope, Veto.value == value)
    return session.scalar(select(Veto).where(*where))


def remove_vetoes(session: Session, workspace_id: int, record_id: int, scopes: Collection[tuple[str, str]]) -> None:
    """Remove a record's vetoes of these (scope, value) pairs: somebody changed their mind."""
    for scope, value in scopes:
        veto = find_veto(session, workspace_id, record_id, scope, value)
        if veto is not None:
            session.delete(veto)
    session.flush()


def forget_hand_links(session: Session, message_ids: Collection[int], record_id: int, by: str, now: datetime) -> None:
    """Take back links that a person made by hand: rules leave those alone."""
    where = (Link.record_id == record_id, Link.rule == Rule.HAND, Link.undone_at.is_(None))
    for chunk in chunks(sorted(message_ids)):
        session.execute(update(Link).where(*where, Link.message_id.in_(chunk)).values(undone_at=now, undone_by=by))


def put_hand_link(
    session: Session,
    workspace_id: int,
    message: StoredMessage,
    record_id: int,
    evidence: Mapping[str, Any],
    now: datetime,
) -> None:
    """Link a mail by hand, whatever became of that link before."""
    row = {
        "workspace_id": workspace_id,
        "message_id": message.id,
        "record_id": record_id,
        "sent_at": message.sent_at,
        "rule": Rule.HAND.value,
        "evidence": dict(evidence),
        "created_at": now,
        "undone_at": None,
        "undone_by": "",
    }
    change = ("rule", "evidence", "undone_at", "undone_by")
    upsert(session, Link, [row], key=("message_id", "record_id"), change=change)


def scope_of(workspace_id: int, scope: str, value: str) -> Select[*tuple[Any, ...]]:
    """The mails that a veto of this scope and value is about."""
    if scope == "mail":
        return select(Message.id).where(Message.workspace_id == workspace_id, Message.id == int(value))
    if scope == "thread":
        return select(Message.id).where(Message.workspace_id == workspace_id, Message.conversation_id == int(value))
    column = MessageParticipant.address_key if scope == "address" else MessageParticipant.domain
    return select(MessageParticipant.message_id).where(MessageParticipant.workspace_id == workspace_id, column == value)


def follow_joins(session: Session, workspace_id: int, joined: Mapping[int, int]) -> None:
    """Let questions, vetoes and privacy follow conversations that were joined, lost id → kept id."""
    for lost, kept in joined.items():
        questions.join(session, workspace_id, lost, kept)
        where = (Veto.workspace_id == workspace_id, Veto.scope == "thread", Veto.value == str(lost))
        for veto in session.scalars(select(Veto).where(*where)):
            if find_veto(session, workspace_id, veto.record_id, "thread", str(kept)) is None:
                veto.value = str(kept)
        session.flush()
    if joined:
        threads.follow_joins(session, joined)


def find_batch(session: Session, workspace_id: int, batch_id: int) -> LinkBatch | None:
    """A relinking of the workspace."""
    return session.scalar(select(LinkBatch).where(LinkBatch.workspace_id == workspace_id, LinkBatch.id == batch_id))


def find_message_id(session: Session, workspace_id: int, message_id: int) -> int | None:
    """The id, where the workspace has such a mail."""
    return session.scalar(select(Message.id).where(Message.workspace_id == workspace_id, Message.id == message_id))


def count_outcomes(session: Session, workspace_id: int) -> dict[Outcome, int]:
    """Mails by what became of them."""
    query = select(Receipt.outcome, func.count()).where(Receipt.workspace_id == workspace_id).group_by(Receipt.outcome)
    return {Outcome(o): n for o, n in session.execute(query)}


def count_links(session: Session, workspace_id: int) -> int:
    """Present links of the workspace."""
    where = (Link.workspace_id == workspace_id, Link.undone_at.is_(None))
    return session.scalar(select(func.count()).select_from(Link).where(*where)) or 0


def count_unlinked(session: Session, workspace_id: int, reasons: Collection[Reason]) -> int:
    """Mails that are not linked for one of these reasons."""
    where = (
        Receipt.workspace_id == workspace_id,
        Receipt.outcome == Outcome.UNLINKED,
        Receipt.reason.in_([r.value for r in reasons]),
    )
    return session.scalar(select(func.count()).select_from(Receipt).where(*where)) or 0


def unreceipted(session: Session, workspace_id: int, limit: int) -> list[int]:
    """Mails that were never decided: none, unless a worker died in between."""
    decided = exists().where(Receipt.message_id == Message.id)
    query = select(Message.id).where(or_(Message.workspace_id == workspace_id), ~decided).limit(limit)
    return list(session.scalars(query))
