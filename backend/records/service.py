"""What can be done with records. Sessions and clocks are handed in; nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from backend.db import insert_ignoring, serialise
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, NotFoundError, UserError
from backend.kit.text import squeeze
from backend.mail.addresses import domain_of, is_free_mail, key_of, registrable_domain
from backend.mail.names import guess_names
from backend.records.shapes import NewCompany, NewContact, NewDeal, Origin, Outcome
from backend.records.store import lookup, writing
from backend.records.tables import (
    RECORD_SEARCH,
    Company,
    Contact,
    Deal,
    DealPerson,
    DealReference,
    Pipeline,
    Record,
    Stage,
    StageChange,
)

# Name, what happens to a deal here, and the percentage of deals here that are won.
SALES_STAGES = (
    ("New", Outcome.OPEN, 10),
    ("Qualified", Outcome.OPEN, 20),
    ("Demo", Outcome.OPEN, 40),
    ("Proposal", Outcome.OPEN, 60),
    ("Negotiation", Outcome.OPEN, 80),
    ("Won", Outcome.WON, 100),
    ("Lost", Outcome.LOST, 0),
)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Team:
    """In whose name records are made: the workspace, the person (None: a rule) and the time."""

    workspace_id: int
    clock: Clock
    user_id: int | None = None

    def now(self) -> datetime:
        """The present, aware, UTC."""
        return self.clock.now()


def make_sales_pipeline(session: Session, workspace_id: int) -> Pipeline:
    """Make the pipeline that every new team begins with."""
    pipeline = Pipeline(workspace_id=workspace_id, name="Sales", position=0)
    session.add(pipeline)
    session.flush()
    session.add_all(
        Stage(
            workspace_id=workspace_id,
            pipeline_id=pipeline.id,
            name=name,
            position=position,
            outcome=outcome.value,
            probability=probability,
        )
        for position, (name, outcome, probability) in enumerate(SALES_STAGES)
    )
    session.flush()
    return pipeline


def make_contact(session: Session, team: Team, new: NewContact) -> Contact:
    """Make a contact. Raises `ConflictError` where an address belongs to somebody else, `UserError` without a name."""
    keys = {key for key, _ in new.addresses}
    taken = lookup.contacts_by_address(session, team.workspace_id, keys)
    if taken:
        key, other = next(iter(taken.items()))
        raise ConflictError(
            "%(key)s belongs to %(name)s already; open that contact, or leave the address out.",
            key=key,
            name=other.name,
        )
    _require_name(new.name)
    return writing.insert_contact(session, team.workspace_id, new, team.now())


def contact_from_address(email: str, name: str, origin: Origin, company_id: int | None = None) -> NewContact:
    """What a mail address and its display name say of a person. Raises `UserError` for what is no address."""
    key = key_of(email)
    if "@" not in key:
        raise UserError("“%(email)s” is not a mail address; write it as name@example.com.", email=email)
    first, last = guess_names(name, email)
    shown = squeeze(name) or squeeze(f"{first} {last}") or email
    return NewContact(
        name=squeeze(f"{first} {last}") or shown,
        addresses=((key, email),),
        first_name=first,
        last_name=last,
        company_id=company_id,
        origin=origin,
    )


def make_company(session: Session, team: Team, new: NewCompany) -> Company:
    """Make a company. Raises `ConflictError` where a domain is another company's, `UserError` for free mail."""
    _require_name(new.name)
    refuse_free_mail(new.domains)
    taken = lookup.companies_by_domain(session, team.workspace_id, set(new.domains))
    if taken:
        domain, other = next(iter(taken.items()))
        raise ConflictError(
            "%(domain)s belongs to %(name)s already; open that company instead.", domain=domain, name=other.name
        )
    return writing.insert_company(session, team.workspace_id, new, team.now())


def refuse_free_mail(domains: Iterable[str]) -> None:
    """Raise `UserError` for a domain where anybody gets an address: it can be no company's."""
    for domain in domains:
        if is_free_mail(domain):
            raise UserError(
                "%(domain)s gives mail to everybody, so it cannot be a company's; leave the domain out.", domain=domain
            )


def company_of_address(session: Session, team: Team, address_key: str, origin: Origin) -> int | None:
    """The company that owns an address's domain, made where there is none yet; None for free mail."""
    return companies_of_addresses(session, team, [address_key], origin)[0][address_key]


def companies_of_addresses(
    session: Session, team: Team, address_keys: Iterable[str], origin: Origin
) -> tuple[dict[str, int | None], set[str]]:
    """`company_of_address` for many, with one look for all of them; and the domains of which a company was made."""
    domains = {key: registrable_domain(domain_of(key)) for key in address_keys}
    wanted = {d for d in domains.values() if d and not is_free_mail(d)}
    ids = {d: c.id for d, c in lookup.companies_by_domain(session, team.workspace_id, wanted).items()}
    unknown = wanted - ids.keys()
    news = [NewCompany(name=name_from_domain(domain), domains=(domain,), origin=origin) for domain in sorted(unknown)]
    made = writing.insert_companies(session, team.workspace_id, news, team.now())
    ids |= dict(zip(sorted(unknown), made, strict=True))
    return {key: ids.get(domain) for key, domain in domains.items()}, unknown


