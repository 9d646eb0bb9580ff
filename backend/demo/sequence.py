"""The demo's sequence: published, with people on the way; mails leave and an answer stops one within minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime
from threading import Timer
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.service import to_actor
from backend.accounts.store import mailboxes
from backend.accounts.tables import User
from backend.demo.sample.shapes import SamplePerson
from backend.gmail.emulator.core import Emulator
from backend.kit.clock import Clock
from backend.mail.addresses import domain_of
from backend.outbox.store import ensure_sender, set_pace
from backend.sequences.authoring.publishing import make_sequence, publish
from backend.sequences.people.enrolling import enrol
from backend.sequences.texts.service import save_template

NAME = "After the trial"
PEOPLE = 6
ANSWERS_AFTER_S = 30
Later = Callable[[Callable[[], object]], object]
QUICK = {"lead_s": 20, "spacing_s": 10, "jitter_s": 5, "person_hours": 0}
"""Nobody waits five minutes for a first draft to leave; in earnest they do."""

_HELLO = 'Hi {{ contact.first_name | default: "there" }},\n\n'
_BYE = "\n\nBest regards\n{{ sender.name }}"
_TEMPLATES = (
    ("After a call", "What we talked about", f"{_HELLO}thank you for your time on the phone just now.{_BYE}"),
    ("A gentle reminder", "", f"{_HELLO}did my last mail reach you?{_BYE}"),
    ("Our offer", "Your offer, {{ company.name }}", f"{_HELLO}here is the offer that I promised you.{_BYE}"),
)
_DEFINITION: Mapping[str, Any] = {
    "steps": [
        {
            "kind_of_step": "mail",
            "variants": [
                {"subject": "How is the trial going?", "body": f"{_HELLO}how did your first days go?{_BYE}"},
                {"subject": "One question", "body": f"{_HELLO}what would make the trial worth your while?{_BYE}"},
            ],
        },
        {"kind_of_step": "wait", "days": 2, "at": "09:30"},
        {
            "kind_of_step": "mail",
            "variants": [{"subject": "", "body": f"{_HELLO}just so that it does not get lost: any news?{_BYE}"}],
            "is_reply": True,
        },
        {"kind_of_step": "wait", "days": 3, "at": "09:30"},
        {"kind_of_step": "todo", "kind": "call", "text": "Call {{ contact.name }} about the trial"},
    ],
    "habits": {
        "window": {"days": list(range(7)), "opens": "00:00", "closes": "23:59"},  # whenever somebody looks at the demo
        "collision_days": 0,  # the sample's reps all write to the same people
    },
}


def start_sequence(
    session: Session, clock: Clock, rep: User, people: Sequence[SamplePerson], contact_ids: Mapping[str, int]
) -> None:
    """Publish it in a rep's name, and enrol a few people of different companies."""
    actor = to_actor(rep)
    for name, subject, body in _TEMPLATES:
        save_template(session, clock, actor, None, name=name, subject=subject, body=body, is_shared=True)
    sequence = make_sequence(session, clock, actor, NAME)
    publish(session, clock, actor, sequence.id, _DEFINITION)
    for mailbox in mailboxes(session, rep.workspace_id, user_id=rep.id):
        ensure_sender(session, rep.workspace_id, mailbox.id)
        set_pace(session, mailbox.id, QUICK)
    for person in chosen(people):
        enrol(session, clock, actor, sequence.id, contact_ids[person.address])


def chosen(people: Sequence[SamplePerson]) -> list[SamplePerson]:
    """The people who are enrolled: one of each company, so that an answer of one stops nobody else."""
    found: dict[str, SamplePerson] = {}
    for person in people:
        found.setdefault(domain_of(person.address), person)
    return list(found.values())[:PEOPLE]


def answer_for(emulator: Emulator, clock: Clock, people: Sequence[SamplePerson], later: Later) -> None:
    """Let the first of those people answer the mails that the demo sends; `later` does something after a while."""
    who = chosen(people)[0]

    def hear(sender: str, recipient: str, raw: bytes) -> None:
        if recipient.lower() == who.address:
            later(lambda: emulator.deliver(_reply(clock, who, sender, raw), [sender]))

    emulator.answer_outside(hear)


def after_a_while(act: Callable[[], object]) -> None:
    """Do something in half a minute, unless the demo ends before."""
    timer = Timer(ANSWERS_AFTER_S, act)
    timer.daemon = True
    timer.start()


def _reply(clock: Clock, who: SamplePerson, sender: str, raw: bytes) -> bytes:
    asked, mail = message_from_bytes(raw), EmailMessage()
    message_id, subject = str(asked["Message-ID"]), " ".join(str(asked["Subject"]).split())
    mail["From"], mail["To"] = f"{who.name} <{who.address}>", sender
    mail["Date"] = format_datetime(clock.now())
    mail["Subject"] = f"Re: {subject.removeprefix('Re: ')}"
    mail["Message-ID"] = f"<re.{message_id.strip('<>')}"[:200] + ">"
    mail["In-Reply-To"] = mail["References"] = message_id
    mail.set_content("Thank you for asking! It goes well, and my colleagues like it too. Shall we talk on Thursday?")
    return mail.as_bytes()
