from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from backend.accounts.shapes import Actor
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.activities.tables import ActivityRecord
from backend.db import Base
from backend.kit.errors import NotFoundError, UserError
from backend.linking.merging import merge_records, preview_merge, undo_merge
from backend.linking.shapes import Scope
from backend.linking.tables import Link, Veto
from backend.linking.undo import link_by_hand, undo_relink, unlink
from backend.records.service import Team, make_company, make_contact
from backend.records.shapes import NewCompany, NewContact
from backend.records.store.reading import get_contact, search_records
from backend.records.tables import CompanyDomain, Contact, ContactAddress, Deal, DealPerson, Record
from tests.cast import ALICE, DORA, ERIK, Office
from tests.linking.test_service import alice, links, message_id, new_deal

DORA_AT_HOME = "dora@home.example"
CHANGES = {"version", "updated_at"}

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Twins:
    """Dora twice, each with mail, a deal and a note; `both` is a deal in which both take part."""

    office: Office
    kept: int
    lost: int
    both: int


@pytest.fixture
def twins(office: Office) -> Twins:
    team = Team(office.workspace_id, office.clock)
    with office.db.write() as session:
        company = make_company(session, team, NewCompany("Nordwind", ("nordwind.example",))).id
        kept = make_contact(session, team, NewContact("Dora Holm", ((DORA, DORA),), title="Buyer", company_id=company))
        home = NewContact("Dora H.", ((DORA_AT_HOME, DORA_AT_HOME),), title="Boss", phone="+49 30 1234567")
        lost = make_contact(session, team, home)
        ids = kept.id, lost.id
    office.mail(DORA, ALICE, "From work")
    office.mail(DORA_AT_HOME, ALICE, "From home")
    office.mail(DORA_AT_HOME, ALICE, "From home again")
    office.mail(ERIK, ALICE, "Linked by hand")
    office.mail(DORA_AT_HOME, [ALICE, DORA], "To both")
    office.mail(DORA_AT_HOME, ALICE, "Not about her")
    office.sync()
    new_deal(office, "Cellar", "Dora H.")
    both = new_deal(office, "House", "Dora Holm", "Dora H.")
    with office.db.write() as session:
        actor = alice(office)
        for about in ((ids[1],), ids):
            add_activity(
                session,
                office.clock,
                office.workspace_id,
                NewActivity(ActivityKind.NOTE, "Called", about, actor.user_id),
            )
        link_by_hand(session, office.clock, actor, message_id(office, "Linked by hand"), ids[1])
        link_by_hand(session, office.clock, actor, message_id(office, "To both"), ids[1])
        unlink(session, office.clock, actor, message_id(office, "Not about her"), ids[1], Scope.MAIL)
    office.clock.advance(timedelta(hours=1))
    return Twins(office, *ids, both)


def rows_of(office: Office) -> Rows:
    """Everything that a merge may move, but for versions; links that were taken back are only receipts."""
    kinds = (Record, Contact, Deal, ContactAddress, CompanyDomain, DealPerson, ActivityRecord, Veto)
    tables: list[Any] = [kind.__table__ for kind in kinds]
    with office.db.read() as session:
        found = {table.name: _rows(session.execute(select(table)), table) for table in tables}
        query = select(Link.message_id, Link.record_id, Link.rule).where(Link.undone_at.is_(None))
        found["links"] = sorted(tuple(row) for row in session.execute(query))
        for words in ("dora", DORA, DORA_AT_HOME):
            found[words] = sorted((r.id,) for r in search_records(session, office.workspace_id, words))
    return found


def _rows(result: Any, table: Table) -> list[tuple[Any, ...]]:
    kept = [column.name for column in table.columns if column.name not in CHANGES]
    return sorted((tuple(getattr(row, name) for name in kept) for row in result), key=repr)


def merge(twins: Twins) -> int:
    with twins.office.db.write() as session:
        return merge_records(session, twins.office.clock, alice(twins.office), twins.kept, twins.lost).id


def undo(twins: Twins, merge_id: int) -> None:
    with twins.office.db.write() as session:
        undo_merge(session, twins.office.clock, alice(twins.office), merge_id)


def test_the_kept_contact_takes_up_addresses_mail_deals_activities_and_what_it_lacked(twins: Twins) -> None:
    merge(twins)
    with twins.office.db.read() as session:
        kept = get_contact(session, twins.office.workspace_id, twins.kept)
        assert kept is not None
        assert (kept.emails, kept.title, kept.phone) == ((DORA, DORA_AT_HOME), "Buyer", "+49 30 1234567")
        primary = select(ContactAddress.email).where(ContactAddress.is_primary)
        assert session.scalars(primary).all() == [DORA]
        assert get_contact(session, twins.office.workspace_id, twins.lost) is None
        assert session.get_one(Contact, twins.lost).merged_into_id == twins.kept
        of_kept = select(DealPerson.deal_id).where(DealPerson.contact_id == twins.kept)
        assert len(session.scalars(of_kept).all()) == 2
        about = select(ActivityRecord.activity_id).where(ActivityRecord.record_id == twins.kept)
        assert len(session.scalars(about).all()) == 2
        found = search_records(session, twins.office.workspace_id, DORA_AT_HOME)
        assert [record.id for record in found] == [twins.kept]
    of_dora = {subject for subject, name in links(twins.office) if name == "Dora Holm"}
    assert of_dora == {"From work", "From home", "From home again", "Linked by hand", "To both"}


def test_mail_that_comes_after_the_merge_goes_to_the_kept_contact(twins: Twins) -> None:
    merge(twins)
    twins.office.mail(DORA_AT_HOME, ALICE, "Later")
    twins.office.sync()
    assert {name for subject, name in links(twins.office) if subject == "Later"} >= {"Dora Holm"}


