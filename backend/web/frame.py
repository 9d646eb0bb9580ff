"""The frame around every page, put together once for each Flask app."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

from flask import Blueprint, Flask, redirect, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from backend import __version__
from backend.web.back import way_back
from backend.web.headers import send_security_headers
from backend.web.i18n import LANGUAGE_COOKIE, LANGUAGES, speak_languages
from backend.web.nav import ways
from backend.web.problems import show_problems
from backend.web.toasts import send_toasts, waiting_toasts
from backend.web.visitor import FindVisitor, know_visitors, visitor

STATIC = Path(__file__).parent / "static"

_HUES = 8
_YEAR_S = 31_536_000

blueprint = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")


def make_web(app: Flask, find_visitor: FindVisitor = lambda: None) -> None:
    """Give `app` its frame: templates, assets, languages, errors, security headers and notices.

    `find_visitor` says who is signed in. Call it before registering the rooms' blueprints; `house.move_in` is separate.
    """
    know_visitors(app, find_visitor)
    speak_languages(app)
    show_problems(app)
    send_security_headers(app)
    send_toasts(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(initials=initials, hue=hue)
    app.jinja_env.globals.update(
        visitor=visitor, ways=ways, waiting_toasts=waiting_toasts, language=get_locale, LANGUAGES=LANGUAGES,
        product_version=__version__,
    )  # fmt: skip
    app.register_blueprint(blueprint)


@blueprint.post("/language/<code>")
def choose_language(code: str) -> Response:
    """Remember this browser's language for a year."""
    answer = redirect(way_back())
    if code in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, code, max_age=_YEAR_S, secure=request.is_secure, httponly=True, samesite="Lax"
        )
    return answer


@blueprint.get("/favicon.ico")
def icon() -> Response:
    """Lead browsers that ask for the old name to the product's mark."""
    return redirect(url_for("web.static", filename="mark.svg"))


@blueprint.app_url_defaults
def address_by_content(endpoint: str, values: dict[str, Any]) -> None:
    """Add a file's digest to its address, so that browsers keep it for a year and still see each change at once."""
    path = STATIC / values.get("filename", "")
    if endpoint == "web.static" and path.is_file():
        values["v"] = _digest(path, path.stat().st_mtime_ns)


def initials(name: str) -> str:
    """Return up to two letters for somebody's round picture: first and last word's."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    picked = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper() or "?"


def hue(name: str) -> int:
    """Return which of the eight quiet colours stands for this name, always the same."""
    return crc32(name.casefold().encode()) % _HUES


@lru_cache(maxsize=64)
def _digest(path: Path, _changed_ns: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]
