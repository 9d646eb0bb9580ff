from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, Programs
from tests.api.test_timeline import id_of
from tests.cast import ALICE, DORA, ERIK, Office


@pytest.fixture
def post(programs: Programs) -> Office:
    """Two strangers of Südwind and one of Nordwind have written to Alice, who answered none of them."""
    office = programs.alice.office
    office.mail(f"Erik Berg <{ERIK}>", ALICE, "Forty seats")
    office.mail("Nina <nina@suedwind.example>", ALICE, "Invoice")
    office.mail(DORA, ALICE, "Hello")
    office.sync()
    return office


def linked(api: Api, subject: str) -> set[str]:
    return {link["name"] for link in api.get(f"/links?message_id={id_of(api.office, subject)}")["links"]}


def add_erik(api: Api) -> Any:
    return api.post("/contacts", {"name": "Erik Berg", "emails": [ERIK]})


@pytest.mark.usefixtures("post")
class TestHistoryFollows:
    def test_a_new_contact_finds_the_mail_that_came_before(self, alice: Api) -> None:
        assert linked(alice, "Forty seats") == set()
        made = add_erik(alice)
        assert linked(alice, "Forty seats") == {"Erik Berg", "Suedwind"}
        assert made["relinked"]["added"] == 2
        undone = alice.post(f"/links/relink/{made['relinked']['batch_id']}/undo", status=200)
        assert (undone["removed"], linked(alice, "Forty seats")) == (2, set())

    def test_nothing_to_link_is_nothing_to_undo(self, alice: Api) -> None:
        made = alice.post("/contacts", {"name": "Somebody", "emails": ["somebody@else.example"]})
        assert made["relinked"] == {"batch_id": None, "mails": 0, "added": 0, "removed": 0}

    def test_a_new_domain_brings_everybody_who_writes_from_there(self, alice: Api) -> None:
        company = alice.post("/companies", {"name": "Südwind"})
        changed = alice.patch(f"/companies/{company['id']}", {"domains": ["suedwind.example"]}, 1)
        assert changed["relinked"]["added"] == 2
        assert linked(alice, "Invoice") == {"Südwind"}
        gone = alice.patch(f"/companies/{company['id']}", {"domains": []}, changed["version"])
        assert (gone["relinked"]["removed"], linked(alice, "Invoice")) == (2, set())

    def test_an_address_that_changes_hands_takes_its_mail_along(self, alice: Api) -> None:
        erik = add_erik(alice)
        other = alice.post("/contacts", {"name": "Erika"})
        alice.patch(f"/contacts/{erik['id']}", {"emails": []}, 1)
        alice.patch(f"/contacts/{other['id']}", {"emails": [ERIK]}, 1)
        assert "Erika" in linked(alice, "Forty seats")
        assert "Erik Berg" not in linked(alice, "Forty seats")

    def test_a_new_deal_takes_the_mail_of_those_who_take_part(self, alice: Api) -> None:
        erik = add_erik(alice)
        alice.post("/deals", {"name": "Seats for Südwind", "contact_ids": [erik["id"]]})
        assert "Seats for Südwind" in linked(alice, "Forty seats")

    def test_a_deleted_contact_leaves_the_mail(self, alice: Api) -> None:
        erik = add_erik(alice)
        alice.delete(f"/contacts/{erik['id']}", 1)
        assert linked(alice, "Forty seats") == {"Suedwind"}

    def test_a_change_that_says_nothing_of_mail_leaves_it_alone(self, alice: Api) -> None:
        erik = add_erik(alice)
        assert alice.patch(f"/contacts/{erik['id']}", {"phone": "1"}, 1)["relinked"]["batch_id"] is None


