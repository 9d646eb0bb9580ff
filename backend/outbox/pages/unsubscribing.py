"""The page behind a mail's unsubscribe link: a GET only shows it, since scanners follow links; a POST acts.

The mail program's own button posts `List-Unsubscribe=One-Click` without cookies (RFC 8058); the signed link is all that
it proves itself by, so neither sign-in nor the page's token is asked for.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, current_app, render_template

from backend.accounts.guards import without_csrf
from backend.outbox import suppression_store as store
from backend.outbox.service import unsubscribe
from backend.outbox.tokens import UnsubscribeLinks
from backend.web.house import house

_KEY = "enlace_outbox_links"

blueprint = Blueprint("unsubscribe", __name__, url_prefix="/u", template_folder="../templates")
without_csrf(blueprint)


def open_links(app: Flask, links: UnsubscribeLinks) -> None:
    """Tie the installation's links to its Flask app; once, at the composition root."""
    app.extensions[_KEY] = links


@blueprint.get("/<token>")
def show(token: str) -> str:
    """Ask whether they mean it."""
    workspace_id, address_key = _links().read(token)
    with house().db.read() as session:
        is_done = store.suppressed(session, workspace_id, address_key) is not None
    return render_template("outbox/unsubscribe.html", token=token, address=address_key, is_done=is_done)


@blueprint.post("/<token>")
def act(token: str) -> str:
    """Write to them no more; asked twice, nothing more happens."""
    workspace_id, address_key = _links().read(token)
    with house().db.write() as session:
        unsubscribe(session, house().clock, workspace_id, address_key)
    return render_template("outbox/unsubscribe.html", token=token, address=address_key, is_done=True)


def _links() -> UnsubscribeLinks:
    return cast("UnsubscribeLinks", current_app.extensions[_KEY])
