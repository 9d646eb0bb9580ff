"""Settings: every page that sets something, with what it is for; the rooms register their own."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from backend.accounts.guards import needs
from backend.accounts.shapes import Role
from backend.web.nav import Way, open_way

blueprint = Blueprint("settings", __name__, template_folder="../templates")
open_way(blueprint, Way("settings", lazy_gettext("Settings"), "settings", "settings.show", 120, keys="g s"))


@blueprint.get("/settings")
@needs(Role.REP)
def show() -> str:
    """The list, as far as the visitor may change things."""
    return render_template("accounts/settings.html")
