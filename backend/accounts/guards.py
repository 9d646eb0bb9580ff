"""Who asks, and whether they may: the session cookie of a browser or the API key of a program becomes an `Actor`.

A request with a Bearer key is judged by the key alone, never by a cookie that came along; a browser's request that
changes something must bear the token that only our own pages know.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, session, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, Unauthorized

from backend.accounts import store
from backend.accounts.keys import resolve_api_key
from backend.accounts.rules import has_rank
from backend.accounts.service import to_actor
from backend.accounts.shapes import Actor, Role
from backend.accounts.tables import User
from backend.web.house import house
from backend.web.problems import wants_problem
from backend.web.visitor import Visitor

P = ParamSpec("P")
T = TypeVar("T")

SESSION_LIVES = timedelta(days=14)
SIGN_IN_TRIES = "10 per minute; 100 per hour"

_BEARER = "bearer "
_LIMITER = "enlace_limiter"


def install_guards(app: Flask, *, is_local: bool) -> None:
    """Set up sessions, CSRF and the limit on sign-in tries; call it before registering blueprints.

    `is_local` lets the session cookie travel over plain http, as on loopback. RATELIMIT_ENABLED=False ends the limit.
    """
    app.config.update(
        SESSION_COOKIE_NAME="enlace_session",
        SESSION_COOKIE_SECURE=not is_local,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION_LIVES,
        WTF_CSRF_CHECK_DEFAULT=False,  # _refuse_forged decides
        WTF_CSRF_TIME_LIMIT=None,  # it lives as long as the session
    )
    app.extensions[_LIMITER] = Limiter(get_remote_address, app=app, storage_uri="memory://")
    CSRFProtect(app)
    app.before_request(_refuse_forged)
    login = LoginManager(app)
    login.user_loader(_load)


def without_csrf(blueprint: Blueprint) -> None:
    """Let a blueprint's requests come from anywhere: those that prove themselves by a token of their own."""
    blueprint.record(lambda state: cast("CSRFProtect", state.app.extensions["csrf"]).exempt(blueprint))


def slow_down(blueprint: Blueprint) -> None:
    """Limit how often an address may post to a blueprint."""
    blueprint.record(
        lambda state: cast("Limiter", state.app.extensions[_LIMITER]).limit(SIGN_IN_TRIES, methods=["POST"])(blueprint)
    )


def current_actor() -> Actor:
    """Return who asks; 401 for strangers (pages: the way to the sign-in page)."""
    actor = find_actor()
    if actor is None:
        raise _ask_to_sign_in()
    return actor


def find_actor() -> Actor | None:
    """Return who asks, looked up once a request; None for strangers."""
    if "actor" not in g:
        g.actor = _by_key() if _bears_key() else _by_session()
    return cast("Actor | None", g.actor)


def find_visitor() -> Visitor | None:
    """Return who asks in the form in which the frame shows them; for `web.frame.make_web`."""
    actor = find_actor()
    if actor is None:
        return None
    return Visitor(actor.name, actor.email, actor.role.value, actor.locale, actor.timezone)


def needs(least: Role = Role.REP) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let only those through whose role is `least` or above; strangers are asked to sign in."""

    def guard(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            if not has_rank(current_actor().role, least):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return guard


def begin_session(user: User) -> None:
    """Begin a session for this person in this browser; whatever another person left in it is dropped."""
    session.clear()
    session.permanent = True
    login_user(_SignedIn(to_actor(user), user.session_version))
    forget_actor()


def end_session() -> None:
    """End this browser's session."""
    logout_user()
    session.clear()
    forget_actor()


def forget_actor() -> None:
    """Have the rest of this request look anew at who asks."""
    g.pop("actor", None)
    g.pop("visitor", None)


class _SignedIn(UserMixin):  # type: ignore[misc]  # flask_login ships no types
    """A person with a session; the cookie names the session's version beside the person."""

    def __init__(self, actor: Actor, session_version: int) -> None:
        self.actor = actor
        self._session_version = session_version

    def get_id(self) -> str:
        return f"{self.actor.user_id}:{self._session_version}"


def _load(cookie: str) -> _SignedIn | None:
    """Return the person that the cookie names, unless disabled since, or signed out everywhere."""
    user_id, _, version = cookie.partition(":")
    if not user_id.isdecimal():
        return None
    with house().db.read() as db_session:
        user = store.find_user(db_session, int(user_id))
    if user is None or user.disabled_at is not None or str(user.session_version) != version:
        return None
    return _SignedIn(to_actor(user), user.session_version)


def _by_session() -> Actor | None:
    return cast("Actor", current_user.actor) if current_user.is_authenticated else None


def _by_key() -> Actor | None:
    with house().db.read() as db_session:
        return resolve_api_key(db_session, request.headers["Authorization"][len(_BEARER) :].strip())


def _bears_key() -> bool:
    return request.headers.get("Authorization", "").lower().startswith(_BEARER)


def _ask_to_sign_in() -> HTTPException:
    if wants_problem():
        return Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return HTTPException(response=redirect(url_for("sign_in.login", next=here)))


def _refuse_forged() -> None:
    """Check the page's token on what a browser changes. A key cannot be borrowed by another site, so it needs none."""
    if request.endpoint is not None and not _bears_key():
        cast("CSRFProtect", current_app.extensions["csrf"]).protect(apply_exemptions=True)
