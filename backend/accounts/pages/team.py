"""The team's settings: what is its own mail, and whom mail turns into contacts. For admins."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from backend.accounts import store
from backend.accounts.guards import current_actor, needs
from backend.accounts.service import change_workspace
from backend.accounts.shapes import ContactPolicy, Role, Sharing
from backend.kit.errors import UserError
from backend.web.house import house
from backend.web.i18n import sentence_of
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast

FIELDS = (
    "name",
    "domain",
    "contact_policy",
    "deal_reference_prefix",
    "private_label",
    "default_sharing",
    "least_sharing",
)

blueprint = Blueprint("team", __name__, url_prefix="/settings/team", template_folder="../templates")
open_way(
    blueprint,
    Way(
        "team", lazy_gettext("Team settings"), "settings", "team.show", 20, Place.MENU, role="admin",
        hint=lazy_gettext("What is your own mail, who becomes a contact, what mailboxes share."),
    ),
)  # fmt: skip


@blueprint.get("")
@needs(Role.ADMIN)
def show() -> str:
    """The settings as they are."""
    with house().db.read() as session:
        workspace = store.get_workspace(session, current_actor().workspace_id)
        values = {field: getattr(workspace, field) for field in FIELDS}
    return _page(values)


@blueprint.post("")
@needs(Role.ADMIN)
def save() -> tuple[str, int] | Response:
    """Save what was filled in; what is wrong comes back with its sentence, and nothing is lost."""
    values = {field: request.form.get(field, "") for field in FIELDS}
    if values["contact_policy"] not in set(ContactPolicy):
        values["contact_policy"] = ContactPolicy.CORRESPONDENTS.value
    for field, usual in (("default_sharing", Sharing.EVERYTHING), ("least_sharing", Sharing.NOTHING)):
        if values[field] not in set(Sharing):
            values[field] = usual.value
    try:
        with house().db.write() as session:
            change_workspace(session, house().clock, current_actor(), values)
    except UserError as error:
        return _page(values, sentence_of(error)), 400
    toast(gettext("Saved; it counts for mail from now on."))
    return redirect(url_for("team.show"))


def _page(values: dict[str, str], problem: str = "") -> str:
    return render_template(
        "accounts/team.html", values=values, problem=problem, policies=list(ContactPolicy), levels=list(Sharing)
    )
