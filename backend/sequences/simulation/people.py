"""Invented people, for whom a sequence is rehearsed before anybody is on the way; each has a value for each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from sqlalchemy.orm import Session

from backend.accounts.store import get_workspace
from backend.records.service import Team, make_deal, make_sales_pipeline
from backend.records.shapes import NewCompany, NewContact, NewDeal, Origin
from backend.records.store.reading import list_pipelines
from backend.records.store.writing import insert_companies, insert_contacts

_FIRST = ("Ana", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Irene", "Jonas", "Karin", "Luis")
_LAST = ("Abel", "Bosch", "Castro", "Dahl", "Egger", "Ferrer", "Grau", "Haas", "Ibarra", "Jung", "Klein", "Lorca")
_TITLES = ("Head of Purchasing", "Managing Director", "Office Manager")
PEOPLE_IN_A_COMPANY = 3


@dataclass(frozen=True, slots=True)
class Invented:
    """Somebody who was made up; `deal_id` None: there is none."""

    contact_id: int
    deal_id: int | None


def invent(session: Session, team: Team, number: int, *, with_deals: bool) -> list[Invented]:
    """Make people, three to a company; each has a deal where they are asked for."""
    firms = range(1, -(-number // PEOPLE_IN_A_COMPANY) + 1)
    news = [NewCompany(f"Firm {firm}", (f"rehearsal-firm{firm}.example",)) for firm in firms]
    companies = dict(zip(firms, insert_companies(session, team.workspace_id, news, team.now()), strict=True))
    contacts = list(_contacts(team, number, companies))
    ids = insert_contacts(session, team.workspace_id, contacts, team.now())
    deals = _deals(session, team, ids, companies) if with_deals else {}
    return [Invented(contact_id, deals.get(contact_id)) for contact_id in ids]


def _contacts(team: Team, number: int, companies: Mapping[int, int]) -> Iterator[NewContact]:
    names = cycle((first, last) for last in _LAST for first in _FIRST)
    for position, (first, last) in zip(range(number), names, strict=False):
        firm = _firm(position)
        address = f"{first}.{last}.{position + 1}@rehearsal-firm{firm}.example".lower()
        yield NewContact(
            name=f"{first} {last}", addresses=((address, address),), first_name=first, last_name=last,
            title=_TITLES[position % len(_TITLES)], company_id=companies[firm], owner_id=team.user_id,
            origin=Origin.IMPORT,
        )  # fmt: skip


def _firm(position: int) -> int:
    return position // PEOPLE_IN_A_COMPANY + 1


def _deals(session: Session, team: Team, ids: Sequence[int], companies: Mapping[int, int]) -> dict[int, int]:
    """A deal for each, by contact."""
    pipelines = list_pipelines(session, team.workspace_id)
    pipeline_id = pipelines[0][0] if pipelines else make_sales_pipeline(session, team.workspace_id).id
    prefix = get_workspace(session, team.workspace_id).deal_reference_prefix
    made = {}
    for position, contact_id in enumerate(ids):
        firm = _firm(position)
        new = NewDeal(
            f"Offer to Firm {firm}", pipeline_id, company_id=companies[firm], contact_ids=(contact_id,),
            amount_minor=1_200_000, owner_id=team.user_id,
        )  # fmt: skip
        made[contact_id] = make_deal(session, team, new, prefix).id
    return made