def name_from_domain(domain: str) -> str:
    """Guess a company's name: "nordwind-energy.example" becomes "Nordwind Energy"."""
    label = domain.split(".", maxsplit=1)[0]
    return " ".join(word.capitalize() for word in label.replace("_", "-").split("-") if word) or domain


def make_deal(session: Session, team: Team, new: NewDeal, prefix: str) -> Deal:
    """Make a deal in its first or the given stage, with a reference. `prefix` is the team's, as "D" in D-17.

    Raises `UserError` without a name, `NotFoundError` for a stage that is not there, `ConflictError` for a reference in
    use.
    """
    _require_name(new.name)
    stage = _stage_for(session, team, new)
    now = new.created_at or team.now()
    serialise(session, "deal references", team.workspace_id)
    reference = (new.reference or writing.next_reference(session, team.workspace_id, prefix)).upper()
    if lookup.deals_by_reference(session, team.workspace_id, {reference}):
        raise ConflictError("%(reference)s is another deal's reference; choose another one.", reference=reference)
    deal = _deal_row(team, new, stage, now)
    session.add(deal)
    session.flush()
    session.add(DealReference(workspace_id=team.workspace_id, reference=reference, deal_id=deal.id))
    add_people_to_deal(session, deal, new.contact_ids)
    _note_stage(session, team, deal, stage, now)
    RECORD_SEARCH.add(session, [(deal.id, writing.deal_document(deal.name, reference))])
    session.flush()
    return deal


def _stage_for(session: Session, team: Team, new: NewDeal) -> Stage:
    stage = (
        writing.find_stage(session, team.workspace_id, new.stage_id)
        if new.stage_id is not None
        else writing.first_stage(session, team.workspace_id, new.pipeline_id)
    )
    if stage is None or stage.pipeline_id != new.pipeline_id:
        raise NotFoundError("That pipeline has no such stage; reload the page and choose again.")
    return stage


def _deal_row(team: Team, new: NewDeal, stage: Stage, now: datetime) -> Deal:
    return Deal(
        workspace_id=team.workspace_id,
        name=squeeze(new.name)[:500],
        owner_id=new.owner_id,
        origin=new.origin.value,
        fields={},
        created_at=now,
        updated_at=now,
        pipeline_id=new.pipeline_id,
        stage_id=stage.id,
        stage_entered_at=now,
        company_id=new.company_id,
        amount_minor=new.amount_minor,
        currency=new.currency,
        expected_close=new.expected_close,
        closed_at=None if stage.outcome == Outcome.OPEN else now,
        source=new.source,
        products=list(new.products),
    )


def add_people_to_deal(session: Session, deal: Deal, contact_ids: tuple[int, ...]) -> None:
    """Let contacts take part in a deal; those who do already stay as they are."""
    rows = [{"deal_id": deal.id, "contact_id": i, "role": ""} for i in dict.fromkeys(contact_ids)]
    insert_ignoring(session, DealPerson, rows)


def move_deal(
    session: Session, team: Team, deal_id: int, stage_id: int, *, lost_reason: str = "", at: datetime | None = None
) -> Deal:
    """Move a deal to a stage of its pipeline; moving it to where it stands changes nothing.

    Raises `NotFoundError` where either is not there.
    """
    deal = require(session, team.workspace_id, deal_id, Deal)
    stage = writing.find_stage(session, team.workspace_id, stage_id)
    if stage is None or stage.pipeline_id != deal.pipeline_id:
        raise NotFoundError("This deal's pipeline has no such stage; reload the page and choose again.")
    if stage.id == deal.stage_id:
        return deal
    now = at or team.now()
    _note_stage(session, team, deal, stage, now, came_from=deal.stage_id)
    deal.stage_id, deal.stage_entered_at = stage.id, now
    deal.closed_at = None if stage.outcome == Outcome.OPEN else now
    deal.lost_reason = lost_reason if stage.outcome == Outcome.LOST else ""
    touch(deal, now)
    return deal


def _note_stage(
    session: Session, team: Team, deal: Deal, stage: Stage, at: datetime, *, came_from: int | None = None
) -> None:
    session.add(
        StageChange(
            workspace_id=team.workspace_id,
            deal_id=deal.id,
            from_stage_id=came_from,
            to_stage_id=stage.id,
            at=at,
            user_id=team.user_id,
        )
    )


def touch(record: Record, now: datetime) -> None:
    """Note that a record was changed."""
    record.version += 1
    record.updated_at = now


def require(session: Session, workspace_id: int, record_id: int, kind: type[R], *, will_change: bool = False) -> R:
    """A living record of the workspace and kind; `will_change` keeps others from changing it meanwhile.

    Raises `NotFoundError`, in the same words whatever is the matter.
    """
    record = writing.find_record(session, workspace_id, record_id, will_change=will_change)
    if not isinstance(record, kind):
        raise NotFoundError("There is no such record here; it may have been deleted or merged.")
    return record


def _require_name(name: str) -> None:
    if not squeeze(name):
        raise UserError("A name is missing; write what you would call it.")
