"""What mails brought about: what counts as a reply, what is credited to which mail, and who may look."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, insert, update

from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.db import Database
from backend.gmail.emulator.core import Emulator
from backend.installation import open_installation
from backend.kit.clock import VirtualClock
from backend.outbox.service import suppress, unsubscribe
from backend.outbox.shapes import Ground
from backend.outbox.tables import OutboxRow
from backend.records.service import Team, make_contact, make_deal, move_deal
from backend.records.shapes import NewContact, NewDeal
from backend.records.store.reading import list_pipelines
from backend.sequences.results import service
from backend.sequences.results.jobs import book_answers
from backend.sequences.results.shapes import By, Line, Tally, Wanted
from backend.sequences.shapes import EnrolmentState
from backend.sequences.tables import Enrolment
from backend.sequences.texts.service import save_template
from backend.settings import read_settings
from backend.worker import Worker
from tests.card.addon import Addon
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, CAROL, DORA, ERIK, KEY, open_office
from tests.sequences.line import Line as Office
from tests.sequences.line import definition, mail, wait

EVER = Wanted(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
TWO_WORDINGS = {
    "kind_of_step": "mail",
    "variants": [{"subject": "A", "body": "Short"}, {"subject": "B", "body": "Long"}],
}


def lines(line: Office, by: By = By.SEQUENCE, who: str = ALICE) -> list[Line]:
    with line.office.db.read() as session:
        wanted = Wanted(EVER.since, EVER.until, by)
        return service.results(session, line.office.actors[who], wanted)[0]


def whole(line: Office, who: str = ALICE) -> Tally:
    with line.office.db.read() as session:
        return service.results(session, line.office.actors[who], EVER)[1]


def sent_to(line: Office, *addresses: str, what: dict[str, object] | None = None) -> int:
    """A sequence of one mail, sent to each."""
    sequence = line.make(what or definition(mail()))
    for address in addresses or (DORA,):
        line.enrol(sequence, address)
    line.tick()
    return sequence


def reply(line: Office, sender: str = DORA, **other: object) -> None:
    """An answer in the thread of the last mail that went out."""
    with line.office.db.read() as session:
        sent = session.query(OutboxRow).filter(OutboxRow.sent_at.is_not(None)).order_by(OutboxRow.id.desc()).first()
        assert sent is not None
    line.office.mail(sender, ALICE, "Re: An offer", reply_to_id=sent.rfc_id, **other)  # type: ignore[arg-type]  # mail's
    line.office.sync()
    book_answers(line.office.db)


def test_a_reply_in_the_thread_is_counted_once_however_many_follow(line: Office) -> None:
    sent_to(line)
    reply(line)
    reply(line)
    assert book_answers(line.office.db) == 0
    assert (whole(line).sent, whole(line).replied) == (1, 1)


def test_who_answers_is_stopped_at_once_though_nothing_is_due_for_days(line: Office) -> None:
    enrolment = line.enrol(line.make(definition(mail(), wait(20), mail("", "Any news?", is_reply=True))))
    line.tick()
    reply(line)
    line.tick()
    assert line.stand(enrolment) == (EnrolmentState.STOPPED, "replied")


def test_who_answers_and_is_not_stopped_waits_as_before(line: Office) -> None:
    """A colleague's answer that does not stop it wakes them, and changes nothing."""
    what = definition(mail(), wait(3, "09:30"), mail("", "Any news?", is_reply=True), stops_on_colleague=False)
    enrolment = line.enrol(line.make(what))
    line.tick()
    due_at = line.see(enrolment).due_at
    with line.office.db.write() as session:
        waking = update(Enrolment).values(due_at=line.office.clock.now())
        session.execute(waking)
    line.tick()
    assert (line.see(enrolment).due_at, line.deliveries()) == (due_at, 1)


