"""Settings → Mailboxes: how each one stands and why, its books by day, and what a person can do about it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response

from backend.accounts.desk import desk
from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Sharing
from backend.accounts.store import get_mailbox
from backend.sync.desk import quota
from backend.sync.ledger import rules, service, store, words
from backend.sync.ledger.shapes import Light
from backend.web.house import house
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast

DAYS = 30
UNREAD_SHOWN = 50
AUDITS_SHOWN = 7
TONES = {Light.GREEN: "good", Light.AMBER: "warn", Light.RED: "bad", Light.OFF: "quiet"}

blueprint = Blueprint("mailboxes", __name__, url_prefix="/settings/mailboxes", template_folder="templates")
open_way(
    blueprint,
    Way(
        "mailboxes",
        lazy_gettext("Mailboxes"),
        "mail",
        "mailboxes.show",
        10,
        Place.MENU,
        hint=lazy_gettext("Connect Gmail, and see whether every mail is here."),
    ),
    Way("light", lazy_gettext("Sync"), "mail", "mailboxes.light", 10, Place.STATUS),
)


@blueprint.app_context_processor
def speak_of_mailboxes() -> dict[str, Any]:
    """Let templates say verdicts and reasons."""
    return {
        "said": lambda verdict: words.say(verdict, gettext, ngettext),
        "light_tone": lambda light: TONES[light],
        "reason_words": lambda reason: words.reason_words(reason, gettext),
        "kind_words": lambda kind: words.kind_words(kind, gettext),
    }


@blueprint.get("")
@needs()
def show() -> str:
    """One's own mailboxes, for managers and admins all of the team's; `address` is the one that somebody connects."""
    with house().db.read() as session:
        found = service.visible_to(session, house().clock.now(), current_actor(), quota())
    return render_template(
        "ledger/mailboxes.html",
        mailboxes=found,
        actor=current_actor(),
        wanted=request.args.get("address", ""),
        has_google=desk().google is not None,
    )


@blueprint.get("/light")
@needs()
def light() -> str:
    """The light in the top bar: the worst of what concerns the visitor."""
    with house().db.read() as session:
        found = service.concerning(session, house().clock.now(), current_actor())
    worst = rules.worst(box.verdict for box in found)
    concerned = next((box for box in found if box.verdict is worst), None)
    return render_template("ledger/light.html", box=concerned, number=len(found))


@blueprint.get("/<int:mailbox_id>")
@needs()
def one(mailbox_id: int) -> str:
    """A mailbox's figures, its books by day, what was skipped and why, and the mails that a person can help."""
    actor = current_actor()
    with house().db.read() as session:
        box = service.get(session, house().clock.now(), actor, mailbox_id, quota())
        may_act = service.may_act(actor, box)
        return render_template(
            "ledger/mailbox.html",
            box=box,
            may_act=may_act,
            is_own=box.standing.user_id == actor.user_id,
            days=store.days(session, mailbox_id, limit=DAYS),
            audits=store.audits(session, mailbox_id, AUDITS_SHOWN),
            unread=store.unread(session, mailbox_id, UNREAD_SHOWN) if may_act else (),
            sharing=get_mailbox(session, actor.workspace_id, mailbox_id).sharing,
            levels=list(Sharing),
            has_google=desk().google is not None,
        )


@blueprint.post("/<int:mailbox_id>/audit")
@needs()
def check_now(mailbox_id: int) -> Response:
    """Have the mailbox held against Gmail's list by the next drain."""
    with house().db.write() as session:
        service.ask_for_audit(session, house().clock, current_actor(), mailbox_id)
    toast(gettext("It is being compared with Gmail's list; the result stands here in a minute."))
    return _back(mailbox_id)


@blueprint.post("/<int:mailbox_id>/retry")
@needs()
def retry(mailbox_id: int) -> Response:
    """Try mails again that could not be fetched or read: one, or all."""
    with house().db.write() as session:
        number = service.retry(session, house().clock, current_actor(), mailbox_id, request.form.get("mail", ""))
    toast(
        ngettext(
            "%(num)s mail is tried again within a minute.", "%(num)s mails are tried again within a minute.", number
        )
    )
    return _back(mailbox_id)


@blueprint.post("/<int:mailbox_id>/leave-out")
@needs()
def leave_out(mailbox_id: int) -> Response:
    """Give a mail up that could not be read; the ledger says so."""
    with house().db.write() as session:
        service.leave_out(session, house().clock, current_actor(), mailbox_id, request.form.get("mail", ""))
    toast(gettext("Left out; the ledger says so."))
    return _back(mailbox_id)


def _back(mailbox_id: int) -> Response:
    return redirect(url_for("mailboxes.one", mailbox_id=mailbox_id))
