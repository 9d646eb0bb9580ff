"""Leaving senders out, and taking them in again; what must not be left out is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backend.kit.errors import UserError
from backend.linking.exclusions import ignore, stop_ignoring
from backend.linking.shapes import Outcome, Reason
from backend.linking.tables import Receipt
from backend.privacy.shapes import ExclusionKind
from backend.records.service import Team, contact_from_address, make_company, make_contact
from backend.records.shapes import NewCompany, Origin
from tests.cast import ALICE, BOB, DORA, Office


def outcomes(office: Office) -> list[tuple[Outcome, Reason]]:
    with office.db.read() as session:
        rows = session.execute(select(Receipt.outcome, Receipt.reason).order_by(Receipt.message_id))
        return [(Outcome(outcome), Reason(reason)) for outcome, reason in rows]


def test_mail_that_is_stored_follows_both_ways(office: Office) -> None:
    office.mail("kim@sales.fjord.example", ALICE)
    office.sync()
    actor = office.actors[ALICE]
    with office.db.write() as session:
        ignored = ignore(session, office.clock, actor, ExclusionKind.DOMAIN, "kim@sales.fjord.example")
        again = ignore(session, office.clock, actor, ExclusionKind.DOMAIN, "other@fjord.example")
    assert (ignored.value, ignored) == ("fjord.example", again)
    assert outcomes(office) == [(Outcome.LEFT_OUT, Reason.EXCLUDED)]
    for _ in range(2):
        with office.db.write() as session:
            stop_ignoring(session, office.clock, actor, ignored.id)
    assert outcomes(office) == [(Outcome.UNLINKED, Reason.NOBODY_KNOWN)]


@pytest.mark.parametrize(
    ("kind", "address", "why"),
    [
        (ExclusionKind.ADDRESS, BOB, "own team"),
        (ExclusionKind.DOMAIN, "kim@gmail.com", "everybody"),
        (ExclusionKind.DOMAIN, "kim@localhost", "everybody"),
        (ExclusionKind.DOMAIN, "kim@nordwind.example", "Contacts of yours write from"),
    ],
)
def test_what_must_stay_is_refused(office: Office, kind: ExclusionKind, address: str, why: str) -> None:
    with office.db.write() as session:
        team = Team(office.workspace_id, office.clock)
        company = make_company(session, team, NewCompany("Nordwind", ("nordwind.example",)))
        make_contact(session, team, contact_from_address(DORA, "Dora Lund", Origin.MANUAL, company.id))
    with pytest.raises(UserError, match=why), office.db.write() as session:
        ignore(session, office.clock, office.actors[ALICE], kind, address)
