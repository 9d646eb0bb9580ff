"""The demo's workspace: its people with passwords, their mailboxes, and what a team would have typed in by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.utils import getaddresses

from sqlalchemy.orm import Session

from backend.accounts.keys import set_password
from backend.accounts.mailboxes import connect_mailbox
from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import GrantKind, Role
from backend.accounts.store import find_mailbox, first_workspace
from backend.accounts.tables import User, Workspace
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.demo.sample.shapes import (
    Sample,
    SampleActivity,
    SampleCompany,
    SampleDeal,
    SamplePerson,
    SampleUser,
)
from backend.demo.sequence import start_sequence
from backend.installation import Installation
from backend.mail.addresses import domain_of, is_free_mail, key_of
from backend.records.service import Team, make_company, make_contact, make_deal, make_sales_pipeline, move_deal
from backend.records.shapes import NewCompany, NewContact, NewDeal, Origin
from backend.records.store.reading import list_pipelines
from backend.sync.store import ensure_state

PASSWORD = "enlace-demo"  # noqa: S105 - shown on the sign-in page of the demo


# She manages without a mailbox of her own in the CRM, so that one login shows what that looks like.
MANAGER = SampleUser("ines@lumbrera.example", "Inés Robles", "manager", "es", "Europe/Madrid", PASSWORD)
WRITER = "lucia@lumbrera.example"


@dataclass(frozen=True, slots=True)
class Login:
    """A sample login, to be printed."""

    email: str
    password: str
    role: str


def owner_team(here: Installation, owners: Sequence[str]) -> list[Login]:
    """A workspace of one person, for mail that somebody brought along; further owners are aliases. Made once."""
    address = owners[0].strip().lower()
    domain = domain_of(key_of(address))
    user = SampleUser(address, address.split("@")[0], "admin", "en", "UTC", PASSWORD)
    with here.db.write() as session:
        if first_workspace(session) is None:
            workspace = create_workspace(session, here.clock, domain, domain="" if is_free_mail(domain) else domain)
            make_sales_pipeline(session, workspace.id)
            _make_user(session, here, workspace, user)
    return [Login(user.email, user.password, user.role)]


def sample_team(here: Installation, sample: Sample) -> list[Login]:
    """The sample's workspace with its companies, people, deals and activities. Made once."""
    with here.db.write() as session:
        if first_workspace(session) is None:
            workspace = create_workspace(session, here.clock, sample.workspace_name, domain=sample.workspace_domain)
            make_sales_pipeline(session, workspace.id)
            users = {u.email: _make_user(session, here, workspace, u) for u in (*sample.users, MANAGER)}
            people = _Typist(session, Team(workspace.id, here.clock), users).type_in(sample)
            start_sequence(session, here.clock, users[WRITER], acquaintances(sample), people)
    return [Login(u.email, u.password, u.role) for u in (*sample.users, MANAGER)]


def _make_user(session: Session, here: Installation, workspace: Workspace, person: SampleUser) -> User:
    user = create_user(
        session,
        here.clock,
        workspace,
        email=person.email,
        role=Role(person.role),
        name=person.name,
        locale=person.locale,
        timezone=person.timezone,
    )
    set_password(session, here.clock, user, person.password)
    assert here.emulator is not None
    if person.email in here.emulator.addresses():
        connect_in_emulator(session, here, user)
    return user


def connect_in_emulator(session: Session, here: Installation, user: User) -> None:
    """Connect a user's mailbox in the demo's emulator, due at once."""
    key = key_of(user.email)
    if find_mailbox(session, user.workspace_id, key) is None:
        mailbox = connect_mailbox(
            session, here.clock, here.vault, user, address=user.email, address_key=key, kind=GrantKind.EMULATOR
        )
        ensure_state(session, mailbox, here.clock.now())