def test_a_preview_says_what_would_move_and_changes_nothing(twins: Twins) -> None:
    before = everything(twins.office)
    with twins.office.db.write() as session:
        found = preview_merge(session, twins.office.clock, alice(twins.office), twins.kept, twins.lost)
    assert everything(twins.office) == before
    assert (found.merge_id, found.mails, found.addresses, found.deals, found.activities) == (None, 4, 1, 1, 1)
    assert found.fields == ("phone",)
    assert (found.kept_name, found.lost_name) == ("Dora Holm", "Dora H.")


def everything(office: Office) -> Rows:
    """Every row of every table."""
    with office.db.read() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_an_undo_puts_every_row_back(twins: Twins) -> None:
    before = rows_of(twins.office)
    merge_id = merge(twins)
    assert rows_of(twins.office) != before
    undo(twins, merge_id)
    assert rows_of(twins.office) == before


def test_two_may_be_merged_again_after_an_undo_with_the_same_outcome(twins: Twins) -> None:
    first = merge(twins)
    after = rows_of(twins.office)
    undo(twins, first)
    second = merge(twins)
    assert rows_of(twins.office) == after
    undo(twins, second)


def test_an_undo_sends_mail_that_came_since_to_whom_it_belongs(twins: Twins) -> None:
    merge_id = merge(twins)
    twins.office.mail(DORA_AT_HOME, ALICE, "Later")
    twins.office.sync()
    undo(twins, merge_id)
    assert {name for subject, name in links(twins.office) if subject == "Later"} >= {"Dora H."}
    assert ("Later", "Dora Holm") not in links(twins.office)


def test_an_undo_leaves_what_somebody_changed_since(twins: Twins) -> None:
    merge_id = merge(twins)
    with twins.office.db.write() as session:
        session.get_one(Contact, twins.kept).phone = "+49 40 7654321"
    undo(twins, merge_id)
    with twins.office.db.read() as session:
        assert session.get_one(Contact, twins.kept).phone == "+49 40 7654321"
        assert session.get_one(Contact, twins.lost).phone == "+49 30 1234567"


def test_a_merge_whose_links_were_undone_already_can_still_be_undone(twins: Twins) -> None:
    before = rows_of(twins.office)
    with twins.office.db.write() as session:
        actor = alice(twins.office)
        done = merge_records(session, twins.office.clock, actor, twins.kept, twins.lost)
        assert done.batch_id is not None
        undo_relink(session, twins.office.clock, actor, done.batch_id)
    undo(twins, done.id)
    assert rows_of(twins.office) == before


def test_companies_merge_with_their_domains_people_and_deals_and_come_apart_again(office: Office) -> None:
    team = Team(office.workspace_id, office.clock)
    with office.db.write() as session:
        kept = make_company(session, team, NewCompany("Nordwind GmbH", ("nordwind.example",), city="Kiel")).id
        lost = make_company(session, team, NewCompany("Nordwind", ("nordwind.test",), industry="Energy")).id
        make_contact(
            session, team, NewContact("Nina", (("nina@nordwind.test", "nina@nordwind.test"),), company_id=lost)
        )
    office.mail("nina@nordwind.test", ALICE, "Tender")
    office.sync()
    deal = new_deal(office, "Forty seats")
    with office.db.write() as session:
        session.get_one(Deal, deal).company_id = lost
    office.clock.advance(timedelta(hours=1))
    before = rows_of(office)
    with office.db.write() as session:
        merge_id = merge_records(session, office.clock, alice(office), kept, lost).id
    with office.db.read() as session:
        assert set(session.scalars(select(CompanyDomain.company_id))) == {kept}
        assert session.scalars(select(Contact.company_id)).one() == kept
        assert session.get_one(Deal, deal).company_id == kept
    assert ("Tender", "Nordwind GmbH") in links(office)
    assert ("Tender", "Nordwind") not in links(office)
    with office.db.write() as session:
        undo_merge(session, office.clock, alice(office), merge_id)
    assert rows_of(office) == before


def test_what_cannot_be_one_is_refused_in_a_sentence(twins: Twins) -> None:
    for lost in (twins.kept, twins.both):
        with pytest.raises(UserError, match="choose"), twins.office.db.write() as session:
            merge_records(session, twins.office.clock, alice(twins.office), twins.kept, lost)
    with pytest.raises(UserError, match="Deals do not merge"), twins.office.db.write() as session:
        merge_records(session, twins.office.clock, alice(twins.office), twins.both, new_deal(twins.office, "Other"))


def test_a_merge_is_undone_once_and_only_while_the_kept_record_is_there(twins: Twins) -> None:
    first = merge(twins)
    team = Team(twins.office.workspace_id, twins.office.clock)
    with twins.office.db.write() as session:
        third = make_contact(session, team, NewContact("Dora again")).id
    with twins.office.db.write() as session:
        second = merge_records(session, twins.office.clock, alice(twins.office), third, twins.kept).id
    with pytest.raises(UserError, match="undo that first"):
        undo(twins, first)
    undo(twins, second)
    undo(twins, first)
    with pytest.raises(UserError, match="undone already"):
        undo(twins, first)


def test_nobody_merges_what_is_another_teams(twins: Twins) -> None:
    merge_id = merge(twins)
    stranger = Actor(99, twins.office.workspace_id + 1, alice(twins.office).role, "x@other.example")
    for attempt in (
        lambda s: merge_records(s, twins.office.clock, stranger, twins.kept, twins.lost),
        lambda s: preview_merge(s, twins.office.clock, stranger, twins.kept, twins.lost),
        lambda s: undo_merge(s, twins.office.clock, stranger, merge_id),
    ):
        with pytest.raises(NotFoundError), twins.office.db.write() as session:
            attempt(session)
