"""Why something was sent to a person, and why not: one page over all sequences and campaigns."""

from __future__ import annotations

from flask.testing import FlaskClient

from backend.mail.addresses import key_of
from backend.outbox.service import suppress
from backend.outbox.shapes import Ground
from tests.card.addon import Addon
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, CAROL, DORA
from tests.sequences.line import TWO_MAILS, Line, definition, mail


def test_everything_that_was_sent_to_somebody_or_not_stands_on_one_page(line: Line, client: FlaskClient) -> None:
    office = line.office
    line.enrol(line.make(TWO_MAILS))
    line.tick()
    office.mail(DORA, ALICE, "Yes")
    office.sync()
    line.let_pass(days=4, every_minutes=240)
    with office.db.write() as session:
        suppress(session, office.clock, office.workspace_id, key_of(DORA), Ground.UNSUBSCRIBED, "their own click")
    form = {"name": "Spring", "subject": "Prices", "body": "News", "whom": "filter"}
    campaign = client.post("/campaigns/new", data=form).headers["Location"]
    line.person("erik@suedwind.example")
    client.post(f"{campaign}/start")
    assert DORA in client.get("/results/people?q=dora").text
    page = client.get(f"/results/people/{line.person(DORA)}").text
    for words in (
        "An offer",
        "they replied",
        "Nothing is sent to dora@nordwind.example",
        "Spring",
        "they unsubscribed",
    ):
        assert words in page


def test_a_colleagues_lines_are_counted_and_not_shown(line: Line, web: Addon, client: FlaskClient) -> None:
    line.enrol(line.make(definition(mail()), "Secret plan"), by=BOB)
    line.tick()
    path = f"/results/people/{line.person(DORA)}"
    page = client.get(path).text
    assert "Secret plan" not in page
    assert "A colleague enrolled this person 1 time" in page
    assert "Secret plan" in signed_in(web.app.test_client(), CAROL).get(path).text


def test_a_contact_that_is_not_here_has_no_page(client: FlaskClient) -> None:
    assert client.get("/results/people/987654").status_code == 404