def acquaintances(sample: Sample) -> list[SamplePerson]:
    """People whom the team has dealt with: in a deal, in a note, or written to; who only wrote to us is a stranger."""
    known = {address for deal in sample.deals for address in deal.people} | {a.about for a in sample.activities}
    for mail in sample.mails:
        if any("SENT" in labels for _, labels in mail.mailboxes):
            headers = BytesHeaderParser().parsebytes(mail.raw)
            known |= {a.lower() for _, a in getaddresses([*headers.get_all("To", []), *headers.get_all("Cc", [])])}
    return [p for p in sample.people if known.intersection((p.address, *p.other_addresses))]


@dataclass(frozen=True, slots=True)
class _Typist:
    """Types the sample in as its team would have."""

    session: Session
    team: Team
    users: Mapping[str, User]

    def type_in(self, sample: Sample) -> dict[str, int]:
        """Returns the contact of each address."""
        known = acquaintances(sample)
        firms = {p.company_domain for p in known} | {d.company_domain for d in sample.deals}
        companies = {c.domain: self._company(c) for c in sample.companies if c.domain in firms}
        people: dict[str, int] = {}
        for person in known:
            contact_id = self._person(person, companies)
            people |= dict.fromkeys((person.address, *person.other_addresses), contact_id)
        stages = {s.name: s.id for _, _, stages in list_pipelines(self.session, self.team.workspace_id) for s in stages}
        named_first = sorted(sample.deals, key=lambda d: d.reference is None)  # others take the numbers left free
        deals = {deal.name: self._deal(deal, companies, people, stages) for deal in named_first}
        for activity in sample.activities:
            record_id = deals.get(activity.about) or people[activity.about]
            self._activity(activity, record_id)
        return people

    def _company(self, company: SampleCompany) -> int:
        new = NewCompany(
            name=company.name,
            domains=(company.domain,),
            industry=company.industry,
            city=company.city,
            country=company.country,
            employees=company.size,
            origin=Origin.IMPORT,
        )
        return make_company(self.session, self.team, new).id

    def _person(self, person: SamplePerson, companies: Mapping[str, int]) -> int:
        first, _, last = person.name.partition(" ")
        new = NewContact(
            name=person.name,
            addresses=tuple((key_of(a), a) for a in (person.address, *person.other_addresses)),
            first_name=first,
            last_name=last,
            title=person.title,
            phone=person.phone,
            country=person.country,
            company_id=companies.get(person.company_domain or ""),
            origin=Origin.IMPORT,
        )
        return make_contact(self.session, self.team, new).id

    def _deal(
        self, deal: SampleDeal, companies: Mapping[str, int], people: Mapping[str, int], stages: Mapping[str, int]
    ) -> int:
        owner = self.users[deal.owner]
        team = Team(self.team.workspace_id, self.team.clock, owner.id)
        first, *moves = deal.stage_history
        (pipeline_id, *_), *_ = list_pipelines(self.session, self.team.workspace_id)
        new = NewDeal(
            name=deal.name,
            pipeline_id=pipeline_id,
            stage_id=stages[first[0]],
            company_id=companies.get(deal.company_domain or ""),
            contact_ids=tuple(people[a] for a in deal.people),
            amount_minor=deal.amount_minor,
            currency=deal.currency,
            expected_close=deal.expected_close,
            source=deal.source,
            products=deal.products,
            reference=deal.reference,
            owner_id=owner.id,
            origin=Origin.IMPORT,
            created_at=deal.created_at,
        )
        made = make_deal(self.session, team, new, "D")
        for stage, at in moves:
            move_deal(self.session, team, made.id, stages[stage], lost_reason=deal.lost_reason or "", at=at)
        return made.id

    def _activity(self, activity: SampleActivity, record_id: int) -> None:
        new = NewActivity(
            kind=ActivityKind(activity.kind),
            text=activity.text,
            record_ids=(record_id,),
            owner_id=self.users[activity.owner].id,
            at=activity.at,
            due_at=activity.due_at,
            done_at=activity.done_at,
            outcome=activity.outcome or "",
            minutes=activity.minutes,
        )
        add_activity(self.session, self.team.clock, self.team.workspace_id, new)
