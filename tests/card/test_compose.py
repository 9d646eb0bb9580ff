"""The compose window: templates with their fields filled in, and a deal's reference in the subject."""

from __future__ import annotations

import pytest

from backend.sequences.texts.service import save_template
from tests.card.addon import Addon, Card
from tests.card.world import World, user_elsewhere
from tests.cast import ALICE, BOB, DORA, Office

BODY = "Hi {{ contact.first_name }},\n\nhere is {{ deal.name }} for {{ company.name }}.\n<b>{{ sender.name }}</b>"


def write(office: Office, name: str = "Offer", body: str = BODY, *, who: str = ALICE, is_shared: bool = True) -> int:
    with office.db.write() as session:
        actor, subject = office.actors[who], "{{ deal.name }}: our offer"
        return save_template(
            session, office.clock, actor, None, name=name, subject=subject, body=body, is_shared=is_shared
        ).id


def compose(addon: Addon, to: str) -> Card:
    return Card(addon.act("compose", {}, {"to": to}).get_json()["push"])


def inserted(
    addon: Addon, card: Card, name: str, inputs: dict[str, str] | None = None, **wanted: str
) -> dict[str, str]:
    answer = addon.try_click(card, name, inputs, **wanted)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.get_json()["insert"]
    return found


@pytest.fixture(name="dora")
def make_dora(world: World) -> int:
    dora = world.contact(DORA, "Dora Lund")
    world.deal("Forty <seats>", dora)
    return dora


def test_a_template_is_filled_in_from_recipient_deal_and_sender(addon: Addon, office: Office, dora: int) -> None:
    template = str(write(office))
    card = compose(addon, f'"Lund, Dora" <{DORA}>, Kim <kim@fjord.example>')
    assert (card.name, card.json["header"]["subtitle"]) == ("compose", "to Dora Lund, Kim")
    whole = inserted(addon, card, "insert-template", template=template, part="whole", person=str(dora))
    assert whole == {
        "html": "<p>Hi Dora,</p><p>here is Forty &lt;seats&gt; for Nordwind.<br>&lt;b&gt;Alice&lt;/b&gt;</p>",
        "subject": "Forty <seats>: our offer",
    }
    text = next(p for p in card.actions("insert-template") if "part" not in p)
    assert "subject" not in addon.act("insert-template", text).get_json()["insert"]


def test_fields_without_a_value_are_named_before_and_stand_in_brackets_after(addon: Addon, office: Office) -> None:
    write(office)
    card = compose(addon, "Kim <kim@fjord.example>")
    assert card.reads("fill in by hand: deal.name, contact.first_name, company.name")
    assert "Hi [contact.first_name]," in inserted(addon, card, "insert-template")["html"]


@pytest.mark.usefixtures("dora")
def test_a_deals_reference_goes_into_the_subject_once(addon: Addon) -> None:
    card = compose(addon, DORA)
    assert inserted(addon, card, "insert-reference") == {"subject": "[D-1001] Forty <seats>"}
    assert inserted(addon, card, "insert-reference", {"subject": "Our\r\nBcc: x"}) == {"subject": "[D-1001] Our Bcc: x"}
    assert inserted(addon, card, "insert-reference", {"subject": "Re: [D-1001] x"}) == {"subject": "Re: [D-1001] x"}


def test_with_nothing_to_put_in_the_card_says_where_templates_are_written(addon: Addon) -> None:
    for to in ("", "nonsense", "x" * 40_000, ", ".join(f"p{i}@fjord.example" for i in range(200))):
        card = compose(addon, to)
        assert card.reads("There is no template yet")
        assert "https://crm.example.com/templates" in str(card.json)


def test_nobody_sees_a_colleagues_own_template_or_another_teams(addon: Addon, office: Office) -> None:
    mine = str(write(office, "Mine", who=BOB, is_shared=False))
    assert not compose(addon, DORA).actions("insert-template")
    assert addon.act("insert-template", {"template": mine}).status_code == 404
    shared = str(write(office, "Ours"))
    elsewhere = addon.as_(user_elsewhere(office))
    assert elsewhere.act("insert-template", {"template": shared}).status_code == 404
    assert not compose(elsewhere, DORA).actions("insert-template")


def test_another_teams_contact_or_deal_fills_in_nothing(addon: Addon, office: Office, dora: int) -> None:
    elsewhere = user_elsewhere(office)
    template = str(write(office, who=elsewhere))
    ids = {"template": template, "person": str(dora), "deal": str(dora + 2)}
    html = addon.as_(elsewhere).act("insert-template", ids).get_json()["insert"]["html"]
    assert "[contact.first_name]" in html
    assert "[deal.name]" in html
    assert addon.as_(elsewhere).act("insert-reference", {"deal": ids["deal"]}).status_code == 404
