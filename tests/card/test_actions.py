"""Every click of a card, end to end over HTTP, on both databases: what it does, done twice, and undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.activities.tables import Activity
from backend.linking.receipt_store import receipt_of
from backend.mail.tables import Message
from backend.records.shapes import RecordKind
from backend.records.store.reading import count_records
from tests.card.addon import Addon, Card
from tests.card.world import World, user_elsewhere
from tests.cast import ALICE, BOB, DORA, Office, open_mailbox

DORA_LUND = f"Dora Lund <{DORA}>"
KIM = "Kim Berg <kim@fjord.example>"


@pytest.fixture
def dora(world: World) -> int:
    return world.contact(DORA, "Dora Lund")


def records(office: Office) -> Mapping[RecordKind, int]:
    with office.db.read() as session:
        return count_records(session, office.workspace_id)


def linked_to(office: Office, rfc_id: str) -> set[str]:
    with office.db.read() as session:
        message_id = session.scalars(select(Message.id).where(Message.rfc_message_id == rfc_id)).one()
        receipt = receipt_of(session, office.workspace_id, message_id)
        return {link.name for link in receipt.links} if receipt else set()


def activities(office: Office) -> list[tuple[str, str]]:
    with office.db.read() as session:
        rows = session.execute(select(Activity.kind, Activity.text).order_by(Activity.id))
        return [(kind, text) for kind, text in rows]


def arrived(office: Office, sender: str = DORA_LUND, subject: str = "The offer") -> str:
    mail = office.mail(sender, ALICE, subject)
    office.sync()
    return mail


# --- strangers ---


def test_two_taps_make_a_contact_and_a_deal_and_one_takes_them_back(addon: Addon, office: Office) -> None:
    mail = arrived(office, KIM, "Re: Forty seats")
    stranger = addon.open(mail)
    done = addon.click(stranger, "create-contact-and-deal")
    assert done.title == "Kim Berg"
    assert done.reads("Fjord – Forty seats was added.")
    assert linked_to(office, mail) == {"Kim Berg", "Fjord", "Fjord – Forty seats"}
    again = addon.click(stranger, "create-contact-and-deal")
    assert again.reads("is open already")
    assert list(records(office).values()) == [1, 1, 1]
    undone = addon.click(done, "undo")
    assert undone.name == "unknown"
    assert undone.reads("Undone.")
    assert addon.click(done, "undo").reads("Undone."), "undoing twice is as undoing once"
    assert list(records(office).values()) == [0, 0, 0]


def test_a_contact_made_before_the_sync_saw_the_mail_is_not_made_twice(addon: Addon, office: Office) -> None:
    mail = office.mail(KIM, ALICE, "Forty seats")
    early = addon.open(mail, **{"from": KIM, "to": ALICE, "subject": "Forty seats"})
    addon.click(early, "create-contact")
    office.sync()
    assert records(office)[RecordKind.CONTACT] == 1
    assert linked_to(office, mail) == {"Kim Berg", "Fjord"}
    assert addon.click(early, "create-contact").reads("is a contact already")
    assert addon.open(mail).title == "Kim Berg"


def test_a_company_at_which_others_work_by_now_outlives_the_undo(addon: Addon, office: Office, world: World) -> None:
    done = addon.click(addon.open(arrived(office, KIM)), "create-contact")
    world.contact("otto@fjord.example", "Otto")
    addon.click(done, "undo")
    assert records(office) == {RecordKind.CONTACT: 1, RecordKind.COMPANY: 1, RecordKind.DEAL: 0}


def test_an_address_is_given_to_somebody_whom_the_team_knows(addon: Addon, office: Office, dora: int) -> None:
    mail = arrived(office, "Dora <dora.private@gmail.com>")
    search = addon.click(addon.open(mail), "link-existing")
    found = addon.click(search, "search", {"query": "dora lund"})
    done = addon.click(found, "link-to", record=str(dora))
    assert done.reads("dora.private@gmail.com is Dora Lund's address now.")
    assert "Dora Lund" in linked_to(office, mail)
    assert addon.click(found, "link-to", record=str(dora)).reads("address already")
    assert addon.click(done, "undo").name == "unknown"
    assert "Dora Lund" not in linked_to(office, mail)


@pytest.mark.parametrize("action", ["ignore-address", "ignore-domain"])
def test_a_sender_is_ignored_and_taken_in_again(addon: Addon, office: Office, action: str) -> None:
    stranger = addon.open(arrived(office, KIM))
    done = addon.click(stranger, action)
    assert done.name == "unlinked"
    assert done.reads("stays out of the CRM now")
    assert addon.click(stranger, action).actions("undo"), "once is enough"
    assert addon.open("new@mail.example", **{"from": KIM, "to": ALICE}).name == "unlinked"
    assert addon.click(done, "undo").name == "unknown"
    assert addon.click(done, "undo").name == "unknown"


# --- links ---


def test_a_link_shows_its_receipt(addon: Addon, office: Office, dora: int, world: World) -> None:
    world.deal("Forty seats", dora)
    receipt = addon.click(addon.open(arrived(office)), "why")
    assert receipt.name == "receipt"
    assert receipt.reads("It is the only open deal in which somebody of this mail takes part.")


@pytest.mark.parametrize("scope", ["mail", "thread", "address", "domain"])
def test_a_link_is_taken_back_as_far_as_asked_and_put_back(
    addon: Addon, office: Office, dora: int, world: World, scope: str
) -> None:
    world.deal("Forty seats", dora)
    mail = arrived(office)
    receipt = addon.click(addon.open(mail), "why")
    done = addon.click(receipt, "unlink", scope=scope)
    assert done.reads("1 mail unlinked.")
    assert "Forty seats" not in linked_to(office, mail)
    addon.click(receipt, "unlink", scope=scope)
    addon.click(done, "undo")
    assert "Forty seats" in linked_to(office, mail)
    addon.click(done, "undo")
    assert "Forty seats" in linked_to(office, mail)


def test_our_own_mail_is_not_unlinked_by_our_own_address(addon: Addon, office: Office, world: World, dora: int) -> None:
    world.deal("Forty seats", dora)
    mail = office.mail(ALICE, DORA)
    office.sync()
    receipt = addon.click(addon.open(mail), "why")
    assert {p["scope"] for p in receipt.actions("unlink")} == {"mail", "thread"}


def test_the_question_which_deal_is_answered_and_asked_again(
    addon: Addon, office: Office, dora: int, world: World
) -> None:
    north, _south = world.deal("North", dora), world.deal("South", dora)
    mail = arrived(office, subject="Hello")
    asking = addon.open(mail)
    done = addon.click(asking, "choose-deal", deal=str(north))
    assert "North" in linked_to(office, mail)
    assert not done.actions("choose-deal")
    assert addon.click(asking, "choose-deal", deal=str(north)).actions("undo")
    assert addon.click(done, "undo").actions("choose-deal")
    assert "North" not in linked_to(office, mail)


def test_none_of_the_deals_is_an_answer_too(addon: Addon, office: Office, dora: int, world: World) -> None:
    for name in ("North", "South"):
        world.deal(name, dora)
    mail = arrived(office, subject="Hello")
    none = next(p for p in addon.open(mail).actions("choose-deal") if "deal" not in p)
    assert not addon.shown(addon.act("choose-deal", none)).actions("choose-deal")


@pytest.mark.usefixtures("dora")
def test_a_mail_is_linked_by_hand_and_let_go(addon: Addon, office: Office, world: World) -> None:
    other = world.deal("Something else", world.contact("erik@suedwind.example", "Erik"))
    mail = arrived(office)
    found = addon.click(addon.click(addon.open(mail), "link-existing"), "search", {"query": "something"})
    done = addon.click(found, "link-to", record=str(other))
    assert "Something else" in linked_to(office, mail)
    assert addon.click(done, "why").reads("Linked by Alice")
    addon.click(done, "undo")
    assert "Something else" not in linked_to(office, mail)


def test_internal_mail_linked_by_hand_shows_its_deal(addon: Addon, office: Office, dora: int, world: World) -> None:
    deal = world.deal("Forty seats", dora)
    mail = office.mail(BOB, ALICE, "About Nordwind")
    office.sync()
    search = addon.click(addon.open(mail), "link-existing")
    found = addon.click(search, "search", {"query": "forty"})
    addon.click(found, "link-to", record=str(deal))
    assert addon.open(mail).title == "Forty seats"


def test_a_mail_that_is_not_stored_cannot_be_linked_yet(addon: Addon, world: World, dora: int) -> None:
    deal = world.deal("Forty seats", dora)
    early = addon.open("new@mail.example", **{"from": KIM, "to": ALICE})
    search = addon.click(early, "link-existing")
    found = addon.click(search, "search", {"query": "forty"})
    answer = addon.try_click(found, "link-to", record=str(deal))
    assert answer.status_code == 400
    assert "try again in a minute" in answer.get_json()["notification"]


# --- deals and writing ---


def test_a_stage_is_chosen_and_taken_back(addon: Addon, office: Office, dora: int, world: World) -> None:
    world.deal("Forty seats", dora)
    card = addon.open(arrived(office))
    stages = _stages(card)
    done = addon.click(card, "set-stage", {"stage": stages["Won"]})
    assert done.reads("Forty seats moved to Won.")
    assert addon.click(card, "set-stage", {"stage": stages["Won"]}).reads("Forty seats is in Won.")
    undone = addon.click(done, "undo")
    assert _chosen(undone) == "New"


def test_an_undo_leaves_a_deal_that_moved_on_where_it_is(addon: Addon, office: Office, dora: int, world: World) -> None:
    world.deal("Forty seats", dora)
    mail = arrived(office)
    card = addon.open(mail)
    stages = _stages(card)
    first = addon.click(card, "set-stage", {"stage": stages["Demo"]})
    addon.click(card, "set-stage", {"stage": stages["Proposal"]})
    answer = addon.try_click(first, "undo")
    assert answer.status_code == 400
    assert "moved again" in answer.get_json()["notification"]
    assert _chosen(addon.open(mail)) == "Proposal"


@pytest.mark.parametrize(
    ("form", "save", "inputs", "kind"),
    [
        ("new-note", "save-note", {"text": "Wants 40 seats"}, "note"),
        ("new-task", "save-task", {"title": "Send the offer", "due": "2026-01-09"}, "task"),
        ("new-call", "save-call", {"outcome": "voicemail", "text": ""}, "call"),
    ],
)
def test_what_is_written_down_is_saved_once_and_taken_back(
    addon: Addon, office: Office, dora: int, form: str, save: str, inputs: dict[str, str], kind: str
) -> None:
    opened = addon.click(addon.open(arrived(office)), form, record=str(dora))
    done = addon.click(opened, save, inputs)
    addon.click(opened, save, inputs)
    assert [k for k, _text in activities(office)] == [kind], "a retry within a minute is no second one"
    office.clock.advance(timedelta(minutes=2))
    addon.click(opened, save, inputs)
    assert [k for k, _text in activities(office)] == [kind, kind]
    addon.click(done, "undo")
    addon.click(done, "undo")
    assert len(activities(office)) == 1


@pytest.mark.parametrize(
    ("save", "inputs"),
    [("save-note", {"text": "  "}), ("save-task", {"title": "x", "due": "soon"}), ("save-call", {"outcome": "great"})],
)
def test_what_cannot_be_saved_is_said_and_nothing_is_kept(
    addon: Addon, office: Office, dora: int, save: str, inputs: dict[str, str]
) -> None:
    answer = addon.act(save, {"record": str(dora)}, inputs)
    assert answer.status_code == 400
    assert answer.get_json()["notification"]
    assert activities(office) == []


def test_a_task_is_ticked_off_and_opened_again(addon: Addon, office: Office, dora: int, world: World) -> None:
    world.task("Call back", dora)
    card = addon.open(arrived(office))
    done = addon.click(card, "complete-task")
    assert done.reads("Done: Call back")
    assert not done.actions("complete-task")
    addon.click(card, "complete-task")
    assert addon.click(done, "undo").actions("complete-task")


def test_home_acts_too(addon: Addon, world: World, dora: int) -> None:
    world.task("Call back", dora)
    done = addon.click(addon.open(), "complete-task")
    assert (done.name, done.actions("complete-task")) == ("home", [])
    assert addon.click(done, "undo").actions("complete-task")


def test_a_deal_opens_from_a_mail(addon: Addon, office: Office, dora: int, world: World) -> None:
    deal = world.deal("Forty seats", dora, stage="Demo")
    card = addon.click(addon.open(arrived(office)), "open-deal", deal=str(deal))
    assert (card.name, card.title) == ("deal", "Forty seats")
    assert addon.click(card, "new-note", record=str(deal)).name == "new_note"


@pytest.mark.usefixtures("dora")
def test_refresh_shows_the_card_anew(addon: Addon, office: Office) -> None:
    mail = addon.open(arrived(office)).offered("why")["mail"]
    assert addon.shown(addon.act("refresh", {"mail": mail})).title == "Dora Lund"


# --- whose clicks count ---


def test_an_undo_is_its_readers_alone(addon: Addon, office: Office, dora: int) -> None:
    opened = addon.click(addon.open(arrived(office)), "new-note", record=str(dora))
    done = addon.click(opened, "save-note", {"text": "Wants 40 seats"})
    change = done.offered("undo")["change"]
    assert addon.as_(BOB).act("undo", {"change": change}).status_code == 404
    assert len(activities(office)) == 1


def test_a_colleague_answers_no_question_about_mail_that_is_not_theirs(
    addon: Addon, office: Office, dora: int, world: World
) -> None:
    open_mailbox(office, BOB)
    deals = [world.deal(name, dora) for name in ("North", "South")]
    mail = arrived(office, subject="Hello")
    seen = addon.as_(BOB).open(mail)
    assert not seen.actions("choose-deal")
    parameters = {"mail": addon.open(mail).offered("link-existing")["mail"], "deal": str(deals[0])}
    assert addon.as_(BOB).act("choose-deal", parameters).status_code == 404


def test_a_link_is_read_and_undone_beside_its_own_mail_only(
    addon: Addon, office: Office, dora: int, world: World
) -> None:
    world.deal("Forty seats", dora)
    link = addon.open(arrived(office)).offered("why")["link"]
    other = addon.open(arrived(office, KIM)).offered("create-contact")["mail"]
    for name in ("why", "unlink"):
        assert addon.act(name, {"mail": other, "link": link, "scope": "mail"}).status_code == 404


def test_nobody_looks_up_another_workspaces_people_by_number(addon: Addon, office: Office, dora: int) -> None:
    stranger = addon.as_(user_elsewhere(office))
    mail = stranger.open("new@mail.example", **{"from": KIM}).offered("create-contact")["mail"]
    for name, parameters in (
        ("open-person", {"person": str(dora)}),
        ("link-existing", {"person": str(dora)}),
        ("link-to", {"record": str(dora)}),
    ):
        assert "Dora" not in stranger.act(name, {"mail": mail, **parameters}).text
    assert stranger.act("open-person", {"mail": mail, "person": str(dora)}).status_code == 404


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("nonsense", {}),
        ("enrol", {"record": "1"}),
        ("undo", {"change": "made.up.seal"}),
        ("undo", {}),
        ("why", {"link": "1"}),
        ("why", {"mail": "1", "link": "99999999999999999999999"}),
        ("open-deal", {"deal": "-1"}),
        ("open-deal", {"deal": "٣"}),
        ("create-contact", {"person": "1"}),
        ("open-person", {"mail": "1", "person": "1"}),
        ("refresh", {"mail": "not-sealed"}),
        ("set-stage", {"deal": "1"}),
    ],
)
def test_what_nobody_offered_is_not_found(addon: Addon, name: str, parameters: dict[str, str]) -> None:
    assert addon.act(name, parameters, {"stage": "x"}).status_code == 404


def test_a_mail_token_is_no_person_token(addon: Addon) -> None:
    card = addon.open("new@mail.example", **{"from": KIM, "to": ALICE})
    clicked = card.offered("create-contact")
    assert addon.act("create-contact", clicked | {"person": clicked["mail"]}).status_code == 404


def _stages(card: Card) -> dict[str, str]:
    return {choice["text"]: choice["value"] for choice in _choices(card)}


def _chosen(card: Card) -> str:
    return next(str(choice["text"]) for choice in _choices(card) if choice.get("selected"))


def _choices(card: Card) -> list[dict[str, str]]:
    widgets = [w for section in card.json["sections"] for w in section["widgets"]]
    return next(w["choices"] for w in widgets if w["type"] == "select")
