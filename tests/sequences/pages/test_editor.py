"""Writing a sequence in the browser: nothing that was typed is lost, what is wrong is named, versions are compared."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.accounts.shapes import Role
from backend.sequences.authoring import sequence_store
from backend.sequences.rights import choose_rights
from backend.sequences.texts.service import save_template
from tests.card.addon import Addon
from tests.card.test_pages import signed_in
from tests.cast import ALICE, BOB, CAROL, DORA
from tests.sequences.browser import form_on, words_of
from tests.sequences.line import Line, definition, mail, task, wait


def made(client: FlaskClient, name: str = "Nurture") -> TestResponse:
    """The editor of a new sequence."""
    return client.post("/sequences/new", data={"name": name}, follow_redirects=True)


def test_a_sequence_is_written_looked_at_and_published(client: FlaskClient, line: Line) -> None:
    assert "No sequence yet" in client.get("/sequences").text
    page = form_on(client, made(client)).press("add:mail:0")
    assert "Step 1: a mail has a subject and a text" in page.text
    page = form_on(client, page).press("add:wait:1", s0__v0__subject="An offer", s0__v0__body="Hi {{ company.name }}")
    page = form_on(client, page).press("publish")
    assert "What it says" in page.text
    assert "1. Mail: An offer" in page.text
    page = client.post("/sequences/1/publish", follow_redirects=True)
    assert "Version 1" in page.text
    with line.office.db.read() as session:
        sequence = sequence_store.find_sequence(session, line.office.workspace_id, 1)
        assert sequence is not None
        version = sequence_store.current_version(session, sequence)
        assert version is not None
        assert [step["kind_of_step"] for step in version.definition["steps"]] == ["mail", "wait"]
        assert sequence.draft == {}


def test_what_was_typed_survives_every_button(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("One", "First"), wait(2), task("Call")))
    page = client.get("/sequences/1/edit")
    page = form_on(client, page).press("up:2", s0__v0__body="First,\nrewritten", s1__days="soon", h__country="xx")
    form = form_on(client, page)
    assert form.fields["s0.v0.body"] == "First,\nrewritten"
    assert (form.fields["s1.text"], form.fields["s2.days"]) == ("Call", "soon")
    assert "Step 3: days are a whole number" in page.text
    page = form.press("remove:2")
    assert "The holidays of “XX” are not known" in page.text
    page = form_on(client, page).press("word:0", h__country="ES")
    assert form_on(client, page).fields["s0.v1.body"] == "First,\nrewritten"
    page = form_on(client, page).press("unword:0:0", s0__v1__body="Second wording")
    assert form_on(client, page).fields["s0.v0.body"] == "Second wording"
    assert "s0.v1.body" not in form_on(client, page).fields


def test_a_draft_changes_nobodys_way_until_it_is_published(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("One", "First")))
    line.enrol(1)
    form_on(client, client.get("/sequences/1/edit")).press("save", s0__v0__subject="Another")
    line.tick()
    assert b"Subject: One" in line.heard[0][1]
    assert "changes not published yet" in client.get("/sequences").text
    page = client.get("/sequences/1/publish")
    assert "1. Mail: One" in page.text
    assert "1. Mail: Another" in page.text
    client.post("/sequences/1/discard")
    assert "Nothing differs" in client.get("/sequences/1/publish").text


def test_two_who_edit_at_once_lose_nothing(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("One", "First")))
    mine, theirs = (form_on(client, client.get("/sequences/1/edit")) for _ in range(2))
    theirs.press("save", s0__v0__subject="Theirs")
    page = mine.press("save", s0__v0__subject="Mine")
    assert page.status_code == 400
    assert "Somebody changed this sequence meanwhile" in page.text
    assert form_on(client, page).fields["s0.v0.subject"] == "Mine"
    form_on(client, page).press("save")
    assert form_on(client, client.get("/sequences/1/edit")).fields["s0.v0.subject"] == "Mine"


def test_versions_say_what_changed(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("One", "First"), wait(2)))
    line.make(definition(mail("Two", "First"), wait(2)))
    page = words_of(client.get("/sequences/1/versions"))
    assert "gone: 1. Mail: One" in page
    assert "new: 1. Mail: Two" in page


def test_a_template_is_put_into_a_mail_and_remembered(client: FlaskClient, line: Line) -> None:
    office = line.office
    with office.db.write() as session:
        alice = office.actors[ALICE]
        text = "Dear {{ contact.name }}"
        template_id = save_template(
            session, office.clock, alice, None, name="Offer", subject="Our offer", body=text, is_shared=True
        ).id
    page = form_on(client, made(client)).press("add:mail:0")
    page = form_on(client, page).press("template:0", s0__template=str(template_id))
    fields = form_on(client, page).fields
    assert (fields["s0.v0.subject"], fields["s0.v0.template_id"]) == ("Our offer", str(template_id))
    assert "Choose a template first" in form_on(client, page).press("template:0", s0__template="").text


def test_a_preview_names_the_fields_that_have_nothing_to_say(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("To {{ contact.name }}", "Dear {{ contact.title }}"), task("Call {{ contact.name }}")))
    contact_id = line.person(DORA, "Dora Lind")
    page = words_of(client.get(f"/sequences/1/preview?contact={contact_id}"))
    assert "To Dora Lind would not leave Dear [contact.title]" in page
    assert "so the mail would not leave: contact.title" in page
    assert "Call Dora Lind" in page


def test_publishing_takes_the_role_that_the_team_decided_on(client: FlaskClient, line: Line, web: Addon) -> None:
    office = line.office
    line.make(definition(mail("One", "First")))
    with office.db.write() as session:
        root = office.actors["root@acme.example"]
        choose_rights(session, office.clock, root, Role.MANAGER, Role.REP)
    form_on(client, client.get("/sequences/1/edit")).press("save", s0__v0__subject="Another")
    assert "publishing takes a higher role" in client.get("/sequences/1/publish").text
    assert client.post("/sequences/1/publish").status_code == 403
    carol = signed_in(web.app.test_client(), CAROL)
    assert carol.post("/sequences/1/publish").status_code == 302


def test_a_sequence_is_renamed_retired_and_used_again(client: FlaskClient, line: Line) -> None:
    line.make()
    client.post("/sequences/1/rename", data={"name": "Second half", "description": "After the fair"})
    for path in ("/sequences", "/sequences/1"):
        assert "Second half" in client.get(path).text
        assert "After the fair" in client.get(path).text
    page = client.post("/sequences/1/retire", follow_redirects=True)
    assert "retired" in words_of(page)
    assert client.get("/sequences/enrol").text.count("Second half") == 0
    client.post("/sequences/1/reinstate")
    assert "Second half" in client.get("/sequences/enrol").text


def test_what_is_not_there_is_said_so(client: FlaskClient, web: Addon, line: Line) -> None:
    line.make()
    bob = signed_in(web.app.test_client(), BOB)
    enrolment = line.enrol(1)
    for path in ("/sequences/99", "/sequences/99/edit", "/sequences/99/enrol", "/sequences/people/99"):
        assert client.get(path).status_code == 404, path
    assert bob.get(f"/sequences/people/{enrolment}").status_code == 404
    assert client.post("/sequences/new", data={"name": " "}).status_code == 400
    assert "There is a sequence “Nurture” already" in client.post("/sequences/new", data={"name": "Nurture"}).text


HTMX = {"HX-Request": "true"}


def test_with_scripts_the_editor_says_what_it_did_and_leads_on_to_other_pages(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("One", "First")))
    form = form_on(client, client.get("/sequences/1/edit"))
    saved = client.post("/sequences/1/edit", data={**form.fields, "s0.v0.subject": "Two", "do": "save"}, headers=HTMX)
    assert "Kept as a draft" in saved.headers["HX-Trigger"]
    form = form_on(client, saved)
    for act in ("publish", "preview"):
        left = client.post("/sequences/1/edit", data={**form.fields, "do": act}, headers=HTMX)
        assert left.headers["HX-Redirect"] == f"/sequences/1/{act}"
    added = client.post("/sequences/1/edit", data={**form.fields, "do": "add:wait:1"}, headers=HTMX)
    assert 'name="s1.days" value="3" autofocus' in added.text


def test_a_condition_asks_what_its_field_can_be_asked(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("One", "First")))
    page = form_on(client, client.get("/sequences/1/edit")).press("add:condition:1")
    form = form_on(client, page)
    assert (form.fields["s1.operator"], form.fields["s1.value"]) == ("is", "yes")
    form = form_on(client, form.press("look", s1__field="deal.stage"))
    assert form.fields["s1.value"] == ""
    page = form.press("look", s1__operator="has_reached", s1__value="Demo")
    assert '<option value="Demo">' in page.text
    page = form_on(client, page).press("look", s1__field="company.name", s1__operator="is_empty")
    assert "has reached" not in page.text
    assert "s1.value" not in form_on(client, page).fields


def test_a_step_that_only_moved_on_is_no_change_and_a_small_field_is_one(client: FlaskClient, line: Line) -> None:
    line.make(definition(mail("One", "First"), task("Call")))
    form_on(client, client.get("/sequences/1/edit")).press("add:wait:1")
    page = words_of(client.get("/sequences/1/publish"))
    assert "new: 2. Wait: 3 days" in page
    assert "3. Task: Call" in page
    assert "gone:" not in page
    client.post("/sequences/1/discard")
    form_on(client, client.get("/sequences/1/edit")).press("save", s0__expires_days="9")
    page = words_of(client.get("/sequences/1/publish"))
    assert "gone: Not sent within 7 days, it is left out" in page
    assert "new: Not sent within 9 days, it is left out" in page
    assert "Publish version 2" in page


def test_a_mail_is_seen_as_html_in_a_page_that_may_do_nothing(client: FlaskClient, line: Line) -> None:
    both = mail("Hi", "Dear {{ contact.first_name }}\n\n[Prices](https://www.example.com/p) <script>x</script>")
    line.make(definition({**both, "is_html": True}))
    dora = line.person(name="Dora Dahl")
    assert "See it as HTML" in client.get(f"/sequences/1/preview?contact={dora}").text
    page = client.get(f"/sequences/1/preview/0/0/html?contact={dora}")
    assert "Dear Dora" in page.text
    assert '<a href="https://www.example.com/p"' in page.text
    assert "<script" not in page.text
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert client.get(f"/sequences/1/preview/0/7/html?contact={dora}").status_code == 404
    assert client.get("/sequences/1/preview/0/0/html?contact=99").status_code == 404
