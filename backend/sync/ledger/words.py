"""What is said of a mailbox, in words: one sentence and one remedy for each cause, plain words for each reason.

Every function takes the reader's `gettext` (and `ngettext`), so that this knows neither the web nor a language.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.sync.ledger.shapes import Cause, Light, Verdict
from backend.sync.shapes import SkipReason

GetText = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict in words; `remedy` and `left` (how long it still takes) are "" where there is nothing to say."""

    word: str
    sentence: str
    remedy: str
    left: str


def say(verdict: Verdict, _: GetText, ngettext: GetText) -> Said:
    """Put a verdict into words."""
    left = "" if verdict.seconds_left is None else duration(verdict.seconds_left, ngettext)
    return Said(light_word(verdict, _), sentence(verdict, _, ngettext), remedy(verdict, _), left)


def light_word(verdict: Verdict, _: GetText) -> str:
    """Name the light in a word or two."""
    if verdict.cause in {Cause.IMPORT, Cause.RESYNC}:
        return _("Mail is being read")
    words = {Light.GREEN: _("All mail is here"), Light.AMBER: _("Take a look"), Light.RED: _("Mail is missing")}
    return words.get(verdict.light, _("Not read"))


def sentence(verdict: Verdict, _: GetText, ngettext: GetText) -> str:
    """Say what is so."""
    n = verdict.number
    sentences = {
        Cause.WELL: _("Everything that Gmail has is here or accounted for."),
        Cause.PAUSED: _("It is paused: nothing is read and nothing is sent."),
        Cause.DISCONNECTED: _("It is disconnected; the mail that was read stays."),
        Cause.RECONNECT: _("Google no longer lets us in, so new mail is missing."),
        Cause.NO_WORKER: _("Nobody has read it for a while: the worker does not run."),
        Cause.FAILING: _("Reading it has failed several times."),
        Cause.QUOTA: _("Gmail asked us to slow down; reading goes on by itself."),
        Cause.GAP: ngettext(
            "The audit found %(num)s mail that was missing; it is not settled yet.",
            "The audit found %(num)s mails that were missing; they are not settled yet.",
            n,
        ),
        Cause.STUCK: ngettext(
            "%(num)s mail could not be fetched or read.", "%(num)s mails could not be fetched or read.", n
        ),
        Cause.LATE: _("It has not been read to its end for a while."),
        Cause.OVERDUE: ngettext(
            "%(num)s new mail waits longer than it should.", "%(num)s new mails wait longer than they should.", n
        ),
        Cause.RESYNC: _("Gmail forgot what had changed, so everything is compared anew."),
        Cause.IMPORT: ngettext(
            "Its mail is being read; %(num)s mail is still to come.",
            "Its mail is being read; %(num)s mails are still to come.",
            n,
        )
        if n
        else _("Its mail is about to be read."),
        Cause.NOT_AUDITED: _("It has not been compared with Gmail's own list for more than two nights."),
    }
    return sentences[verdict.cause]


def remedy(verdict: Verdict, _: GetText) -> str:
    """Say what to do; "" where nothing is to be done."""
    remedies = {
        Cause.PAUSED: _("Resume it when you want its mail again."),
        Cause.RECONNECT: _("Connect it again; nothing that was read is lost, and what is missing is fetched."),
        Cause.NO_WORKER: _("Ask your admin to start it: enlace worker."),
        Cause.FAILING: _("It is tried again by itself; if it stays, connect the mailbox again."),
        Cause.QUOTA: _("Wait; nothing is lost."),
        Cause.GAP: _("They are being fetched; if it stays, look at the list below."),
        Cause.STUCK: _("Try them again, or leave them out."),
        Cause.LATE: _("Ask your admin to look at the worker's log: enlace doctor."),
        Cause.OVERDUE: _("Ask your admin to look at the worker's log: enlace doctor."),
        Cause.RESYNC: _("Wait; new mail comes in meanwhile."),
        Cause.IMPORT: _("Wait; new mail comes in meanwhile."),
        Cause.NOT_AUDITED: _("Check it now."),
    }
    return remedies.get(verdict.cause, "")


def duration(seconds: int, ngettext: GetText) -> str:
    """Say how long something takes, in minutes or hours."""
    if seconds >= 2 * 3600:
        return ngettext("about %(num)s hour", "about %(num)s hours", round(seconds / 3600))
    return ngettext("about %(num)s minute", "about %(num)s minutes", max(1, round(seconds / 60)))


def reason_words(reason: str, _: GetText) -> str:
    """Say in plain words why a mail is not in the CRM; a reason of a later version is shown as it is."""
    words: dict[str, str] = {
        SkipReason.DRAFT: _("Drafts: not sent yet"),
        SkipReason.CHAT: _("Chats: no mail"),
        SkipReason.SPAM: _("Spam"),
        SkipReason.TRASH: _("In the bin"),
        SkipReason.GONE: _("Deleted in Gmail before it was read"),
        SkipReason.REFUSED: _("Gmail refuses to hand it out"),
        SkipReason.UNREADABLE: _("Could not be read: the mail is broken"),
        SkipReason.LEFT_OUT: _("Left out by somebody of your team"),
        SkipReason.WINDOW: _("Older than what is imported"),
        SkipReason.LABEL: _("Left out by its Gmail label"),
        SkipReason.UNKNOWN: _("Nobody in it is known here"),
        SkipReason.INTERNAL: _("Internal mail"),
        SkipReason.EXCLUDED: _("An address or domain in it is excluded"),
    }
    return words.get(reason, reason)


def kind_words(grant_kind: str, _: GetText) -> str:
    """Say how we enter a mailbox."""
    words = {
        "oauth": _("by its owner's own consent"),
        "service_account": _("by your domain's service account"),
        "emulator": _("in the demo's emulated Gmail"),
    }
    return words.get(grant_kind, "")
