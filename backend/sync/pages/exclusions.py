"""Whose mail stays out: of the team's mailboxes, or of one's own; with the effect before it is done."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend.accounts.guards import current_actor, needs
from backend.accounts.store import get_mailbox
from backend.kit.errors import NotFoundError, UserError
from backend.linking.exclusions import ignore, ignore_in_mailbox, may_remove, stop_ignoring
from backend.linking.rules.outsiders import domain
from backend.mail.addresses import key_of
from backend.privacy.shapes import ExclusionKind, ImportRules
from backend.privacy.store.policies import rules_for
from backend.sync.effects import Effect
from backend.sync.intake_sources import effect_of_rules, settle_soon
from backend.sync.ledger.words import reason_words
from backend.sync.pages.room import HERE, blueprint, told
from backend.web.back import way_back
from backend.web.house import house
from backend.web.toasts import toast


@blueprint.post(f"{HERE}/exclusions")
@needs()
def exclude() -> str | Response:
    """Show what leaving an address or domain out would do, or do it."""
    kind, key = _asked()
    mailbox_id = request.form.get("mailbox_id", type=int)
    if request.form.get("do") != "save":
        effect = _effect(kind, key, mailbox_id)
        return render_template(
            "sync/exclusion.html",
            value=request.form["value"],
            mailbox_id=mailbox_id,
            effect=effect,
            why=_why,
            here=HERE,
        )
    with house().db.write() as session:
        clock, actor = house().clock, current_actor()
        if mailbox_id is None:
            left_out = ignore(session, clock, actor, kind, key)
        else:
            left_out = ignore_in_mailbox(session, clock, actor, mailbox_id, kind, key)
        waiting = settle_soon(session, mailbox_id)
    text = gettext("Mail of %(who)s stays out; what is stored goes within a minute.", who=left_out.value)
    toast(told(text, waiting), undo=f"{HERE}/exclusions/{left_out.id}/remove")
    return redirect(f"{HERE}/team" if mailbox_id is None and actor.sees_all else HERE)


@blueprint.post(f"{HERE}/exclusions/<int:exclusion_id>/remove")
@needs()
def include(exclusion_id: int) -> Response:
    """Take an address or domain in again; what had gone is fetched again."""
    with house().db.write() as session:
        if not may_remove(session, current_actor(), exclusion_id):
            raise NotFoundError(gettext("That is not on the list any more."))
        stop_ignoring(session, house().clock, current_actor(), exclusion_id)
        waiting = settle_soon(session, None)
    toast(told(gettext("It comes in again; what had gone is fetched again from Gmail."), waiting))
    return redirect(way_back(HERE))


def _asked() -> tuple[ExclusionKind, str]:
    """What was typed: an address, or a domain as example.com or @example.com."""
    text = request.form.get("value", "").strip().lower()
    is_address = "@" in text.removeprefix("@")
    key = key_of(text) if is_address else f"any@{text.removeprefix('@')}"
    if not text or not domain(key):
        raise UserError(gettext("Write an address or a domain, as ana@example.com or example.com."))
    return (ExclusionKind.ADDRESS if is_address else ExclusionKind.DOMAIN), key


def _effect(kind: ExclusionKind, key: str, mailbox_id: int | None) -> Effect:
    actor = current_actor()
    if mailbox_id is not None:
        with house().db.read() as session:
            get_mailbox(session, actor.workspace_id, mailbox_id, user_id=actor.user_id)
    value = key if kind is ExclusionKind.ADDRESS else domain(key)
    return effect_of_rules(mailbox_id, lambda session, box: _with(rules_for(session, box), kind, value))


def _with(rules: ImportRules, kind: ExclusionKind, value: str) -> ImportRules:
    return replace(rules, excluded={**rules.excluded, kind: rules.excluded.get(kind, frozenset()) | {value}})


def _why(reason: str) -> str:
    return reason_words(reason, gettext)
