"""Suppressed addresses: whom the team does not write to any more, since when and why. For managers and admins."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.shapes import Role
from backend.mail.address_lines import LONGEST_LIST, read_lines
from backend.outbox import suppression_store as store
from backend.outbox.shapes import Ground
from backend.outbox.suppressing import add_lines, take_off
from backend.outbox.words import ground_words
from backend.web.house import house
from backend.web.nav import Place, Way, open_way
from backend.web.toasts import toast

ROWS = 50

blueprint = Blueprint("suppressed", __name__, url_prefix="/settings/suppressed", template_folder="../templates")
open_way(
    blueprint,
    Way(
        "suppressed", lazy_gettext("Suppressed addresses"), "lock", "suppressed.show", 40, Place.MENU, role="manager",
        hint=lazy_gettext("To whom nothing is sent any more, and why."),
    ),
)  # fmt: skip


@blueprint.get("")
@needs(Role.MANAGER)
def show() -> str:
    """The list, or for htmx the rows that follow."""
    actor, ground = current_actor(), request.args.get("ground", "")
    ground = ground if ground in set(Ground) else ""
    with house().db.read() as session:
        found = store.list_suppressions(
            session, actor.workspace_id, words=request.args.get("q", "").strip(), ground=ground,
            before_id=request.args.get("before", type=int), limit=ROWS + 1,
        )  # fmt: skip
        counts = store.count_by_ground(session, actor.workspace_id)
    template = "outbox/suppressed_rows.html" if "HX-Request" in request.headers else "outbox/suppressed.html"
    next_id = found[ROWS - 1].id if len(found) > ROWS else None
    return render_template(
        template, rows=found[:ROWS], next_id=next_id, counts=counts, ground=ground, here=_here, grounds=list(Ground),
        say_why=lambda evidence: ground_words(evidence, gettext),
        may_release=lambda row: row.ground != Ground.UNSUBSCRIBED or actor.role is Role.ADMIN,
    )  # fmt: skip


@blueprint.post("")
@needs(Role.MANAGER)
def add() -> Response:
    """Put addresses on the list, typed or from a file."""
    upload = request.files.get("file")
    content = upload.read(LONGEST_LIST) if upload else b""
    text = f"{request.form.get('addresses', '')}\n{content.decode('utf-8-sig', 'replace')}"[:LONGEST_LIST]
    with house().db.write() as session:
        done = add_lines(session, house().clock, current_actor(), read_lines(text), request.form.get("why", ""))
    said = ngettext("%(num)s address is on the list now.", "%(num)s addresses are on the list now.", done.new)
    if done.known:
        said += " " + ngettext("%(num)s was on it before.", "%(num)s were on it before.", done.known)
    if done.unread:
        said += " " + ngettext("%(num)s line has no address.", "%(num)s lines have no address.", len(done.unread))
    toast(said)
    return redirect(url_for("suppressed.show"))


@blueprint.post("/<int:suppression_id>/release")
@needs(Role.MANAGER)
def release(suppression_id: int) -> Response:
    """Take one off, with a reason."""
    with house().db.write() as session:
        address = take_off(session, house().clock, current_actor(), suppression_id, request.form.get("why", ""))
    toast(gettext("%(address)s may be written to again.", address=address))
    return redirect(url_for("suppressed.show"))


def _here(**changes: object) -> str:
    """This page's address with some of its questions changed; None takes one away."""
    asked = {k: v for k, v in request.args.items() if k not in {"before", *changes}}
    asked |= {k: str(v) for k, v in changes.items() if v is not None}
    return request.path + (f"?{urlencode(asked)}" if asked else "")
