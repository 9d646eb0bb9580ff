"""The one rule on who sees what, by itself and as the database is asked it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.accounts.shapes import Sharing
from backend.accounts.tables import Mailbox
from backend.mail.tables import Copy, Message
from backend.privacy.rules.sight import best_sight, sight_of
from backend.privacy.shapes import Holding, RequestState, Sight
from backend.privacy.store.sight import known_to_team, may_see, seen_copies
from backend.privacy.tables import AccessRequest, PrivateThread
from tests.cast import ALICE, BOB, DORA, Office

NO_YES = (False, True)
HOLDINGS = st.builds(Holding, st.booleans(), st.sampled_from(Sharing), st.booleans(), st.booleans(), st.booleans())


@given(HOLDINGS)
def test_ones_own_is_open_whatever_else_holds(holding: Holding) -> None:
    assert sight_of(replace(holding, is_own=True)) is Sight.EVERYTHING


@given(HOLDINGS)
def test_hiding_more_never_shows_more(holding: Holding) -> None:
    order = list(Sight)
    for tighter in (
        replace(holding, has_label=True),
        replace(holding, is_locked=True),
        replace(holding, is_granted=False),
        replace(holding, sharing=Sharing.NOTHING),
    ):
        assert order.index(sight_of(tighter)) >= order.index(sight_of(holding))


@pytest.mark.parametrize(
    ("changes", "sight"),
    [
        ({}, Sight.EVERYTHING),
        ({"sharing": Sharing.SUBJECT}, Sight.SUBJECT),
        ({"sharing": Sharing.METADATA}, Sight.METADATA),
        ({"sharing": Sharing.NOTHING}, Sight.NOTHING),
        ({"is_locked": True}, Sight.LOCKED),
        ({"is_locked": True, "sharing": Sharing.NOTHING}, Sight.NOTHING),
        ({"is_locked": True, "is_granted": True}, Sight.EVERYTHING),
        ({"sharing": Sharing.METADATA, "is_granted": True}, Sight.EVERYTHING),
        ({"sharing": Sharing.NOTHING, "is_granted": True}, Sight.NOTHING),
        ({"has_label": True, "is_granted": True}, Sight.NOTHING),
    ],
)
def test_a_colleague_sees_what_the_owner_lets_them(changes: dict[str, object], sight: Sight) -> None:
    plain = Holding(is_own=False, sharing=Sharing.EVERYTHING, has_label=False, is_locked=False, is_granted=False)
    assert sight_of(replace(plain, **changes)) is sight  # type: ignore[arg-type]  # the table above is right


def test_of_several_copies_the_most_open_counts_and_none_shows_nothing() -> None:
    assert best_sight([Sight.LOCKED, Sight.SUBJECT, Sight.METADATA]) is Sight.SUBJECT
    assert best_sight([]) is Sight.NOTHING


def test_the_database_answers_as_the_rule_does(office: Office) -> None:
    office.mail(ALICE, DORA)
    office.sync()
    bob = office.actors[BOB]
    with office.db.write() as session:
        message = session.scalars(select(Message)).one()
        mailbox = session.scalars(select(Mailbox)).one()
        copy = session.scalars(select(Copy)).one()
        for sharing, has_label, is_locked, is_granted in product(Sharing, NO_YES, NO_YES, NO_YES):
            mailbox.sharing, copy.is_private = sharing.value, has_label
            key = {"conversation_id": message.conversation_id, "mailbox_id": mailbox.id}
            whose = {"workspace_id": office.workspace_id}
            rows: list[object] = []
            if is_locked:
                user_id = office.actors[ALICE].user_id
                rows.append(PrivateThread(**key, **whose, user_id=user_id, at=office.clock.now()))
            if is_granted:
                state, at = RequestState.GRANTED.value, office.clock.now()
                rows.append(AccessRequest(**key, **whose, asker_id=bob.user_id, state=state, asked_at=at))
            session.add_all(rows)
            session.flush()
            holding = Holding(False, sharing, has_label, is_locked, is_granted)
            listed = sight_of(replace(holding, is_granted=False))
            for least in (Sight.LOCKED, Sight.METADATA, Sight.SUBJECT, Sight.EVERYTHING):
                asked = session.scalar(select(Message.id).where(may_see(bob, least)))
                assert (asked is not None) == listed.reaches(least), (holding, least)
            seen = seen_copies(session, bob, [message.id])[message.id]
            assert (seen.sight, seen.opened) == (listed, sight_of(holding))
            assert (message.id in known_to_team(session, [message.id])) == listed.reaches(Sight.METADATA)
            for row in rows:
                session.delete(row)
            session.flush()
