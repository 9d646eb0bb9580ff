"""What a card is built from: facts about one mail and its people, gathered for one reader by `service`.

Everything is plain and already allowed: what the reader may not see is not here. Ids are opaque text (digits, letters,
`-_.:=~`; a signed token where there is no record yet) and go into the actions' parameters as they are. Links lead into
the CRM (absolute; "" where the reader may not follow). Names and titles are as people wrote them, however odd: the
builders shorten and escape. Sentences (`why`, `evidence`, `reason`) are in the reader's language already.

    Subject = Known | Unknown | Several | Internal | Unlinked | Locked     what `cards.context_card` makes a card of
    Home                                                                   what `cards.home_card` makes a card of
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from backend.card.sequence_facts import Enrolment


class Do(StrEnum):
    """The actions that cards offer: the last part of `POST /addon/v1/actions/<name>`.

    Each line says which ids are among the parameters, and after `←` which inputs come along. Every action on the card
    of a mail has `mail` too (`Mail.id`); the answer is an `Outcome`. `draft` says that a mail is being written: there
    is no card of a mail to go back to then.
    """

    OPEN_PERSON = "open-person"  # person → pushes that participant's card
    OPEN_DEAL = "open-deal"  # deal → pushes the deal's card
    WHY = "why"  # link → pushes the receipt
    UNLINK = "unlink"  # link, scope (mail, thread, address, domain) → updates, with a notice that can undo
    UNDO = "undo"  # change → updates
    SET_STAGE = "set-stage"  # deal ← stage
    CHOOSE_DEAL = "choose-deal"  # deal, or no deal: none of them
    CREATE_CONTACT = "create-contact"  # person
    CREATE_CONTACT_AND_DEAL = "create-contact-and-deal"  # person
    LINK_EXISTING = "link-existing"  # pushes the search (person where it is about one)
    SEARCH = "search"  # (person) ← query → updates the search with what was found
    LINK_TO = "link-to"  # record, (person) → back, with a notice that can undo
    IGNORE_ADDRESS = "ignore-address"  # person
    IGNORE_DOMAIN = "ignore-domain"  # person
    NEW_NOTE = "new-note"  # record → pushes the form
    SAVE_NOTE = "save-note"  # record ← text
    NEW_TASK = "new-task"  # record → pushes the form
    SAVE_TASK = "save-task"  # record ← title, due (ISO date, may be missing)
    COMPLETE_TASK = "complete-task"  # task
    NEW_CALL = "new-call"  # record → pushes the form
    SAVE_CALL = "save-call"  # record ← outcome, text (may be missing)
    NEW_DEAL = "new-deal"  # record (a contact) → pushes the form
    SAVE_NEW_DEAL = "save-new-deal"  # record ← name, amount, closes (the last two may be missing)
    EDIT_DEAL = "edit-deal"  # deal → pushes the form
    SAVE_DEAL = "save-deal"  # deal ← name, amount, closes
    NEW_CONTACT = "new-contact"  # person (a stranger) → pushes the form
    SAVE_NEW_CONTACT = "save-new-contact"  # person ← name, title, phone
    EDIT_CONTACT = "edit-contact"  # record → pushes the form
    SAVE_CONTACT = "save-contact"  # record ← name, title, phone
    SETTINGS = "settings"  # → pushes what the reader's card rests on
    ENROL = "enrol"  # record, (deal), (draft) → pushes the choice of sequence
    START_SEQUENCE = "start-sequence"  # record, sequence, (deal), (draft) → back, with a notice that can undo
    OPEN_SEQUENCE = "open-sequence"  # enrolment → pushes where the person stands, and why
    PAUSE_SEQUENCE = "pause-sequence"  # enrolment
    RESUME_SEQUENCE = "resume-sequence"  # enrolment
    STOP_SEQUENCE = "stop-sequence"  # enrolment
    SKIP_MAIL = "skip-mail"  # enrolment: its next mail is not sent
    SEND_AFTER_ALL = "send-after-all"  # enrolment: it is
    COMPOSE = "compose"  # ← to (recipients as the draft has them) → pushes what can be put into the draft
    INSERT_TEMPLATE = "insert-template"  # template, (person, deal), (part: whole) → writes into the draft
    INSERT_REFERENCE = "insert-reference"  # deal ← subject (may be missing) → writes the draft's subject
    KEEP_PRIVATE = "keep-private"  # hides the mail's conversation from colleagues
    SHARE_AGAIN = "share-again"
    ASK_TO_READ = "ask-to-read"  # asks those who keep the mail's conversation to themselves
    GRANT_ACCESS = "grant-access"  # request
    REFUSE_ACCESS = "refuse-access"  # request
    REFRESH = "refresh"  # updates: the way out of an error


class Scope(StrEnum):
    """How far an undo reaches, narrowest first."""

    MAIL = "mail"
    THREAD = "thread"
    ADDRESS = "address"
    DOMAIN = "domain"


class Speaker(StrEnum):
    """Who spoke last."""

    THEM = "them"
    YOU = "you"
    COLLEAGUE = "colleague"


class Means(StrEnum):
    """How somebody last spoke."""

    MAIL = "mail"
    CALL = "call"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class Mail:
    """The open mail; `id` is what the server needs to find it again (a message, or a token for one not yet synced).

    `is_own` says that the reader's own mailbox holds it, so that they may keep it private; `is_kept` that they do.
    """

    id: str
    subject: str = ""
    is_own: bool = False
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """Mail of the reader's own mailbox is missing: which one, what is so, what to do, and where."""

    address: str
    sentence: str
    remedy: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """The company of a person."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, or an address that is none yet (then `url` is "" and `name` may be)."""

    id: str
    address: str
    name: str = ""
    title: str = ""
    company: Company | None = None
    url: str = ""
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class LastTouch:
    """The last exchange with a person: who spoke (`name` as the reader calls them; unused for YOU), how, and when."""

    speaker: Speaker
    at: datetime
    name: str = ""
    means: Means = Means.MAIL
    you_owe_reply: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that the deal can be moved to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Why a mail hangs on a record. `why` is one sentence; `evidence` and `rejected` a line each.

    `scopes` are the undos that mean something here (no DOMAIN for a free-mail address).
    """

    link: str
    record: str
    why: str
    evidence: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    linked_at: datetime | None = None
    linked_by: str = ""
    scopes: tuple[Scope, ...] = tuple(Scope)


@dataclass(frozen=True, slots=True)
class Task:
    """An open task; `record` names what it is about."""

    id: str
    title: str
    due_on: date | None = None
    record: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal; `stage_id` is one of `stages`, `amount_minor` counts the currency's smallest unit (None: open).

    `receipt` says why this mail hangs on it, None where it does not; `reference` is what ties a mail to it by subject.
    """

    id: str
    name: str
    stage_id: str
    stages: tuple[Stage, ...]
    amount_minor: int | None = None
    currency: str = "EUR"
    closes_on: date | None = None
    url: str = ""
    company: Company | None = None
    owner: str = ""
    next_task: Task | None = None
    receipt: Receipt | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deal that the mail may be about, and what speaks for it."""

    deal: str
    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What has just been done; `change` undoes it ("" where nothing can be undone)."""

    text: str
    change: str = ""


