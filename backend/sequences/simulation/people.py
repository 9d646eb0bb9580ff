"""Invented people, for whom a sequence is rehearsed before anybody is on the way; each has a value for each field."""

from __future__ import annotations

from itertools import cycle

from sqlalchemy.orm import Session

from backend.accounts.store import get_workspace
from backend.records.service import Team, make_company, make_contact, make_deal, make_sales_pipeline
from backend.records.shapes import NewCompany, NewContact, NewDeal, Origin
from backend.records.store.reading import list_pipelines

_FIRST = ("Ana", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Irene", "Jonas", "Karin", "Luis")
_LAST = ("Abel", "Bosch", "Castro", "Dahl", "Egger", "Ferrer", "Grau", "Haas", "Ibarra", "Jung", "Klein", "Lorca")
_TITLES = ("Head of Purchasing", "Managing Director", "Office Manager")
PEOPLE_IN_A_COMPANY = 3


def invent(session: Session, team: Team, number: int, *, with_deals: bool) -> list[tuple[int, int | None]]:
    """Make people, three to a company; returns (contact, deal) of each, the deal None unless asked for."""
    names = cycle((first, last) for last in _LAST for first in _FIRST)
    made: list[tuple[int, int | None]] = []
    company_id = 0
    for position, (first, last) in zip(range(number), names, strict=False):
        firm = position // PEOPLE_IN_A_COMPANY + 1
        if position % PEOPLE_IN_A_COMPANY == 0:
            company_id = make_company(session, team, NewCompany(f"Firm {firm}", (f"rehearsal-firm{firm}.example",))).id
        address = f"{first}.{last}.{position + 1}@rehearsal-firm{firm}.example".lower()
        contact = NewContact(
            name=f"{first} {last}", addresses=((address, address),), first_name=first, last_name=last,
            title=_TITLES[position % len(_TITLES)], company_id=company_id, owner_id=team.user_id, origin=Origin.IMPORT,
        )  # fmt: skip
        contact_id = make_contact(session, team, contact).id
        deal_id = _deal(session, team, firm, company_id, contact_id) if with_deals else None
        made.append((contact_id, deal_id))
    return made


def _deal(session: Session, team: Team, firm: int, company_id: int, contact_id: int) -> int:
    pipelines = list_pipelines(session, team.workspace_id)
    pipeline_id = pipelines[0][0] if pipelines else make_sales_pipeline(session, team.workspace_id).id
    new = NewDeal(
        f"Offer to Firm {firm}", pipeline_id, company_id=company_id, contact_ids=(contact_id,),
        amount_minor=1_200_000, owner_id=team.user_id,
    )  # fmt: skip
    return make_deal(session, team, new, get_workspace(session, team.workspace_id).deal_reference_prefix).id
