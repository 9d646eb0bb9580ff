"""What a team decided about linking, in one statement: every card and every batch of mail asks."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from backend.accounts.shapes import ContactPolicy
from backend.accounts.store import team_addresses_of
from backend.accounts.tables import Workspace
from backend.db import json_rows, read_columns
from backend.linking.shapes import Policy
from backend.mail.addresses import key_of
from backend.privacy.tables import Exclusion


def load_policy(session: Session, workspace_id: int) -> Policy:
    """What the team decided about linking, with its own addresses. Raises `LookupError` for a team that is not."""
    row = read_columns(session, _decisions(), {"workspace_id": workspace_id}).first()
    if row is None:
        raise LookupError(workspace_id)
    contact_policy, own_domains, prefix, exclusions, addresses = row
    excluded: dict[str, dict[str, int]] = {"address": {}, "domain": {}}
    for kind, value, i in exclusions:
        excluded[kind][value] = i
    return Policy(
        contact_policy=ContactPolicy(contact_policy),
        own_domains=tuple(f".{domain}" for domain in own_domains.split(", ") if domain),
        own_keys=frozenset(key_of(address) for (address,) in addresses),
        deal_reference_prefix=prefix,
        excluded_keys=excluded["address"],
        excluded_domains=excluded["domain"],
    )


@cache
def _decisions() -> Select[*tuple[Any, ...]]:
    team = Workspace.id == bindparam("workspace_id")
    team_wide = (Exclusion.workspace_id == Workspace.id) & Exclusion.mailbox_id.is_(None)
    exclusions = select(Exclusion.kind, Exclusion.value, Exclusion.id).where(team_wide).correlate(Workspace)
    own = team_addresses_of(bindparam("workspace_id")).subquery()
    settings = (Workspace.contact_policy, Workspace.domain, Workspace.deal_reference_prefix)
    return select(*settings, json_rows(exclusions), json_rows(select(own.c[0]))).where(team)