def test_the_worker_books_answers_by_itself(line: Office) -> None:
    sent_to(line)
    line.office.mail(DORA, ALICE, "Yes")
    line.office.sync()
    settings = read_settings(
        {"ENLACE_DATABASE_URL": line.office.db.url, "ENLACE_SECRET_KEY": "s" * 32, "ENLACE_TOKEN_KEYS": KEY}
    )
    with closing(open_installation(settings, clock=line.office.clock, emulator=line.office.emulator)) as here:
        Worker(here).tick()
    assert whole(line).replied == 1


def test_a_new_mail_of_the_person_counts_for_a_month(line: Office) -> None:
    sent_to(line, DORA, ERIK)
    line.office.clock.advance(timedelta(days=29))
    line.office.mail(DORA, ALICE, "Something else")
    line.office.clock.advance(timedelta(days=2))
    line.office.mail(ERIK, ALICE, "Too late")
    line.office.sync()
    book_answers(line.office.db)
    assert whole(line).replied == 1


@pytest.mark.parametrize(
    "headers", [[("Auto-Submitted", "auto-replied")], [("Precedence", "bulk"), ("List-Id", "<news.example>")]]
)
def test_what_no_person_wrote_is_no_reply(line: Office, headers: list[tuple[str, str]]) -> None:
    sent_to(line)
    line.office.mail(DORA, ALICE, "Out of office", headers=headers)
    line.office.sync()
    book_answers(line.office.db)
    assert whole(line).replied == 0


def test_an_answer_counts_for_the_last_mail_before_it(line: Office) -> None:
    sequence = line.make(definition(mail(), wait(3), mail("", "Any news?", is_reply=True)))
    line.enrol(sequence)
    line.let_pass(days=4, every_minutes=120)
    assert line.deliveries() == 2
    reply(line)
    assert [(each.step, each.tally.replied) for each in lines(line, By.STEP)] == [(0, 0), (2, 1)]


def test_bounces_and_leavers_count_for_the_last_mail_before(line: Office) -> None:
    sent_to(line, DORA, ERIK)
    office = line.office
    office.clock.advance(timedelta(hours=1))
    with office.db.write() as session:
        unsubscribe(session, office.clock, office.workspace_id, DORA)
        suppress(session, office.clock, office.workspace_id, ERIK, Ground.BOUNCED, "report")
        suppress(session, office.clock, office.workspace_id, "never@written.example", Ground.BOUNCED, "import")
    assert (whole(line).unsubscribed, whole(line).bounced) == (1, 1)


def test_meetings_deals_and_revenue_count_within_their_days(line: Office) -> None:
    sent_to(line)
    office, contact_id = line.office, line.person()
    office.clock.advance(timedelta(days=20))
    with office.db.write() as session:
        new = NewActivity(ActivityKind.MEETING, "Demo", (contact_id,), office.actors[ALICE].user_id)
        add_activity(session, office.clock, office.workspace_id, new)
        stages = list_pipelines(session, office.workspace_id)[0][2]
        team = Team(office.workspace_id, office.clock, office.actors[ALICE].user_id)
        deal = NewDeal("Seats", stages[0].pipeline_id, contact_ids=(contact_id,), amount_minor=1_200_000)
        deal_id = make_deal(session, team, deal, "D").id
        won = next(stage for stage in stages if stage.outcome == "won")
        stranger = make_contact(session, team, NewContact("Nobody wrote to me")).id
        other_id = make_deal(session, team, NewDeal("Other", stages[0].pipeline_id, contact_ids=(stranger,)), "D").id
        move_deal(session, team, other_id, won.id)
    assert (whole(line).meetings, whole(line).deals, whole(line).won) == (1, 1, 0)
    with office.db.write() as session:
        move_deal(session, team, deal_id, won.id)
    assert whole(line).revenue == {"EUR": 1_200_000}
    office.clock.advance(timedelta(days=100))
    with office.db.write() as session:
        late = NewActivity(ActivityKind.MEETING, "Much later", (contact_id,), office.actors[ALICE].user_id)
        add_activity(session, office.clock, office.workspace_id, late)
        make_deal(session, team, NewDeal("Later", stages[0].pipeline_id, contact_ids=(contact_id,)), "D")
    assert (whole(line).meetings, whole(line).deals) == (1, 1)


