"""Why a mailbox stands still and why an address is written to no more, in the reader's words.

Both are kept as codes and facts, as in “policy: report 18c5: 5.7.1 policy”. Functions take the reader's `gettext`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from backend.mail.bounce_reasons import Reason
from backend.outbox.shapes import Pause

GetText = Callable[..., str]

_REPORT = re.compile(r"report \S+: (?P<status>no status|\S+) (?P<why>\S+)")
OWN_CLICK = "their own click"
"""What a suppression by its owner's wish rests on."""


def pause_words(reason: str, _: GetText) -> str:
    """Why nothing leaves a mailbox: a `Pause`, and after a colon what it rests on. A sentence of old stays as it is."""
    code, _colon, facts = reason.partition(": ")
    words = {
        Pause.BY_HAND: _("Paused by hand."),
        Pause.GMAIL_LIMIT: _("Gmail sends no more for this mailbox today."),
        Pause.SENDER_LIMIT: _("A sending limit of this mailbox is used up."),
        Pause.POLICY: _("A recipient's server refuses this mailbox's mail by policy."),
    }
    if code not in set(Pause):
        return reason
    told = ground_words(facts, _)
    return f"{words[Pause(code)]} ({told})" if told else words[Pause(code)]


def ground_words(evidence: str, _: GetText) -> str:
    """What a suppression or a pause rests on: a delivery report, their own click; else as it was written."""
    report = _REPORT.fullmatch(evidence)
    if report is None:
        return _("their own click") if evidence == OWN_CLICK else evidence
    why = _report_word(report["why"], _)
    if report["status"] == "no status":
        return _("delivery report: %(why)s", why=why)
    return _("delivery report %(status)s: %(why)s", status=report["status"], why=why)


def _report_word(why: str, _: GetText) -> str:
    words = {
        Reason.USER_UNKNOWN: _("there is no such mailbox"),
        Reason.HOST_UNKNOWN: _("the domain takes no mail"),
        Reason.MOVED: _("the mailbox has moved"),
        Reason.SENDER_LIMIT: _("the sender's limit is used up"),
        Reason.POLICY: _("refused by policy"),
    }
    return words.get(Reason(why), why) if why in set(Reason) else why
