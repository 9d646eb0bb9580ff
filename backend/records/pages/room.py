"""The blueprint of the records' pages and their ways in the frame."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from backend.records.paths import record_path
from backend.web.nav import Place, Way, open_way

blueprint = Blueprint("records", __name__, template_folder="../templates")
blueprint.add_app_template_global(record_path)

open_way(
    blueprint,
    Way("pipeline", _l("Pipeline"), "pipeline", "records.pipeline", 30, keys="g p"),
    Way("contacts", _l("Contacts"), "contacts", "records.contacts", 40, keys="g c"),
    Way("companies", _l("Companies"), "companies", "records.companies", 50, keys="g o"),
    Way("deals", _l("Deals"), "deals", "records.deals", 60, keys="g d"),
    Way("new_contact", _l("Contact"), "people", "records.new_contact", 10, Place.CREATE),
    Way("new_company", _l("Company"), "companies", "records.new_company", 20, Place.CREATE),
    Way("new_deal", _l("Deal"), "deals", "records.new_deal", 30, Place.CREATE),
)
