"""Invented people and deals: Ana of Nordwind writes to Sam; and how English and Spanish readers read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from backend.card.facts import (
    Candidate,
    ColdDeal,
    Company,
    Deal,
    Do,
    Found,
    Guess,
    Home,
    Known,
    LastTouch,
    Locked,
    Mail,
    Notice,
    Person,
    ReadRequest,
    Receipt,
    Scope,
    Speaker,
    Stage,
    Task,
    Unknown,
    Waiting,
)
from backend.card.form_facts import Draft, Template
from backend.card.sequence_facts import Enrolment, LedgerLine, Standing, Startable
from backend.card.words import Words
from backend.sequences.shapes import EnrolmentState

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CRM = "https://crm.example.com/"
ACTIONS = CRM + "addon/http/actions"


class PseudoSpanish(NullTranslations):
    """Marks every sentence that went through the catalogue: what stays unmarked was never translatable."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"«{msgid1 if n == 1 else msgid2}»"


ENGLISH = Words(NOW)
SPANISH = Words(NOW, "es", ZoneInfo("Europe/Madrid"), PseudoSpanish())

MAIL = Mail("m1", "Offer for 40 seats")
NORDWIND = Company("Nordwind GmbH", CRM + "companies/7")
ANA = Person("p1", "ana@nordwind.example", "Ana Ruiz", "Head of Purchasing", NORDWIND, CRM + "contacts/1")
STRANGER = Person("t.abc-1", "kim@fjord.example", "Kim Berg", is_known=False)
TASK = Task("k1", "Send revised offer", date(2026, 11, 22), "Nordwind – 40 seats", CRM + "tasks/1")
RECEIPT = Receipt(
    "l1",
    "Nordwind – 40 seats",
    "Ana is the buyer of this deal, and the conversation is about it.",
    evidence=("In-Reply-To: your offer of 3 Nov", "Ana has the role buyer"),
    rejected=("Nordwind – renewal 2027: closed",),
    linked_at=NOW - timedelta(hours=2),
)
DEAL = Deal(
    "d1",
    "Nordwind – 40 seats",
    "s2",
    (Stage("s1", "Qualified"), Stage("s2", "Proposal"), Stage("s3", "Won")),
    12_000_00,
    closes_on=date(2026, 12, 15),
    url=CRM + "deals/1",
    company=NORDWIND,
    owner="Sam Field",
    next_task=TASK,
    receipt=RECEIPT,
    reference="D-17",
)
ENROLMENT = Enrolment("e1", "Onboarding", 2, 5, EnrolmentState.PAUSED, "she replied")
STANDING = Standing(
    "Ana Ruiz",
    replace(
        ENROLMENT, state=EnrolmentState.ACTIVE, reason="", next_on=date(2026, 11, 24), url=CRM + "sequences/people/1"
    ),
    (LedgerLine("Sent", NOW - timedelta(days=2)), LedgerLine("Enrolled", NOW - timedelta(days=2), "by hand")),
)
KNOWN = Known(
    MAIL,
    ANA,
    LastTouch(Speaker.THEM, NOW - timedelta(hours=2), "Ana", you_owe_reply=True),
    deals=(DEAL, replace(DEAL, id="d2", name="Nordwind – training")),
    candidates=(Candidate("d1", "Nordwind – 40 seats", "the subject names it"),),
    next_task=TASK,
    enrolments=(ENROLMENT,),
    receipt=RECEIPT,
    others=(STRANGER,),
    notice=Notice("Moved to Proposal", "c1"),
    offers=frozenset(Do),
)
UNKNOWN = Unknown(MAIL, STRANGER, Guess(Company("Fjord AS"), "3 contacts write from fjord.example"), "fjord.example")
LOCKED = Locked(MAIL, ("Ida Holm",), asked_at=NOW - timedelta(hours=1))
HOME = Home(
    "Sam Field",
    tasks=(TASK, replace(TASK, id="k2", title="Call back", due_on=date(2026, 11, 19))),
    waiting=(Waiting("Ana Ruiz", "Offer", NOW - timedelta(hours=2), CRM + "threads/1"),),
    requests=(ReadRequest("r1", "Ida Holm", "Our price list", NOW - timedelta(hours=1)),),
    cold=(ColdDeal("d9", "Baltic – pilot", 21, "Proposal"),),
    more_url=CRM,
    unlinked_count=3,
    unlinked_url=CRM + "unlinked",
)


FOUND = (
    Found("d1", "Nordwind – 40 seats", "Proposal · €12,000", is_deal=True),
    Found("p1", "Ana Ruiz", "Nordwind GmbH"),
)
DRAFT = Draft(
    ("Ana Ruiz",),
    person="p1",
    person_name="Ana Ruiz",
    deal="d1",
    templates=(
        Template("t1", "Offer", "Nordwind – 40 seats: our offer"),
        Template("t2", "Thank you", missing=("contact.title",)),
    ),
    deals=(DEAL,),
    templates_url=CRM + "templates",
)
STARTABLE = (
    Startable("q1", "Onboarding", "5 steps in 12 days"),
    Startable("q2", "Win back", "3 steps", refusal="Ana is in another sequence"),
)


def people(count: int) -> tuple[Person, ...]:
    return tuple(Person(f"p{i}", f"p{i}@fjord.example", f"Person {i}", is_known=bool(i % 2)) for i in range(count))


def undomained(receipt: Receipt) -> Receipt:
    return replace(receipt, scopes=(Scope.MAIL, Scope.THREAD, Scope.ADDRESS))


def words_of(text: str) -> str:
    """Card text as it is read: tags gone, entities decoded."""
    return re.sub(r"<[^>]+>", " ", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