@pytest.mark.usefixtures("post")
class TestByHand:
    def test_a_link_says_by_which_rule_and_why(self, alice: Api) -> None:
        add_erik(alice)
        receipt = alice.get(f"/links?message_id={id_of(alice.office, 'Forty seats')}")
        rules = {link["name"]: (link["rule"], link["why"]) for link in receipt["links"]}
        assert rules["Erik Berg"] == ("address", f"{ERIK} is this contact's address.")
        unlinked = alice.get(f"/links?message_id={id_of(alice.office, 'Hello')}")
        assert (unlinked["reason"], unlinked["links"]) == ("nobody_known", [])

    def test_a_mail_is_linked_by_hand_and_taken_back(self, alice: Api) -> None:
        body = {"message_id": id_of(alice.office, "Hello"), "record_id": add_erik(alice)["id"]}
        assert [link["rule"] for link in alice.post("/links", body)["links"]] == ["hand"]
        veto = alice.post("/links/unlink", body)
        assert (veto["scope"], veto["mails"], linked(alice, "Hello")) == ("mail", 1, set())

    @pytest.mark.parametrize(("scope", "left"), [("mail", 1), ("thread", 1), ("address", 1), ("domain", 0)])
    def test_an_undo_reaches_as_far_as_it_says_and_can_be_lifted(self, alice: Api, scope: str, left: int) -> None:
        company = alice.post("/companies", {"name": "Südwind", "domains": ["suedwind.example"]})
        body = {"message_id": id_of(alice.office, "Forty seats"), "record_id": company["id"], "scope": scope}
        veto = alice.post("/links/unlink", body)
        assert linked(alice, "Forty seats") == set()
        assert len(linked(alice, "Invoice")) == left
        assert alice.ask("DELETE", f"/links/vetoes/{veto['veto_id']}", status=200).json["mails"] > 0  # type: ignore[index]  # it is there
        assert linked(alice, "Forty seats") == linked(alice, "Invoice") == {"Südwind"}
        assert alice.ask("DELETE", f"/links/vetoes/{veto['veto_id']}").status_code == 404

    def test_unlinked_mail_waits_for_its_owner_who_makes_its_writer_a_contact(
        self, alice: Api, programs: Programs
    ) -> None:
        assert programs.bob.get("/links/unlinked")["items"] == []
        first = alice.get("/links/unlinked?limit=2")
        rest = alice.get(f"/links/unlinked?limit=2&cursor={first['next']}")
        assert [m["subject"] for m in (*first["items"], *rest["items"])] == ["Hello", "Invoice", "Forty seats"]
        adopted = alice.post("/links/adopt", {"message_id": id_of(alice.office, "Forty seats")})
        assert (adopted["name"], linked(alice, "Forty seats")) == ("Erik Berg", {"Erik Berg", "Suedwind"})


@pytest.mark.usefixtures("post")
class TestRelinking:
    @pytest.mark.parametrize("whose", [{"address": ERIK}, {"domain": "mail.suedwind.example"}])
    def test_it_is_shown_first_then_done_then_undone(self, alice: Api, whose: dict[str, str]) -> None:
        made = add_erik(alice)
        alice.post(f"/links/relink/{made['relinked']['batch_id']}/undo", status=200)
        shown = alice.post("/links/relink/preview", whose, 200)
        assert (shown["batch_id"], linked(alice, "Forty seats")) == (None, set())
        done = alice.post("/links/relink", whose)
        assert (done["added"], done["removed"]) == (shown["added"], shown["removed"])

    def test_a_batch_is_undone_once(self, alice: Api) -> None:
        path = f"/links/relink/{add_erik(alice)['relinked']['batch_id']}/undo"
        alice.post(path, status=200)
        alice.post(path, status=400)
        alice.post("/links/relink/999/undo", status=404)

    @pytest.mark.parametrize("whose", [{}, {"address": ERIK, "domain": "suedwind.example"}])
    def test_it_must_be_said_whose_mail_is_meant(self, alice: Api, whose: dict[str, str]) -> None:
        alice.post("/links/relink", whose, 422)
        alice.post("/links/relink", {"domain": "com"}, 400)


def test_a_question_is_answered_by_those_whom_it_concerns(programs: Programs) -> None:
    office, alice = programs.alice.office, programs.alice
    dora = alice.post("/contacts", {"name": "Dora", "emails": [DORA]})
    deals = [alice.post("/deals", {"name": name, "contact_ids": [dora["id"]]})["id"] for name in ("One", "Two")]
    office.mail(DORA, ALICE, "Some news")
    office.sync()
    question = next(q for q in alice.get("/links/questions")["items"] if q["subject"] == "Some news")
    assert {c["deal_id"] for c in question["candidates"]} == set(deals)
    path = f"/links/questions/{question['conversation_id']}/answer"
    programs.bob.post(path, {"deal_id": deals[0]}, 404)
    assert programs.bob.get("/links/questions")["items"] == []
    alice.post(path, {}, 422)
    alice.post(path, {"deal_id": deals[1]}, 200)
    assert {"Two"} < linked(alice, "Some news")
    assert "One" not in linked(alice, "Some news")
