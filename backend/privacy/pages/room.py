"""The blueprint of privacy's pages and their way in the frame."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from backend.web.nav import Place, Way, open_way

blueprint = Blueprint("privacy", __name__, template_folder="../templates")
open_way(
    blueprint,
    Way(
        "privacy", _l("Privacy"), "lock", "privacy.show", 12, Place.MENU,
        hint=_l("What colleagues see of your mail, and whose mail stays out."),
    ),
)  # fmt: skip