# What a service can do today; a card draws no button for anything else.
BASIC_OFFERS: AbstractSet[Do] = frozenset({Do.NEW_NOTE, Do.NEW_TASK})


@dataclass(frozen=True, slots=True)
class Known:
    """A mail with one person that the CRM knows, or one of several that was picked; `more_others` are not listed."""

    mail: Mail
    person: Person
    last_touch: LastTouch | None = None
    deals: tuple[Deal, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    next_task: Task | None = None
    enrolments: tuple[Enrolment, ...] = ()
    receipt: Receipt | None = None
    others: tuple[Person, ...] = ()
    more_others: int = 0
    notice: Notice | None = None
    offers: AbstractSet[Do] = BASIC_OFFERS


@dataclass(frozen=True, slots=True)
class Guess:
    """The company that a stranger probably works for, and how we come to think so ("3 contacts write from @…")."""

    company: Company
    evidence: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A mail with somebody whom the CRM does not know; `domain` is "" for free mail, which nobody ignores whole."""

    mail: Mail
    person: Person
    guess: Guess | None = None
    domain: str = ""
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Several:
    """A mail with several outside people, most relevant first; `deals` are those that the mail hangs on."""

    mail: Mail
    people: tuple[Person, ...]
    deals: tuple[Deal, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Internal:
    """A mail among colleagues, or from the reader to themselves."""

    mail: Mail
    is_own: bool = False
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A mail that hangs on nothing on purpose; `reason` says why (a newsletter, an ignored domain, …)."""

    mail: Mail
    reason: str
    person: Person | None = None
    url: str = ""
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Locked:
    """A mail that only colleagues hold and keep to themselves; `is_kept` False: they share who wrote and when, no more.

    `asked_at` is when the reader asked to read it, None: never; `is_refused` says that the answer was no.
    """

    mail: Mail
    owners: tuple[str, ...]
    is_kept: bool = True
    asked_at: datetime | None = None
    is_refused: bool = False
    notice: Notice | None = None


Subject = Known | Unknown | Several | Internal | Unlinked | Locked


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a search found; `detail` tells it from its namesakes ("Proposal · €12,000", "Nordwind")."""

    id: str
    name: str
    detail: str = ""
    is_deal: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for the reader's reply."""

    name: str
    subject: str
    since: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A colleague who asks to read a conversation that the reader keeps to themselves."""

    id: str
    asker: str
    subject: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ColdDeal:
    """An open deal in which nothing has happened for `quiet_days`."""

    deal: str
    name: str
    quiet_days: int
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """What the reader finds with no mail open; each list is short, `more_url` leads to the whole."""

    reader: str
    tasks: tuple[Task, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    requests: tuple[ReadRequest, ...] = ()
    cold: tuple[ColdDeal, ...] = ()
    more_url: str = ""
    notice: Notice | None = None
    unlinked_count: int = 0
    unlinked_url: str = ""
