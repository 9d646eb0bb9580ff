"""Signing in: by password, by one-time link, with Google, and in the demo with one click."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from backend.accounts import store
from backend.accounts.desk import desk
from backend.accounts.guards import begin_session, end_session, find_actor, needs, slow_down
from backend.accounts.keys import check_password, note_sign_in, redeem_sign_in_link
from backend.accounts.pages import mailboxes
from backend.accounts.pages.round_trip import CALLBACK_PATH, Arrival, leave_for_google, return_from_google
from backend.accounts.tables import User
from backend.gmail.oauth import SIGN_IN_SCOPES
from backend.kit.errors import NotFoundError
from backend.web.back import local_path
from backend.web.house import house
from backend.web.nav import Place, Way, open_way

SIGN_IN = "sign_in"

blueprint = Blueprint("sign_in", __name__, template_folder="../templates")
slow_down(blueprint)
open_way(blueprint, Way("sign_out", lazy_gettext("Sign out"), "leave", "sign_in.logout", 10, Place.SIGN_OUT))


@blueprint.get("/login")
def login() -> str | Response:
    """The sign-in page; those who are signed in already go on."""
    return redirect(_next()) if find_actor() else _show_login()


@blueprint.post("/login")
def login_with_password() -> Response | tuple[str, int]:
    """Sign in with e-mail and password."""
    with house().db.read() as session:
        user = check_password(session, request.form.get("email", ""), request.form.get("password", ""))
    if user is None:
        return _show_login(gettext("E-mail and password do not match.")), 403
    return _enter(user, "password", _next())


@blueprint.post("/login/sample")
def login_as_sample() -> Response:
    """Sign in as one of the demo's people; anywhere else there is no such page."""
    if not house().is_demo:
        raise NotFoundError(gettext("There is nothing here."))
    with house().db.read() as session:
        user = store.find_user_by_email(session, request.form.get("email", ""))
    if user is None:
        raise NotFoundError(gettext("There is no such sample login."))
    return _enter(user, "sample", _next())


@blueprint.post("/logout")
def logout() -> Response:
    """End this browser's session."""
    end_session()
    return redirect("/login")


@blueprint.get("/signin/<token>")
def show_link(token: str) -> str:
    """Show the button only: programs that open every link in a mail must not use it up."""
    return render_template("accounts/link.html", token=token, next_path=_next())


@blueprint.post("/signin/<token>")
def use_link(token: str) -> Response | tuple[str, int]:
    """Sign in by one-time link."""
    with house().db.write() as session:
        user = redeem_sign_in_link(session, house().clock, token)
    if user is None:
        return _show_login(gettext("This link was used already or has expired; ask for a new one.")), 403
    return _enter(user, "link", _next())


@blueprint.get("/oauth/google/start")
def start_google() -> Response:
    """Go to Google to say who one is."""
    return leave_for_google(SIGN_IN, SIGN_IN_SCOPES, offline=False, next_path=request.args.get("next", ""))


@blueprint.get(CALLBACK_PATH)
def finish_google() -> Response | tuple[str, int]:
    """Come back from Google, to sign in or to connect a mailbox."""
    arrival = return_from_google()
    return _enter_with_google(arrival) if arrival.purpose == SIGN_IN else _connect(arrival)


def _enter_with_google(arrival: Arrival) -> Response | tuple[str, int]:
    with house().db.read() as session:
        user = store.find_user_by_email(session, arrival.identity.email)
    if user is None or user.disabled_at is not None:
        who = arrival.identity.email
        return _show_login(gettext("There is no account for %(who)s here; ask your admin for one.", who=who)), 403
    return _enter(user, "google", arrival.next_path or "/")


@needs()
def _connect(arrival: Arrival) -> Response:
    return mailboxes.connect(arrival)


def _enter(user: User, how: str, next_path: str) -> Response:
    with house().db.write() as session:
        note_sign_in(session, house().clock, user, how)
    begin_session(user)
    return redirect(next_path)


def _show_login(error: str = "") -> str:
    return render_template(
        "accounts/login.html",
        error=error,
        email=request.form.get("email", ""),
        next_path=_next(),
        has_google=desk().google is not None,
        samples=_samples(),
    )


def _samples() -> list[User]:
    if not house().is_demo:
        return []
    with house().db.read() as session:
        workspace = store.first_workspace(session)
        return [] if workspace is None else list(store.users(session, workspace.id, active_only=True))


def _next() -> str:
    return local_path(request.values.get("next", "")) or "/"
