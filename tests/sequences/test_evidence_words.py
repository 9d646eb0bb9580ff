"""What decisions rest on, in the reader's words: codes and facts in the books, sentences at the door."""

from __future__ import annotations

from datetime import datetime

import pytest

from backend.outbox.words import pause_words
from backend.sequences.wording.evidence_words import evidence_words


def plain(text: str, **facts: str) -> str:
    return text % facts if facts else text


def hour(moment: datetime) -> str:
    return f"{moment:%d %b %H:%M}"


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ("mail 17, in the thread", ""),
        ("to version 3", ""),
        ("the deal is won, lost or gone", ""),
        ("contact.title, company.name", "Job, Company"),
        ("2026-11-22T05:30Z", "22 Nov 05:30"),
        ("3 attempts", "attempt 3"),
        ("report 18c5: 5.1.1 user_unknown", "delivery report 5.1.1: there is no such mailbox"),
        ("report 18c5: no status feedback", "delivery report: feedback"),
        ("nordwind.example", "nordwind.example"),
        ("asked on the phone", "asked on the phone"),
    ],
)
def test_evidence_is_said_in_words_and_what_people_wrote_stays_as_it_is(evidence: str, words: str) -> None:
    assert evidence_words(evidence, plain, hour) == words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("by_hand", "Paused by hand."),
        ("gmail_limit: limit exceeded", "Gmail sends no more for this mailbox today. (limit exceeded)"),
        (
            "policy: report 18c5: 5.7.1 policy",
            "A recipient's server refuses this mailbox's mail by policy. (delivery report 5.7.1: refused by policy)",
        ),
        ("Gmail sends no more today (x).", "Gmail sends no more today (x)."),
    ],
)
def test_a_pause_is_said_in_words_and_an_old_sentence_as_it_was_kept(reason: str, words: str) -> None:
    assert pause_words(reason, plain) == words
