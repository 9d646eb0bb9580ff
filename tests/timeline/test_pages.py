from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from backend.accounts.tables import Mailbox
from backend.activities.pages import blueprint as activities
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.db import Database
from backend.kit.clock import VirtualClock
from backend.linking.pages import blueprint as linking
from backend.records import service
from backend.records.pages import blueprint as records
from backend.records.shapes import NewCompany, NewContact, NewDeal
from backend.records.tables import Deal
from backend.sequences.pages import blueprint as sequences
from backend.timeline.pages import blueprint
from backend.web.pagination import encode_cursor
from tests.web.post import Post
from tests.web.team import Office, open_office

ANA = "Ana Ruiz <ana@nordwind.example>"
REPLY = "Yes, forty please.\n\nOn Mon, 5 Jan 2026 at 09:00, Lucía <lucia@lumbrera.example> wrote:\n> How many seats?\n"


@pytest.fixture
def office(sqlite_db: Database, clock: VirtualClock) -> Office:
    return open_office(sqlite_db, clock, blueprint, records, linking, activities, sequences)


@pytest.fixture
def post(office: Office) -> Post:
    return Post(office)


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client()


@pytest.fixture
def ana(office: Office) -> int:
    with office.db.write() as session:
        company = service.make_company(session, office.team, NewCompany("Nordwind", ("nordwind.example",))).id
        address = ("ana@nordwind.example", "ana@nordwind.example")
        new = NewContact("Ana Ruiz", (address,), title="Head of Purchasing", company_id=company)
        return service.make_contact(session, office.team, new).id


def add_deal(office: Office, contact_id: int, name: str = "Forty seats") -> int:
    with office.db.write() as session:
        new = NewDeal(name, office.stages(session)[0].pipeline_id, contact_ids=(contact_id,), amount_minor=1_200_000)
        return service.make_deal(session, office.team, new, "D").id


@pytest.mark.parametrize("path", ["/", "/timeline", "/search", "/contacts/1", "/mail/1/text"])
def test_a_stranger_is_asked_to_sign_in(office: Office, path: str) -> None:
    assert "/login" in office.app.test_client().get(path).headers["Location"]


def test_the_timeline_is_grouped_by_day_and_goes_on_in_place(
    client: FlaskClient, post: Post, ana: int, clock: VirtualClock
) -> None:
    for n in range(43):
        post.deliver(f"Mail {n:02}", sender=ANA, at=clock.now() - timedelta(hours=n))
    page = client.get("/timeline").text
    assert re.findall(r'<h2 class="day">([^<]+)', page)[:2] == ["Today", "Yesterday"]
    assert page.count("<article") == 40
    older = re.findall(r'hx-get="(/timeline\?[^"]+)"', page)[0].replace("&amp;", "&")
    rest = client.get(older, headers={"HX-Request": "true"}).text
    assert re.findall(r"Mail (\d\d)", rest) == ["40", "41", "42"]
    assert "<html" not in rest
    assert '<h2 class="day">' not in rest  # the day's heading stands on the page before
    assert ana


def test_the_timeline_is_filtered_by_kind_person_period_and_words(
    office: Office, client: FlaskClient, post: Post, ana: int, clock: VirtualClock
) -> None:
    post.deliver("Zebra seats", sender=ANA, at=clock.now() - timedelta(days=40))
    post.deliver("Kits", sender=ANA, owners=(office.admin_id,), to="elena@lumbrera.example")
    add_deal(office, ana)
    shown = {
        "": {"Zebra seats", "Kits", "New"},
        "kind=mail": {"Zebra seats", "Kits"},
        "kind=stage": {"New"},
        "days=30": {"Kits", "New"},
        f"user={office.admin_id}": {"Kits"},
        "q=zebra": {"Zebra seats"},
        "kind=nonsense&days=-3&user=x": {"Zebra seats", "Kits", "New"},
    }
    for question, titles in shown.items():
        page = client.get(f"/timeline?{question}").text
        assert set(re.findall(r'entry-title">(?:<span.*?</span> → )?([^<]+)<', page)) == titles, question


def test_a_mails_text_comes_when_it_is_opened_with_its_quotes_folded(client: FlaskClient, post: Post, ana: int) -> None:
    message_id = post.deliver("Re: Offer", REPLY, sender=ANA)
    assert f'hx-get="/mail/{message_id}/text"' in client.get("/timeline").text
    text = client.get(f"/mail/{message_id}/text").text
    new, _, folded = text.partition("<details")
    assert "Yes, forty please." in new
    assert "How many seats?" not in new
    assert "How many seats?" in folded
    assert ana


@pytest.mark.parametrize(
    ("sharing", "sees_subject", "sees_text", "is_there"),
    [
        ("everything", True, True, True),
        ("subject", True, False, True),
        ("metadata", False, False, True),
        ("nothing", False, False, False),
    ],
)
def test_a_colleague_sees_what_the_owner_shares(
    office: Office, post: Post, ana: int, *, sharing: str, sees_subject: bool, sees_text: bool, is_there: bool
) -> None:
    message_id = post.deliver("Zebra", "Giraffe", sender=ANA)
    with office.db.write() as session:
        session.get_one(Mailbox, post.mailboxes[office.rep_id]).sharing = sharing
    admin = office.client(office.admin_id)
    for path in ("/timeline", f"/contacts/{ana}"):
        page = admin.get(path).text
        assert ("Zebra" in page, "Giraffe" in page) == (sees_subject, sees_text)
        assert ("<article" in page) is is_there
    assert (admin.get(f"/mail/{message_id}/text").status_code == 200) is sees_text


