"""What comes in, for a mailbox and for the team: shown with its effect before it is saved, and undone as one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import redirect, render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Role
from backend.accounts.store import get_mailbox
from backend.kit.errors import UserError
from backend.privacy.service.policies import choose_policy, require_say, undo_change
from backend.privacy.shapes import ImportPolicy, PolicyKind
from backend.privacy.store.exclusions import exclusions_of
from backend.privacy.store.policies import find_policy, last_change, policy_of
from backend.privacy.tables import PolicyChange
from backend.sync.effects import Effect
from backend.sync.intake_sources import effect_of_policy, resting, settle_soon
from backend.sync.ledger.words import reason_words
from backend.sync.pages.forms import MONTHS, PolicyForm, filled, form_of, policy_in
from backend.sync.pages.room import HERE, blueprint, told, waiting_words
from backend.web.house import house
from backend.web.toasts import toast


@dataclass(frozen=True, slots=True)
class Sheet:
    """One policy on a page: whose, its fields, the effect of what stands in them, and the change that can be undone."""

    kind: PolicyKind
    mailbox_id: int | None
    form: PolicyForm
    effect: Effect | None = None
    problem: str = ""
    change: PolicyChange | None = None


@blueprint.get(f"{HERE}/mailboxes/<int:mailbox_id>")
@needs()
def mailbox_rules(mailbox_id: int) -> str:
    """What comes in from a mailbox."""
    with house().db.read() as session:
        return _mailbox_page(session, _sheet(session, PolicyKind.MAILBOX, mailbox_id))


@blueprint.post(f"{HERE}/mailboxes/<int:mailbox_id>")
@needs()
def choose_for_mailbox(mailbox_id: int) -> str | Response | tuple[str, int]:
    """Show the effect of what stands in the fields, or save it."""
    return _choose(PolicyKind.MAILBOX, mailbox_id)


@blueprint.get(f"{HERE}/team")
@needs(Role.ADMIN)
def team_rules() -> str:
    """What comes in unless a mailbox chooses, and the most that any may choose."""
    with house().db.read() as session:
        return _team_page(session)


@blueprint.post(f"{HERE}/team/<any(default, bounds):kind>")
@needs(Role.ADMIN)
def choose_for_team(kind: str) -> str | Response | tuple[str, int]:
    """Show the effect of what stands in the fields, or save it."""
    return _choose(PolicyKind(kind), None)


@blueprint.post(f"{HERE}/changes/<int:change_id>/undo")
@needs()
def undo_choice(change_id: int) -> Response:
    """Let what held before hold again; what went is fetched again from Gmail."""
    with house().db.write() as session:
        change = undo_change(session, house().clock, current_actor(), change_id)
        waiting = settle_soon(session, change.mailbox_id)
    toast(told(gettext("As it was before; what had gone is fetched again from Gmail."), waiting))
    return redirect(_page_of(change.mailbox_id))


def _choose(kind: PolicyKind, mailbox_id: int | None) -> str | Response | tuple[str, int]:
    form = filled(request.form)
    try:
        policy = policy_in(form, kind, house().clock.now())
        if request.form.get("do") == "save":
            return _save(kind, mailbox_id, policy)
    except UserError as error:
        with house().db.read() as session:
            return _show(session, Sheet(kind, mailbox_id, form, problem=str(error))), 400
    with house().db.read() as session:
        require_say(session, current_actor(), kind, mailbox_id)
    effect = effect_of_policy(kind, mailbox_id, policy)
    with house().db.read() as session:
        return _show(session, Sheet(kind, mailbox_id, form, effect))


def _save(kind: PolicyKind, mailbox_id: int | None, policy: ImportPolicy | None) -> Response:
    with house().db.write() as session:
        change = choose_policy(session, house().clock, current_actor(), kind, mailbox_id, policy)
        waiting = settle_soon(session, mailbox_id)
    text = told(gettext("Saved; stored mail follows within a minute."), waiting)
    toast(text, undo=f"{HERE}/changes/{change.id}/undo")
    return redirect(_page_of(mailbox_id))


def _sheet(session: Session, kind: PolicyKind, mailbox_id: int | None) -> Sheet:
    require_say(session, current_actor(), kind, mailbox_id)
    workspace_id = current_actor().workspace_id
    row = find_policy(session, workspace_id, kind, mailbox_id)
    fallback = find_policy(session, workspace_id, PolicyKind.DEFAULT) if kind is PolicyKind.MAILBOX else None
    return Sheet(kind, mailbox_id, form_of(None if row is None else policy_of(row), policy_of(fallback)))


def _show(session: Session, sheet: Sheet) -> str:
    return _mailbox_page(session, sheet) if sheet.kind is PolicyKind.MAILBOX else _team_page(session, sheet)


def _mailbox_page(session: Session, sheet: Sheet) -> str:
    assert sheet.mailbox_id is not None, "a mailbox's sheet names it"
    require_say(session, current_actor(), sheet.kind, sheet.mailbox_id)
    workspace_id = current_actor().workspace_id
    return _rendered(
        session,
        [sheet],
        mailbox=get_mailbox(session, workspace_id, sheet.mailbox_id),
        exclusions=exclusions_of(session, workspace_id, [sheet.mailbox_id]),
        bounds=find_policy(session, workspace_id, PolicyKind.BOUNDS),
        waiting=resting(session, sheet.mailbox_id),
    )


def _team_page(session: Session, sheet: Sheet | None = None) -> str:
    kinds = (PolicyKind.DEFAULT, PolicyKind.BOUNDS)
    sheets = [sheet if sheet and sheet.kind is kind else _sheet(session, kind, None) for kind in kinds]
    team = exclusions_of(session, current_actor().workspace_id, None)
    return _rendered(session, sheets, mailbox=None, exclusions=team, bounds=None, waiting=resting(session, None))


def _rendered(session: Session, sheets: Sequence[Sheet], **shown: object) -> str:
    sheets = [replace(sheet, change=_undoable(session, sheet)) for sheet in sheets]
    return render_template(
        "sync/rules.html", sheets=sheets, months=MONTHS, why=_why, waiting_words=waiting_words, here=HERE, **shown
    )


def _undoable(session: Session, sheet: Sheet) -> PolicyChange | None:
    change = last_change(session, current_actor().workspace_id, sheet.kind, sheet.mailbox_id)
    return None if change is None or change.undone_at is not None else change


def _why(reason: str) -> str:
    return reason_words(reason, gettext)


def _page_of(mailbox_id: int | None) -> str:
    return f"{HERE}/team" if mailbox_id is None else f"{HERE}/mailboxes/{mailbox_id}"
