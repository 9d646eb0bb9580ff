"""What a person does with a mailbox: connect, pause, share, disconnect. `sync.ledger` shows how it stands."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts import store
from backend.accounts.desk import desk, give_back
from backend.accounts.guards import current_actor, needs
from backend.accounts.mailboxes import (
    connect_mailbox,
    disconnect_mailbox,
    pause_mailbox,
    resume_mailbox,
    share_mailbox,
)
from backend.accounts.pages.round_trip import Arrival, leave_for_google
from backend.accounts.shapes import GrantKind, Role, Sharing
from backend.accounts.tables import Mailbox
from backend.gmail.oauth import GMAIL_SCOPE, MAILBOX_SCOPES, UserGrant
from backend.kit.errors import UserError
from backend.web.back import way_back
from backend.web.house import house
from backend.web.toasts import toast

CONNECT = "connect"
PAGE = "/settings/mailboxes"

blueprint = Blueprint("own_mailboxes", __name__, url_prefix=PAGE, template_folder="../templates")


@blueprint.get("/connect")
@needs()
def start() -> Response:
    """Go to Google to grant access to a mailbox; back to `sign_in.finish_google`."""
    hint = request.args.get("address", current_actor().email)
    return leave_for_google(CONNECT, MAILBOX_SCOPES, offline=True, next_path=PAGE, hint=hint)


def connect(arrival: Arrival) -> Response:
    """Store the grant that somebody came back with."""
    if GMAIL_SCOPE not in arrival.tokens.scopes or not arrival.tokens.refresh_token:
        raise UserError(gettext("Access to Gmail was not granted; connect again and leave its box ticked."))
    actor, address = current_actor(), arrival.identity.email
    with house().db.write() as session:
        is_new = store.find_mailbox(session, actor.workspace_id, desk().address_key(address)) is None
        mailbox = connect_mailbox(
            session,
            house().clock,
            desk().vault,
            store.get_user(session, actor.workspace_id, actor.user_id),
            address=address,
            address_key=desk().address_key(address),
            kind=GrantKind.OAUTH,
            secret=UserGrant(arrival.tokens.refresh_token).to_json(),
            by=actor,
        )
        if is_new:
            why = gettext("Its import waits for you to start it.")
            pause_mailbox(session, house().clock, mailbox, by=actor, why=why)
    if is_new:
        toast(gettext("%(address)s is connected; nothing was read yet.", address=address))
        return redirect(f"/settings/privacy/mailboxes/{mailbox.id}/import")
    toast(gettext("%(address)s is connected; its mail is being read.", address=address))
    return redirect(PAGE)


@blueprint.post("/<int:mailbox_id>/pause")
@needs()
def pause(mailbox_id: int) -> Response:
    """Stop reading and sending for now."""
    with house().db.write() as session:
        pause_mailbox(session, house().clock, _to_act_on(session, mailbox_id), by=current_actor())
    return redirect(way_back())


@blueprint.post("/<int:mailbox_id>/resume")
@needs()
def resume(mailbox_id: int) -> Response:
    """Go on reading and sending."""
    with house().db.write() as session:
        resume_mailbox(session, house().clock, _to_act_on(session, mailbox_id), by=current_actor())
    return redirect(way_back())


@blueprint.post("/<int:mailbox_id>/sharing")
@needs()
def share(mailbox_id: int) -> Response:
    """Choose what colleagues see."""
    wanted = request.form.get("sharing", "")
    if wanted not in set(Sharing):
        raise UserError(gettext("Choose one of the levels."))
    with house().db.write() as session:
        share_mailbox(session, house().clock, current_actor(), _own(session, mailbox_id), Sharing(wanted))
    return redirect(way_back())


@blueprint.post("/<int:mailbox_id>/disconnect")
@needs()
def disconnect(mailbox_id: int) -> Response:
    """Forget the grant here, and give it back to Google."""
    with house().db.write() as session:
        sealed = disconnect_mailbox(session, house().clock, _to_act_on(session, mailbox_id), by=current_actor())
    if sealed is not None and not give_back([sealed]):
        toast(gettext("Google could not be told; please remove Enlace in your Google account yourself."))
    return redirect(way_back())


def _own(session: Session, mailbox_id: int) -> Mailbox:
    actor = current_actor()
    return store.get_mailbox(session, actor.workspace_id, mailbox_id, user_id=actor.user_id)


def _to_act_on(session: Session, mailbox_id: int) -> Mailbox:
    """One's own; for admins any of the team's, so that they can stop what somebody else left running."""
    actor = current_actor()
    user_id = None if actor.role is Role.ADMIN else actor.user_id
    return store.get_mailbox(session, actor.workspace_id, mailbox_id, user_id=user_id)
