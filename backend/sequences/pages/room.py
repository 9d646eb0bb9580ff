"""The blueprint of the sequences' pages and their way in the frame."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("sequences", __name__, url_prefix="/sequences", template_folder="../templates")
