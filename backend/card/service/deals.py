"""Deals and tasks as facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from backend.card import facts
from backend.card.service.open_mail import OpenMail
from backend.card.service.receipts import receipt_of
from backend.card.service.visit import Visit
from backend.card.store.records import DealRow, TaskRow, deals_by_id, next_tasks
from backend.kit.errors import NotFoundError
from backend.records.shapes import RecordKind

Tasks = Mapping[int, TaskRow]
NO_TASKS: Tasks = {}


def find_deal(visit: Visit, deal_id: int, mail: OpenMail | None) -> facts.Deal:
    """One deal, with its next task, and why `mail` hangs on it. Raises `NotFoundError`."""
    rows = deals_by_id(visit.session, visit.workspace_id, [deal_id])
    if not rows:
        raise NotFoundError("That deal is not here; it may have been deleted or merged.")
    return deal_facts(visit, rows, mail, tasks_about(visit, [deal_id]))[0]


def deal_facts(
    visit: Visit, rows: Sequence[DealRow], mail: OpenMail | None, tasks: Tasks = NO_TASKS
) -> tuple[facts.Deal, ...]:
    """Deals in the order of `rows`, with the stages that they can be moved to."""
    return tuple(_deal(visit, row, mail, tasks.get(row.id)) for row in rows)


def _deal(visit: Visit, row: DealRow, mail: OpenMail | None, task: TaskRow | None) -> facts.Deal:
    link = mail.link_to(row.id) if mail else None
    return facts.Deal(
        id=str(row.id),
        name=row.name,
        stage_id=str(row.stage_id),
        stages=row.stages,
        amount_minor=row.amount_minor,
        currency=row.currency,
        closes_on=row.closes_on,
        url=visit.record_url(RecordKind.DEAL, row.id),
        company=company_fact(visit, row.company_id, row.company_name),
        owner=row.owner_name,
        next_task=task_fact(visit, task) if task else None,
        receipt=receipt_of(visit, mail, link) if mail and link else None,
        reference=row.reference,
    )


def company_fact(visit: Visit, company_id: int | None, name: str) -> facts.Company | None:
    """A company, where there is one."""
    return facts.Company(name, visit.record_url(RecordKind.COMPANY, company_id)) if company_id and name else None


def tasks_about(visit: Visit, record_ids: Collection[int]) -> Tasks:
    """The most pressing open task of each record that has one."""
    return next_tasks(visit.session, visit.workspace_id, record_ids)


def most_pressing(tasks: Tasks) -> TaskRow | None:
    """The task that is due first; those without a deadline come last."""
    return min(tasks.values(), key=lambda t: (t.due_at is None, t.due_at, t.id), default=None)


def task_fact(visit: Visit, task: TaskRow) -> facts.Task:
    """A task, due on the reader's own day."""
    return facts.Task(
        id=str(task.id),
        title=task.text,
        due_on=task.due_at.astimezone(visit.words.zone).date() if task.due_at else None,
        record=task.record_name,
        url=visit.record_url(task.record_kind, task.record_id),
    )
