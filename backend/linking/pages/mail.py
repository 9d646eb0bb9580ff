"""Why a mail is linked, undo by reach, questions, and the inbox of unlinked mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.kit.errors import NotFoundError, UserError
from backend.linking import words
from backend.linking.inbox import adopt_person
from backend.linking.pages.room import blueprint
from backend.linking.receipt_store import (
    LinkView,
    ReceiptView,
    count_unlinked_mail,
    open_questions,
    receipt_of,
    sees_mail,
    unlinked_mail,
)
from backend.linking.shapes import Scope
from backend.linking.undo import answer_question, lift_veto, link_by_hand, undo_relink, unlink
from backend.mail.addresses import domain_of, is_free_mail
from backend.privacy.store.threads import is_kept as is_kept_private
from backend.privacy.store.threads import own_mailboxes_with
from backend.records.store.reading import get_deals, search_records
from backend.web.back import way_back
from backend.web.house import house
from backend.web.pagination import cut_page, decode_cursor
from backend.web.toasts import toast

ROWS = 40
OFFERED = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """A deal offered in answer to a question, with what speaks for it."""

    id: int
    name: str
    stage: Any
    score: int
    lines: list[tuple[str, int]]


@blueprint.get("/unlinked")
@needs()
def unlinked() -> str:
    """Show the questions about my conversations and my mail that belongs to nothing yet."""
    cursor = request.args.get("cursor", "")
    before = decode_cursor(cursor, datetime, int) if cursor else None
    actor = current_actor()
    with house().db.read() as session:
        rows = unlinked_mail(session, actor, before=before, limit=ROWS + 1)
        page = cut_page(rows, ROWS, lambda mail: (mail.sent_at, mail.message_id))
        if "HX-Request" in request.headers:
            return render_template("linking/unlinked_rows.html", page=page, why=_why)
        questions = [(question, _offers(session, question.candidates)) for question in open_questions(session, actor)]
        count = count_unlinked_mail(session, actor)
    return render_template("linking/unlinked.html", page=page, questions=questions, count=count, why=_why)


@blueprint.get("/mail/<int:message_id>/receipt")
@needs()
def receipt(message_id: int) -> str:
    """Show why a mail is linked as it is: a panel's content."""
    with house().db.read() as session:
        found = _receipt(session, message_id)
        own = own_mailboxes_with(session, current_actor(), found.conversation_id)
        is_kept = is_kept_private(session, found.conversation_id, own)
    return render_template(
        "linking/receipt.html",
        receipt=found,
        words=words,
        _say=gettext,
        scopes_of=_scopes,
        is_own=bool(own),
        is_kept=is_kept,
    )


@blueprint.post("/mail/<int:message_id>/unlink")
@needs()
def unlink_mail(message_id: int) -> Response:
    """Take a link back for this mail, its conversation, an address or a domain; a tap on Undo brings it back."""
    record_id, scope = _number("record_id"), _asked_scope()
    with house().db.write() as session:
        _receipt(session, message_id)
        actor, address = current_actor(), request.form.get("address", "")
        undone = unlink(session, house().clock, actor, message_id, record_id, scope, address)
    text = ngettext("%(num)s mail unlinked.", "%(num)s mails unlinked.", undone.mails)
    toast(text, undo=f"/vetoes/{undone.veto_id}/lift")
    return redirect(way_back())


@blueprint.post("/vetoes/<int:veto_id>/lift")
@needs()
def lift(veto_id: int) -> Response:
    """Take an undo back: the rules decide again."""
    with house().db.write() as session:
        mails = lift_veto(session, house().clock, current_actor(), veto_id)
    toast(ngettext("%(num)s mail is back as it was.", "%(num)s mails are back as they were.", mails))
    return redirect(way_back())


