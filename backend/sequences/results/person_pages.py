"""The ledger of a person in the browser: why something was sent to somebody, and why not."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import NotFoundError
from backend.records.store.reading import Wanted, get_contact, list_contacts
from backend.sequences.results import person_store
from backend.web.house import house

MOST_FOUND = 30

blueprint = Blueprint("people_ledgers", __name__, url_prefix="/results/people", template_folder="../templates")


@blueprint.get("")
@needs()
def search() -> str:
    """Find the person whose ledger is wanted."""
    words = request.args.get("q", "").strip()
    with house().db.read() as session:
        wanted = Wanted(words=words, limit=MOST_FOUND)
        found = list_contacts(session, current_actor().workspace_id, wanted) if words else []
    return render_template("results/people.html", words=words, contacts=found)


@blueprint.get("/<int:contact_id>")
@needs()
def show(contact_id: int) -> str:
    """Everything that was sent to somebody, held, skipped or stopped, by whom and why."""
    actor = current_actor()
    with house().db.read() as session:
        contact = get_contact(session, actor.workspace_id, contact_id)
        if contact is None:
            raise NotFoundError("That contact is not here; it may have been deleted or merged.")
        ledger = person_store.ledger_of(session, actor, contact_id)
    return render_template("results/person.html", contact=contact, ledger=ledger)
