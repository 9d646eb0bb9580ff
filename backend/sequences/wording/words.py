"""Where people stand in a sequence, in words: states, and the reasons why somebody stands still or was taken out.

Every function takes the reader's `gettext`, so that this knows neither the web nor a language.
"""

from __future__ import annotations

from collections.abc import Callable

from backend.sequences.shapes import EnrolmentState

GetText = Callable[..., str]


def state_word(state: EnrolmentState, _: GetText) -> str:
    """How somebody stands, in one word."""
    words = {
        EnrolmentState.ACTIVE: _("running"),
        EnrolmentState.PAUSED: _("paused"),
        EnrolmentState.FINISHED: _("finished"),
        EnrolmentState.STOPPED: _("stopped"),
    }
    return words[state]


def reason_words(reason: str, _: GetText) -> str:
    """Why somebody stands still, was taken out, or a mail waits or was left out; "" for "", an unknown one as it is."""
    words = {
        "replied": _("they replied"),
        "meeting": _("a meeting was arranged"),
        "contact_merged": _("the contact was merged into another"),
        "contact_gone": _("the contact was deleted"),
        "address_gone": _("the address is no longer this contact's"),
        "deal_closed": _("the deal was closed"),
        "deal_moved": _("the deal moved to another stage"),
        "owner_changed": _("the contact has a new owner"),
        "bounced": _("their address bounces"),
        "unsubscribed": _("they unsubscribed"),
        "by_hand": _("somebody of the team did so"),
        "taken_back": _("it was taken back at once"),
        "refused": _("Gmail refused the mail"),
        "failed": _("it failed again and again"),
        "bad_address": _("the address is not valid"),
        "header_injection": _("a field holds line breaks"),
        "missing_field": _("a field has no value"),
        "bad_text": _("the text cannot be written"),
        "bad_subject": _("the subject cannot be written"),
        "bad_template": _("the text cannot be filled in"),
        "away": _("they are out of the office"),
        "unknown": _("nobody knows whether the last mail left"),
        "collision": _("a colleague is writing with them"),
        "vetoed_by_hand": _("left out by hand"),
        "draft_deleted": _("its draft was deleted"),
        "expired": _("its time had passed"),
        "had_it_before": _("they had this mail before"),
        "window": _("outside the hours of sending"),
        "hours": _("outside the hours of sending"),
        "weekday": _("a weekday on which nothing is sent"),
        "holiday": _("a public holiday"),
        "mailbox_paused": _("the mailbox is paused"),
        "paced": _("it waits for its turn"),
        "daily_cap": _("the mailbox has sent its share of the day"),
        "domain_cap": _("enough was sent to this domain today"),
        "person_budget": _("they had a mail from the team lately"),
        "not_fresh": _("the mailbox is being read first"),
        "no_address": _("there is no mail address"),
        "halted": _("all of it stands still"),
        "on_the_way": _("on the way through it already"),
        "was_before": _("went through it before"),
        "no_contact": _("no contact has this address"),
        "no_address_on_line": _("no address on this line"),
    }
    return words.get(reason, reason)
