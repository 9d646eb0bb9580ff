"""Somebody in a mail as facts: a contact with all that is at stake, or a stranger with a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from backend.card import facts
from backend.card.facts import Do
from backend.card.seals import Sealed
from backend.card.service.deals import company_fact, deal_facts, most_pressing, task_fact, tasks_about
from backend.card.service.enrolments import enrolment_facts
from backend.card.service.open_mail import OpenMail
from backend.card.service.receipts import receipt_of
from backend.card.service.visit import Visit
from backend.card.store.records import ContactRow, DealRow, deals_for
from backend.kit.text import fold
from backend.linking import words as say
from backend.linking.rules.outsiders import domain
from backend.mail.addresses import address_of, is_free_mail
from backend.mail.shapes import Address
from backend.records.service import name_from_domain
from backend.records.shapes import CompanyRef, RecordKind
from backend.records.store.lookup import company_with_writers
from backend.timeline.shapes import EntryKind, LastTouch
from backend.timeline.store import last_touch

OFFERS = frozenset({Do.NEW_NOTE, Do.NEW_TASK, Do.NEW_CALL, Do.NEW_DEAL, Do.EDIT_CONTACT, Do.ENROL})
_NAME_LENGTHS = (80, 20, 0)


def contact_fact(visit: Visit, contact: ContactRow) -> facts.Person:
    """A contact."""
    return facts.Person(
        id=str(contact.id),
        address=contact.address,
        name=contact.name,
        title=contact.title,
        company=company_fact(visit, contact.company_id, contact.company_name),
        url=visit.record_url(RecordKind.CONTACT, contact.id),
    )


def stranger_fact(visit: Visit, address: Address) -> facts.Person:
    """An address that is no contact's; its id is the sealed address."""
    versions = ([address.email, address.name[:length]] for length in _NAME_LENGTHS)
    token = visit.seals.seal_first(Sealed.PERSON, versions)
    return facts.Person(id=token, address=address.email, name=address.name, is_known=False)


def unsealed_stranger(visit: Visit, token: str) -> Address | None:
    """The address behind a stranger's id. Raises `NotFoundError` for what was not sealed for this reader."""
    email, name = visit.seals.unseal(Sealed.PERSON, token)
    return address_of(email, name)


def known(
    visit: Visit,
    mail: OpenMail,
    contact: ContactRow,
    others: Iterable[facts.Person] = (),
    notice: facts.Notice | None = None,
) -> facts.Known:
    """A contact beside a mail: the mail's deals and the contact's open ones, what is next, who spoke last."""
    linked = {link.record_id for link in mail.links if link.kind is RecordKind.DEAL}
    asked = {candidate.deal_id for candidate in mail.candidates}
    rows = deals_for(visit.session, visit.workspace_id, linked | asked, contact.id, contact.company_id)
    tasks = tasks_about(visit, [contact.id, *(row.id for row in rows)])
    next_task = most_pressing(tasks)
    touch = last_touch(visit.session, visit.actor, contact.id)
    link = mail.link_to(contact.id)
    ordered = sorted(rows, key=lambda row: row.id not in linked)
    return facts.Known(
        mail=mail.fact,
        person=contact_fact(visit, contact),
        last_touch=_touch_fact(touch, contact) if touch else None,
        deals=deal_facts(visit, ordered, mail, tasks),
        candidates=_candidates(visit, mail, rows),
        next_task=task_fact(visit, next_task) if next_task else None,
        enrolments=enrolment_facts(visit, contact.id),
        receipt=receipt_of(visit, mail, link) if link else None,
        others=tuple(others),
        notice=notice,
        offers=OFFERS | {Do.LINK_EXISTING} if mail.is_stored else OFFERS,
    )


_MEANS = {EntryKind.CALL: facts.Means.CALL, EntryKind.MEETING: facts.Means.MEETING}


def _touch_fact(touch: LastTouch, contact: ContactRow) -> facts.LastTouch:
    team = facts.Speaker.YOU if touch.is_viewer else facts.Speaker.COLLEAGUE
    is_contact = _words_of(touch.who) == _words_of(contact.name)
    return facts.LastTouch(
        speaker=team if touch.is_ours else facts.Speaker.THEM,
        at=touch.at,
        name=(is_contact and contact.first_name) or touch.who,
        means=_MEANS.get(touch.kind, facts.Means.MAIL),
        you_owe_reply=touch.is_owed,
    )


def _words_of(name: str) -> frozenset[str]:
    """The words of a name: “Lund, Dora” is Dora Lund."""
    return frozenset(re.findall(r"\w+", fold(name)))


def _candidates(visit: Visit, mail: OpenMail, rows: Sequence[DealRow]) -> tuple[facts.Candidate, ...]:
    names = {row.id: row.name for row in rows}
    return tuple(
        facts.Candidate(
            deal=str(candidate.deal_id),
            name=names[candidate.deal_id],
            evidence=", ".join(word for word, _points in say.evidence_lines(candidate.evidence, visit.words.gettext)),
        )
        for candidate in mail.candidates
        if candidate.deal_id in names
    )


def unknown(visit: Visit, mail: OpenMail, address: Address, notice: facts.Notice | None = None) -> facts.Unknown:
    """A stranger beside a mail. A domain from which contacts write is not offered to be ignored whole."""
    own_domain = domain(address.key)
    is_free = not own_domain or is_free_mail(own_domain)
    found = None if is_free else company_with_writers(visit.session, visit.workspace_id, own_domain)
    company, writers = found or (None, 0)
    return facts.Unknown(
        mail=mail.fact,
        person=stranger_fact(visit, address),
        guess=None if is_free else _guess(visit, own_domain, company, writers),
        domain="" if is_free or writers else own_domain,
        notice=notice,
    )


def _guess(visit: Visit, own_domain: str, company: CompanyRef | None, writers: int) -> facts.Guess:
    _, ngettext = visit.words.gettext, visit.words.ngettext
    if company is None:
        name = facts.Company(name_from_domain(own_domain))
        return facts.Guess(name, _("A guess from the address: @%(domain)s", domain=own_domain))
    shown = facts.Company(company.name, visit.record_url(RecordKind.COMPANY, company.id))
    if not writers:
        return facts.Guess(shown, _("@%(domain)s is this company's domain", domain=own_domain))
    evidence = ngettext(
        "%(num)s contact writes from @%(domain)s", "%(num)s contacts write from @%(domain)s", writers,
        domain=own_domain,
    )  # fmt: skip
    return facts.Guess(shown, evidence)
