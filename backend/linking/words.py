"""What linking decided, in words: one sentence for each rule and reason, one line for each piece of evidence.

Every function takes the reader's `gettext`, so that this knows neither the web nor a language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backend.linking.shapes import Evidence, Reason, Rule, Scope

GetText = Callable[..., str]


def rule_sentence(rule: Rule, evidence: Evidence, _: GetText) -> str:
    """Say why a rule linked a mail, as in “ana@nordwind.example is this contact's address”."""
    fill: Mapping[str, Any] = {"address": "", "domain": "", "reference": "", "score": 0, **evidence}
    sentences = {
        Rule.ADDRESS: _("%(address)s is this contact's address.", address=fill["address"]),
        Rule.COMPANY: _("The person behind %(address)s works here.", address=fill["address"]),
        Rule.DOMAIN: _("%(address)s writes from this company's domain.", address=fill["address"]),
        Rule.CONVERSATION: _("The conversation was linked here before."),
        Rule.DEAL_REFERENCE: _("The subject holds the reference %(reference)s.", reference=fill["reference"]),
        Rule.DEAL_ONLY: _("It is the only open deal in which somebody of this mail takes part."),
        Rule.DEAL_EVIDENCE: _("More speaks for this deal than for any other: %(score)s points.", score=fill["score"]),
        Rule.ANSWER: _("Somebody of your team chose this deal for the conversation."),
        Rule.HAND: _("Somebody of your team linked it by hand."),
    }
    return sentences[rule]


def evidence_lines(evidence: Evidence, _: GetText) -> list[tuple[str, int]]:
    """Say what spoke for a deal, each with its points; other evidence stands in the rule's sentence."""
    words = {
        "participants": _("who takes part"),
        "subject": _("words of the subject"),
        "last_mail": _("recent mail about it"),
        "stage_activity": _("moved lately"),
    }
    return [(word, int(evidence[key])) for key, word in words.items() if key in evidence]


def rejection_sentence(why: str, evidence: Evidence, _: GetText) -> str:
    """Say why a candidate lost."""
    points = sum(value for _word, value in evidence_lines(evidence, _))
    sentences = {
        "vetoed": _("somebody of your team said no"),
        "fewer points": _("less speaks for it: %(points)s points", points=points),
        "no clear lead": _("no clear lead: %(points)s points", points=points),
    }
    return sentences.get(why, why)


def reason_sentence(reason: Reason, _: GetText) -> str:
    """Say why a mail is linked to nothing."""
    sentences = {
        Reason.NONE: "",
        Reason.PRIVATE: _("It bears the private label, so it stays out."),
        Reason.EXCLUDED: _("Its address or domain is on the list of exclusions."),
        Reason.INTERNAL: _("Only colleagues take part."),
        Reason.NO_PEOPLE: _("It names nobody outside the team."),
        Reason.BULK: _("It is a newsletter or another mail to many."),
        Reason.AUTOMATIC: _("It was sent by a machine."),
        Reason.NOBODY_KNOWN: _("Nobody in it is a contact, and no company owns the domain."),
        Reason.VETOED: _("Somebody of your team unlinked it."),
    }
    return sentences[reason]


def scope_word(scope: Scope, value: str, _: GetText) -> str:
    """Name how far an undo reaches; `value` is the address or domain."""
    words = {
        Scope.MAIL: _("This mail"),
        Scope.THREAD: _("This conversation"),
        Scope.ADDRESS: _("All mail of %(who)s", who=value),
        Scope.DOMAIN: _("All mail from %(who)s", who=value),
    }
    return words[scope]
