"""Why a mail hangs on a record, in the reader's words."""

from __future__ import annotations

from dataclasses import replace

from backend.accounts.store import users
from backend.card import facts
from backend.card.service.open_mail import OpenMail
from backend.card.service.visit import Visit
from backend.card.store.mails import LinkRow
from backend.linking import words as say
from backend.linking.receipt_store import receipt_of as stored_receipt
from backend.linking.shapes import Rule
from backend.mail.addresses import domain_of, is_free_mail


def receipt_of(visit: Visit, mail: OpenMail, link: LinkRow) -> facts.Receipt:
    """The receipt as far as it costs no question to the database: all but what was rejected, and who linked by hand."""
    _ = visit.words.gettext
    address = vetoed_address(mail, link)
    scopes = [facts.Scope.MAIL, facts.Scope.THREAD]
    if address:
        scopes.append(facts.Scope.ADDRESS)
    if address and not is_free_mail(domain_of(address)):
        scopes.append(facts.Scope.DOMAIN)
    return facts.Receipt(
        link=str(link.id),
        record=link.name,
        why=say.rule_sentence(link.rule, link.evidence, _),
        evidence=tuple(f"{word}: +{points}" for word, points in say.evidence_lines(link.evidence, _)),
        linked_at=link.made_at,
        scopes=tuple(scopes),
    )


def whole_receipt_of(visit: Visit, mail: OpenMail, link: LinkRow) -> facts.Receipt:
    """The receipt with the candidates that lost, and with the name of who linked by hand."""
    stored = stored_receipt(visit.session, visit.workspace_id, link.message_id)
    rejected = stored.rejected if stored else ()
    _ = visit.words.gettext
    return replace(
        receipt_of(visit, mail, link),
        rejected=tuple(f"{r.name}: {say.rejection_sentence(r.why, r.evidence, _)}" for r in rejected),
        linked_by=_hand_of(visit, link),
    )


def vetoed_address(mail: OpenMail, link: LinkRow) -> str:
    """Whose mail an undo by address is about: who brought the link, else the outsider who wrote; "" where neither."""
    address = link.evidence.get("address", "")
    return str(address) or (mail.sender.key if mail.sender else "")


def _hand_of(visit: Visit, link: LinkRow) -> str:
    if link.rule is not Rule.HAND:
        return ""
    team = users(visit.session, visit.workspace_id)
    return next((u.name or u.email for u in team if u.id == link.evidence.get("user_id")), "")
