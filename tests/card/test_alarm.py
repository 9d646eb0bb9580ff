"""Where mail of the reader's own mailbox is missing, each card says so, with the way out."""

from __future__ import annotations

from datetime import timedelta

from backend.accounts.mailboxes import ask_to_reconnect
from backend.accounts.tables import Mailbox
from tests.card.addon import Addon
from tests.cast import ALICE, DORA, Office

NO_ENTRY = "Google no longer lets us in"


def lock_out(office: Office, address: str) -> None:
    with office.db.write() as session:
        mailbox = session.get_one(Mailbox, office.mailboxes[address])
        ask_to_reconnect(session, office.clock, mailbox, "the grant was revoked")


def test_a_card_says_that_mail_is_missing_and_leads_to_the_mailbox(addon: Addon, office: Office) -> None:
    mail = office.mail(DORA, ALICE)
    office.sync()
    assert not addon.open(mail).reads(NO_ENTRY)
    lock_out(office, ALICE)
    for card in (addon.open(mail), addon.open()):
        assert card.reads(NO_ENTRY)
        assert f"/settings/mailboxes/{office.mailboxes[ALICE]}" in str(card.json)


def test_a_colleagues_trouble_is_not_ones_own(addon: Addon, office: Office) -> None:
    office.sync()
    lock_out(office, ALICE)
    assert not addon.as_("root@acme.example").open().reads(NO_ENTRY)


def test_a_mailbox_that_nobody_reads_is_an_alarm_and_an_import_is_none(addon: Addon, office: Office) -> None:
    assert not addon.open().reads("Your mailbox")
    office.sync()
    office.clock.advance(timedelta(hours=1))
    assert addon.open().reads("the worker does not run")
