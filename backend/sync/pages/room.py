"""The blueprint of the pages on what mail comes in. They stand under Privacy, where people look for them."""

from __future__ import annotations

from flask import Blueprint

HERE = "/settings/privacy"

blueprint = Blueprint("intake", __name__, template_folder="../templates")
