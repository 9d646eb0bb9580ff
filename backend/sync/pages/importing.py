"""The start of an import: how many mails it brings and how long that takes, before a single one is fetched."""

from __future__ import annotations

from flask import redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.mailboxes import resume_mailbox
from backend.accounts.store import get_mailbox
from backend.gmail.errors import GmailError
from backend.privacy.shapes import ImportRules
from backend.privacy.store.policies import rules_for
from backend.sync.bucket_store import count_importing
from backend.sync.desk import quota
from backend.sync.estimate import Estimate, estimate_import
from backend.sync.pages.room import HERE, blueprint
from backend.sync.undoing import ask_to_undo
from backend.web.house import house
from backend.web.toasts import toast


@blueprint.get(f"{HERE}/mailboxes/<int:mailbox_id>/import")
@needs()
def before_import(mailbox_id: int) -> str:
    """Say what the import of a mailbox of mine would bring."""
    actor = current_actor()
    with house().db.read() as session:
        mailbox = get_mailbox(session, actor.workspace_id, mailbox_id, user_id=actor.user_id)
        rules = rules_for(session, mailbox)
        units = quota().for_import(count_importing(session, beside=mailbox_id) + 1)
    return render_template(
        "sync/import.html", mailbox=mailbox, rules=rules, estimate=_estimate(mailbox_id, rules, units), here=HERE
    )


@blueprint.post(f"{HERE}/mailboxes/<int:mailbox_id>/import")
@needs()
def start_import(mailbox_id: int) -> Response:
    """Begin, or go on."""
    actor = current_actor()
    with house().db.write() as session:
        mailbox = get_mailbox(session, actor.workspace_id, mailbox_id, user_id=actor.user_id)
        resume_mailbox(session, house().clock, mailbox, by=actor)
    toast(gettext("The import runs; you can pause it at any time."))
    return redirect("/settings/mailboxes")


@blueprint.post(f"{HERE}/mailboxes/<int:mailbox_id>/undo-import")
@needs()
def undo_import(mailbox_id: int) -> Response:
    """Take out again what this mailbox of mine alone brought."""
    actor = current_actor()
    with house().db.write() as session:
        mailbox = get_mailbox(session, actor.workspace_id, mailbox_id, user_id=actor.user_id)
        ask_to_undo(session, house().clock, mailbox, actor)
    toast(gettext("Its mail is taken out again, which may take some minutes; in Gmail nothing changes."))
    return redirect(HERE)


def _estimate(mailbox_id: int, rules: ImportRules, units_per_minute: int) -> Estimate | None:
    """What Gmail says; None where it does not answer."""
    try:
        return estimate_import(house().connect(mailbox_id), rules, units_per_minute)
    except GmailError:
        return None
