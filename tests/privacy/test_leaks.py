"""Nobody sees what is not theirs: words are planted in a mail, and every door is searched for them as a colleague.

The doors come from the app itself (each GET of each page and of the API, with the ids of everything there is), so that
a new one cannot stay untried. The card and the searches are asked besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backend.accounts.keys import create_api_key
from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox, User
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.labels import create_label
from backend.kit.clock import VirtualClock
from backend.mail.tables import Conversation, Message
from backend.privacy.service.threads import keep_private
from backend.privacy.shapes import Sight
from backend.records.tables import Record
from tests.card.addon import Addon, addon_for
from tests.card.world import World
from tests.cast import ALICE, BOB, CAROL, DORA, Office, open_office

# From which sight on a planted word may be read. “harvest” stands in the text, so that searches need not say the word.
PLANTED = {
    "zbodyword": Sight.EVERYTHING,
    "zfileword": Sight.EVERYTHING,
    "zsubjectword": Sight.SUBJECT,
    "zpersonword": Sight.METADATA,
    "zdirectionword": Sight.METADATA,
}
FIRST, SECOND = "first@mail.example", "second@mail.example"
QUESTIONS = (
    "/search?q=harvest", "/search?q=zsub", "/api/v1/timeline?q=harvest", "/api/v1/records?q=zperson",
    "/api/v1/contacts?q=zperson", "/timeline?kind=mail&days=7", "/timeline?user=1", "/contacts?q=zperson",
)  # fmt: skip


def letter(
    clock: VirtualClock, message_id: str, to: str, subject: str, answers: str = "", text: str = "Hello"
) -> bytes:
    """A mail of Alice's."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = ALICE, to, subject, format_datetime(clock.now())
    mail["Message-ID"] = f"<{message_id}>"
    if answers:
        mail["References"] = f"<{answers}>"
    mail.set_content(text)
    if answers:
        mail.add_attachment(b"figures", "application", "pdf", filename="zfileword.pdf")
    return mail.as_bytes()


def letter_with_secrets(clock: VirtualClock) -> bytes:
    to = f"{DORA}, Zpersonword Smith <zdirectionword@quiet.example>"
    return letter(clock, SECOND, to, "Re: zsubjectword", FIRST, "The harvest is zbodyword.")


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Office:
    """Alice and the team's contact Dora have a conversation; its second mail holds the planted words."""
    office = open_office(sqlite_db, clock, emulator, ALICE, BOB)
    World(office).contact(DORA, "Dora Lund")
    office.drop(letter(clock, FIRST, DORA, "Hello"), ALICE, [])
    office.sync()
    clock.advance(timedelta(minutes=5))
    return office


def bring(office: Office, *, sharing: Sharing = Sharing.EVERYTHING, is_kept: bool = False, label: str = "") -> None:
    """Let the mail with the planted words arrive under these circumstances."""
    with office.db.write() as session:
        session.get_one(Mailbox, office.mailboxes[ALICE]).sharing = sharing.value
        if is_kept:
            conversation_id = session.scalars(select(Message.conversation_id)).one()
            keep_private(session, office.clock, office.actors[ALICE], conversation_id)
    labels = ["SENT"]
    if label:
        labels.append(create_label(office.emulator.mailbox(ALICE), {"name": label})["id"])
    office.drop(letter_with_secrets(office.clock), ALICE, [], labels)
    office.sync()


@dataclass
class Walk:
    """A colleague who tries every door."""

    addon: Addon
    reader: str

    def pages(self) -> Iterator[tuple[str, str]]:
        """Every address with what it answers."""
        client, headers = self.addon.app.test_client(), {"Authorization": f"Bearer {self._key()}"}
        for path in self._paths():
            yield path, read(client, path, headers)
        card = self.addon.as_(self.reader)
        yield "card", str(card.open().json)
        yield "card of the mail", str(card.open(SECOND, **{"from": ALICE, "to": DORA, "subject": "Re"}).json)

    def _paths(self) -> Iterator[str]:
        ids = range(1, self._largest_id() + 1)
        for rule in self.addon.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/assets", "/static")):
                continue
            if not rule.arguments:
                yield rule.rule
            elif len(rule.arguments) == 1 and rule.rule.count("<int:") + rule.rule.count("<bound_int:") == 1:
                yield from (
                    rule.rule[: rule.rule.index("<")] + str(i) + rule.rule[rule.rule.index(">") + 1 :] for i in ids
                )
        yield from QUESTIONS

    def _largest_id(self) -> int:
        with self.addon.office.db.read() as session:
            return max(
                session.scalar(select(func.max(table.id))) or 0 for table in (Message, Conversation, Record, User)
            )

    def _key(self) -> str:
        office = self.addon.office
        with office.db.write() as session:
            return create_api_key(session, office.clock, session.get_one(User, office.actors[self.reader].user_id))


def read(client: FlaskClient, path: str, headers: dict[str, str]) -> str:
    """What a door answers, without the question that it repeats."""
    text = client.get(path, headers=headers).text
    return text.replace(path.rpartition("?q=")[2], "") if "?q=" in path else text


CASES: dict[str, tuple[Sight, dict[str, Any]]] = {
    "subject": (Sight.SUBJECT, {"sharing": Sharing.SUBJECT}),
    "metadata": (Sight.METADATA, {"sharing": Sharing.METADATA}),
    "kept private": (Sight.LOCKED, {"is_kept": True}),
    "kept private in a mailbox that shares little": (Sight.LOCKED, {"is_kept": True, "sharing": Sharing.METADATA}),
    "nothing": (Sight.NOTHING, {"sharing": Sharing.NOTHING}),
    "private label": (Sight.NOTHING, {"label": "Private"}),
}


@pytest.mark.parametrize(("case", "reader"), [*((case, BOB) for case in CASES), ("kept private", CAROL)])
def test_no_door_shows_a_colleague_more_than_the_owner_shares(office: Office, case: str, reader: str) -> None:
    sight, circumstances = CASES[case]
    bring(office, **circumstances)
    forbidden = [word for word, least in PLANTED.items() if not sight.reaches(least)]
    expected = {word for word, least in PLANTED.items() if sight.reaches(least)}
    found: set[str] = set()
    with addon_for(office) as addon:
        tried = 0
        for path, text in Walk(addon, reader).pages():
            shown = text.casefold()
            assert not [word for word in forbidden if word in shown], path
            found |= {word for word in expected if word in shown}
            tried += 1
    assert tried > 80
    assert found == expected, "the words are there to be found, so that this test can fail"


def test_the_owner_finds_every_word(office: Office) -> None:
    bring(office, sharing=Sharing.NOTHING, is_kept=True)
    with addon_for(office) as addon:
        shown = "".join(text for _path, text in Walk(addon, ALICE).pages()).casefold()
    assert all(word in shown for word in PLANTED)
