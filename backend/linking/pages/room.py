"""The blueprint of linking's pages and their way in the frame."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from backend.web.nav import Way, open_way

blueprint = Blueprint("linking", __name__, template_folder="../templates")
open_way(blueprint, Way("unlinked", _l("Unlinked mail"), "unlinked", "linking.unlinked", 70, keys="g u"))