def test_wordings_templates_versions_and_senders_have_lines_of_their_own(line: Office) -> None:
    office = line.office
    with office.db.write() as session:
        template = save_template(
            session, office.clock, office.actors[ALICE], None, name="Offer", subject="S", body="B", is_shared=True
        )
        template_id = template.id
    step = {"kind_of_step": "mail", "variants": [{"subject": "S", "body": "B", "template_id": template_id}]}
    people = [f"p{n}@company{n}.example" for n in range(8)]
    sent_to(line, *people, what=definition(TWO_WORDINGS))
    sent_to(line, DORA, what=definition(step))
    assert [(each.version, each.tally.sent) for each in lines(line, By.VERSION)] == [(1, 8), (2, 1)]
    wordings = [each.tally.sent for each in lines(line, By.VARIANT) if each.version == 1]
    assert (len(wordings), sum(wordings)) == (2, 8)
    assert [(each.name, each.tally.sent) for each in lines(line, By.TEMPLATE)] == [("Offer", 1)]
    assert [(each.name, each.tally.sent) for each in lines(line, By.SENDER)] == [("Alice", 9)]


def test_a_rep_sees_their_own_and_a_manager_everybodys(line: Office, client: FlaskClient, web: Addon) -> None:
    sent_to(line)
    assert (whole(line).sent, whole(line, BOB).sent, whole(line, CAROL).sent) == (1, 0, 1)
    assert "row-more" not in client.get("/results").text
    with line.office.db.write() as session:
        unsubscribe(session, line.office.clock, line.office.workspace_id, DORA)
    shown = client.get("/results").text
    assert "Nurture" in shown
    assert '<div class="narrow row-more soft small">1 unsubscribed</div>' in shown  # what a phone has no column for
    assert "Nothing was sent" in signed_in(web.app.test_client(), BOB).get("/results").text
    carol = signed_in(web.app.test_client(), CAROL)
    assert 'name="sender"' in carol.get("/results").text
    assert "Nothing was sent" in carol.get(f"/results?sender={line.office.actors[BOB].user_id}").text


def test_the_same_lines_can_be_downloaded(line: Office, client: FlaskClient) -> None:
    sequence = sent_to(line)
    answer = client.get("/results/results.csv?by=step")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["name"], row["step"], row["sent"]) for row in rows] == [("Nurture", "1", "1")]
    assert client.get(f"/results?sequence={sequence + 7}").status_code == 200
    for huge in ("sequence", "sender"):
        assert client.get(f"/results?{huge}={'9' * 40}&since=0001-01-01&until=9999-12-31").status_code == 200
    assert "is after the last" in client.get("/results?since=2026-02-01&until=2026-01-01").text


def test_a_name_that_a_spreadsheet_would_run_is_text(line: Office, client: FlaskClient) -> None:
    line.enrol(line.make(definition(mail()), "=HYPERLINK(1)"))
    line.tick()
    assert "'=HYPERLINK" in client.get("/results/results.csv").text


def test_results_ask_as_many_statements_for_a_thousand_mails_as_for_one(
    db: Database, clock: VirtualClock, emulator: Emulator
) -> None:
    """On both databases; the figures are right with many rows too."""
    line = Office(open_office(db, clock, emulator))
    line.office.sync()
    sent_to(line)
    few = _statements(line)
    with db.write() as session:
        row = session.query(OutboxRow).one()
        common = {c.name: getattr(row, c.name) for c in OutboxRow.__table__.c if c.name not in {"id", "token", "step"}}
        session.execute(insert(OutboxRow), [{**common, "step": n, "token": f"{n:032x}"} for n in range(1, 1000)])
    assert _statements(line) == few
    assert whole(line).sent == 1000


def _statements(line: Office) -> int:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_other: object) -> None:
        seen.append(statement)

    event.listen(line.office.db.engine, "before_cursor_execute", note)
    lines(line, By.VARIANT)
    event.remove(line.office.db.engine, "before_cursor_execute", note)
    return len(seen)