def test_a_contacts_page_tells_who_it_is_what_happened_and_which_deals(
    office: Office, client: FlaskClient, post: Post, ana: int
) -> None:
    deal = add_deal(office, ana)
    post.deliver("Offer", sender=ANA)
    page = client.get(f"/contacts/{ana}").text
    for told in ("Head of Purchasing", "Nordwind", "mailto:ana@nordwind.example", f'href="/deals/{deal}"', "€12,000"):
        assert told in page
    assert re.search(r"Last contact</dt><dd>Ana Ruiz · <time", page)


def test_a_companys_page_holds_its_people(client: FlaskClient, ana: int) -> None:
    page = client.get("/search?q=nordwind").text
    company = re.findall(r'href="(/companies/\d+)"', page)[0]
    assert f'href="/contacts/{ana}"' in client.get(company).text


def test_a_deals_page_shows_its_path_and_a_tap_moves_it(office: Office, client: FlaskClient, ana: int) -> None:
    deal = add_deal(office, ana)
    page = client.get(f"/deals/{deal}").text
    assert re.search(
        r'<li class="[^"]*" aria-current="step">\s*<form[^>]*action="/deals/\d+/stage".*?>New<', page, re.DOTALL
    )
    stage_id = re.findall(r'name="stage_id" value="(\d+)">Demo<', page)[0]
    moved = client.post(
        f"/deals/{deal}/stage", data={"stage_id": stage_id}, headers={"Referer": f"http://localhost/deals/{deal}"}
    )
    assert moved.headers["Location"] == f"/deals/{deal}"
    page = client.get(f"/deals/{deal}").text
    assert re.search(r'aria-current="step">\s*<form.*?>Demo<', page, re.DOTALL)
    assert '<span class="soft">New</span> → Demo' in page


@pytest.mark.parametrize("path", ["/contacts/999999", "/companies/999999", "/deals/999999"])
def test_a_record_that_is_not_there_is_a_page_that_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is no such record here" in answer.text


def test_a_record_is_not_shown_under_another_kinds_path(client: FlaskClient, ana: int) -> None:
    assert client.get(f"/deals/{ana}").status_code == 404


def test_one_search_finds_records_mail_and_pages(client: FlaskClient, post: Post, ana: int) -> None:
    post.deliver("Zebra", "About the ana matter", sender=ANA)
    page = client.get("/search?q=ana").text
    assert f'href="/contacts/{ana}"' in page
    assert "Zebra" in page
    assert 'href="/pipeline"' in client.get("/search?q=pipe").text.partition("<main")[2]
    assert "Nothing found" in client.get("/search?q=qqqq").text


def test_today_shows_who_waits_for_a_reply_until_it_is_written(
    client: FlaskClient, post: Post, ana: int, clock: VirtualClock
) -> None:
    post.deliver("How many seats?", sender=ANA, name="question", at=clock.now() - timedelta(hours=3))
    assert "How many seats?" in client.get("/").text
    post.deliver(
        "Re: How many seats?", sender="lucia@lumbrera.example", to="ana@nordwind.example", answers="question",
        at=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    assert "How many seats?" not in client.get("/").text
    assert ana


def test_markup_in_a_mail_stays_text(client: FlaskClient, post: Post, ana: int) -> None:
    message_id = post.deliver("<script>1</script>", "<b>bold</b>", sender=ANA)
    for path in ("/timeline", f"/contacts/{ana}", f"/mail/{message_id}/text", "/"):
        page = client.get(path).text
        assert "<script>1" not in page
        assert "<b>bold" not in page


def test_today_shows_my_tasks_and_my_deals_that_go_cold(
    office: Office, client: FlaskClient, ana: int, clock: VirtualClock
) -> None:
    quiet, lively = add_deal(office, ana, "Quiet"), add_deal(office, ana, "Lively")
    with office.db.write() as session:
        for name, owner in (("Send the offer", office.rep_id), ("Somebody else's", office.admin_id)):
            new = NewActivity(ActivityKind.TASK, name, (lively,), owner, due_at=clock.now() - timedelta(days=1))
            add_activity(session, clock, office.workspace_id, new)
        for deal_id in (quiet, lively):
            session.get_one(Deal, deal_id).owner_id = office.rep_id
            session.get_one(Deal, deal_id).stage_entered_at = clock.now() - timedelta(days=30)
    page = client.get("/").text
    assert "Send the offer" in page
    assert "overdue" in page
    assert "Somebody else" not in page
    cold = page.partition("Going cold")[2]
    assert f'href="/deals/{quiet}"' in cold
    assert f'href="/deals/{lively}"' not in cold


@pytest.mark.parametrize("keys", [("2026-01-01T00:00:00+00:00", "poem", 1), (None, "mail", 1), (None, None, None)])
@pytest.mark.parametrize("path", ["/timeline", "/unlinked"])
def test_a_page_mark_that_we_never_wrote_is_no_servers_error(
    client: FlaskClient, path: str, keys: tuple[str | int | None, ...]
) -> None:
    assert client.get(f"{path}?cursor={encode_cursor(*keys)}").status_code in {200, 400}
