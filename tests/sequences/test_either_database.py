"""What only one of the databases would refuse: a manager's pages, asked of both."""

from __future__ import annotations

from backend.sequences.sending import sending_store, today_store
from backend.sequences.sending.today_store import RepDay
from tests.card.addon import addon_for
from tests.card.test_pages import signed_in
from tests.cast import ALICE, CAROL, Office
from tests.sequences.line import Line, definition, mail

PAGES = (
    "/", "/sequences", "/sequences/1", "/sequences/1?state=active&step=0&q=dora", "/sequences/1/edit",
    "/sequences/1/publish", "/sequences/1/versions", "/sequences/1/preview", "/sequences/1/enrol", "/sequences/enrol",
    "/sequences/people/1", "/sequences/sending", "/templates", "/campaigns", "/campaigns/new", "/results?by=variant",
    "/results?by=template", "/results?by=sender", "/settings/suppressed?q=x&ground=bounced",
)  # fmt: skip


def test_a_managers_pages_are_served_by_either_database(office: Office) -> None:
    line = Line(office)
    office.sync()
    line.enrol(line.make(definition(mail())))
    line.pace(lead_s=3600)
    line.tick()
    with addon_for(office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon:
        carol = signed_in(addon.app.test_client(), CAROL)
        assert {path: carol.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)
    with office.db.read() as session:
        actor, now, box = office.actors[CAROL], office.clock.now(), office.mailboxes[ALICE]
        alice = office.actors[ALICE]
        assert today_store.team(session, actor) == [RepDay(alice.user_id, "Alice", leaving=1, waiting=0, asking=0)]
        assert [each.waiting for each in sending_store.boxes(session, actor, now)] == [1]
        assert [each.state for each in sending_store.waiting_mails(session, [box], 50)[box]] == ["drafted"]