@blueprint.post("/mail/<int:message_id>/link")
@needs()
def link_mail(message_id: int) -> Response:
    """Link a mail, and with it its conversation, to a record that was chosen."""
    record_id = _number("record_id")
    with house().db.write() as session:
        _receipt(session, message_id)
        link_by_hand(session, house().clock, current_actor(), message_id, record_id)
    toast(gettext("Linked; its conversation follows."))
    return redirect(way_back("/unlinked"))


@blueprint.get("/mail/<int:message_id>/link")
@needs()
def offer_records(message_id: int) -> str:
    """Offer records for what was typed, each a button that links."""
    with house().db.read() as session:
        found = search_records(session, current_actor().workspace_id, request.args.get("q", ""), OFFERED)
    return render_template("linking/offers.html", message_id=message_id, records=found)


@blueprint.post("/mail/<int:message_id>/adopt")
@needs()
def adopt(message_id: int) -> Response:
    """Make the person behind a mail a contact and link all mail with them."""
    with house().db.write() as session:
        _receipt(session, message_id)
        adopted = adopt_person(session, house().clock, current_actor(), message_id)
    text = ngettext(
        "%(name)s is a contact now; %(num)s link made.", "%(name)s is a contact now; %(num)s links made.",
        adopted.links, name=adopted.name,
    )  # fmt: skip
    toast(text, undo=f"/relinkings/{adopted.batch_id}/undo")
    return redirect(way_back("/unlinked"))


@blueprint.post("/relinkings/<int:batch_id>/undo")
@needs()
def undo_batch(batch_id: int) -> Response:
    """Undo a relinking of history; records stay."""
    with house().db.write() as session:
        undo_relink(session, house().clock, current_actor(), batch_id)
    toast(gettext("The links are as they were before."))
    return redirect(way_back())


@blueprint.post("/conversations/<int:conversation_id>/answer")
@needs()
def answer(conversation_id: int) -> Response:
    """Say which deal a conversation is about; no deal means none of those offered."""
    deal_id = request.form.get("deal_id", type=int)
    with house().db.write() as session:
        answer_question(session, house().clock, current_actor(), conversation_id, deal_id)
    toast(gettext("Thank you; the conversation follows your answer."))
    return redirect(way_back("/unlinked"))


def _receipt(session: Session, message_id: int) -> ReceiptView:
    """The receipt of a mail that the visitor may see. Raises `NotFoundError`."""
    actor = current_actor()
    found = receipt_of(session, actor.workspace_id, message_id) if sees_mail(session, actor, message_id) else None
    if found is None:
        raise NotFoundError(gettext("That mail is not here; it may have been deleted."))
    return found


def _scopes(link: LinkView, shown: ReceiptView) -> list[tuple[str, str, str]]:
    """How far an undo of this link can reach: (scope, its words, the address that it needs)."""
    address = str(link.evidence.get("address", "") or shown.sender_key)
    reach: list[tuple[Scope, str]] = [(Scope.MAIL, ""), (Scope.THREAD, ""), (Scope.ADDRESS, address)]
    if not is_free_mail(domain_of(address)):
        reach.append((Scope.DOMAIN, domain_of(address)))
    return [(scope.value, words.scope_word(scope, value, gettext), address) for scope, value in reach]


def _offers(session: Session, candidates: Any) -> list[Offer]:
    deals = {d.record.id: d for d in get_deals(session, current_actor().workspace_id, [c.deal_id for c in candidates])}
    return [
        Offer(c.deal_id, deals[c.deal_id].record.name, deals[c.deal_id].stage, c.score,
              words.evidence_lines(c.evidence, gettext))
        for c in candidates if c.deal_id in deals
    ]  # fmt: skip


def _why(reason: Any) -> str:
    return words.reason_sentence(reason, gettext)


def _asked_scope() -> Scope:
    try:
        return Scope(request.form.get("scope", ""))
    except ValueError as error:
        raise UserError(gettext("Choose how far it should reach: this mail, its thread, address or domain.")) from error


def _number(name: str) -> int:
    value = request.form.get(name, type=int)
    if value is None:
        raise UserError(gettext("Nothing was chosen; choose a record and try again."))
    return value
