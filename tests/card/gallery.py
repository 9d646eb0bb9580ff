"""Cards of every kind: each widget once, every builder's card, and the same built from hostile text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

from backend.card.cards import compose, context_card, deal, enrol, forms, home, receipt, search, sequence, trouble
from backend.card.cards.enrol import Picker
from backend.card.cards.trouble import Trouble
from backend.card.facts import Internal, Notice, Several, Unlinked
from backend.card.shapes import Card, Footer, Header, MenuItem, Section
from backend.card.widgets import (
    Action,
    Button,
    Buttons,
    ButtonStyle,
    Choice,
    Columns,
    DatePicker,
    Divider,
    Icon,
    Image,
    Line,
    Link,
    Paragraph,
    Select,
    TextInput,
)
from backend.card.words import Words
from tests.card.samples import (
    CRM,
    DEAL,
    DRAFT,
    FOUND,
    HOME,
    KNOWN,
    LOCKED,
    MAIL,
    RECEIPT,
    STANDING,
    STARTABLE,
    STRANGER,
    UNKNOWN,
    people,
)

CRM_LINK = Link(CRM)
SAVE = Action("save-note", {"record": "p1"}, required=("text",))
EVERYTHING = Card(
    "everything",
    Header("Ana", "Buyer", "https://crm.example.com/a.png", "A face"),
    (
        Section(
            (
                Paragraph("Plain & simple"),
                Line("Text", Icon.EMAIL, "Top", "Bottom", button=Button("Why?", SAVE), on_click=CRM_LINK),
                Buttons((Button("Go", CRM_LINK), Button("Quiet", SAVE, ButtonStyle.BORDERLESS))),
                Select("stage", "Stage", (Choice("A", "1"), Choice("B", "2", selected=True)), SAVE),
                TextInput("text", "Note", "Hint", "one\ntwo", multiline=True),
                DatePicker("due", "Due", date(2026, 12, 15)),
                Divider(),
                Columns((Paragraph("Left"),), (Image("https://crm.example.com/a.png", "A chart"),)),
            ),
            "Facts",
            collapsible=True,
            shown=2,
        ),
    ),
    menu=(MenuItem("Open", CRM_LINK),),
    footer=Footer(Button("Save", SAVE, ButtonStyle.FILLED), Button("Cancel", SAVE)),
)


def all_cards(words: Words) -> list[Card]:
    return [
        EVERYTHING,
        *(
            context_card(s, words)
            for s in (
                KNOWN,
                UNKNOWN,
                Several(MAIL, people(50)),
                Internal(OWN_MAIL),
                Unlinked(KEPT_MAIL, "x"),
                LOCKED,
                replace(LOCKED, is_refused=True),
            )
        ),
        deal.card(DEAL, MAIL, words),
        receipt.card(RECEIPT, MAIL, words),
        home.card(HOME, words),
        forms.note_card("p1", "Ana", MAIL, words),
        forms.task_card("p1", "Ana", MAIL, words),
        search.card("nord", FOUND, MAIL, words, person="p1"),
        enrol.card(Picker("p1", "Ana", STARTABLE), MAIL, words),
        enrol.card(Picker("p1", "Ana", sequences_url=CRM), MAIL, words),
        enrol.card(Picker("p1", "Ana", is_allowed=False), MAIL, words),
        sequence.card(STANDING, MAIL, words),
        compose.done_card(Notice("Ana is in “Onboarding” now.", "c1"), words),
        compose.card(DRAFT, words),
        *(trouble.card(kind, words, url=CRM) for kind in Trouble),
    ]


# Ids and links are ours; all other text comes from people and their mail programs.
OURS = {
    "id",
    "person",
    "templates_url",
    "url",
    "change",
    "link",
    "deal",
    "stage_id",
    "more_url",
    "unlinked_url",
    "currency",
    "scopes",
    "offers",
}
HOSTILE = [
    '"Doe, Jane" <jane@x.example>',
    'O\'Neil & "Sons", Ltd; <script>alert(1)</script>',
    "مرحبا \u202eevil\u202c שלום",
    "👩‍💻🏳️‍🌈" * 200,
    "N" * 2000,
    "\x00\x1f\u200b\ufeff",
    "%(name)s %s {0} ${x}",
    "&lt;b&gt; <a href='javascript:x'>y</a>",
    "\ud800 lone",
    "line\nbreak\r\n\u2028two",
    "",
]
SUBJECTS = [KNOWN, UNKNOWN, Several(MAIL, (STRANGER,), (DEAL,)), Internal(MAIL), Unlinked(MAIL, "x", STRANGER), LOCKED]
OWN_MAIL, KEPT_MAIL = replace(MAIL, is_own=True), replace(MAIL, is_own=True, is_kept=True)


def rewritten(shape: Any, write: Callable[[], str]) -> Any:
    """The same facts, every text that people write replaced by what `write` returns."""
    if isinstance(shape, tuple):
        return tuple(rewritten(item, write) for item in shape)
    if type(shape) is str:
        return write()
    if not is_dataclass(shape) or isinstance(shape, type):
        return shape
    return replace(
        shape, **{f.name: rewritten(getattr(shape, f.name), write) for f in fields(shape) if f.name not in OURS}
    )


def every_card(write: Callable[[], str], words: Words) -> list[Card]:
    return [
        *(context_card(rewritten(subject, write), words) for subject in SUBJECTS),
        deal.card(rewritten(DEAL, write), MAIL, words),
        receipt.card(rewritten(RECEIPT, write), MAIL, words),
        home.card(rewritten(HOME, write), words),
        forms.note_card("p1", write(), MAIL, words),
        search.card(write(), rewritten(FOUND, write), MAIL, words),
        enrol.card(Picker("p1", write(), rewritten(STARTABLE, write)), MAIL, words),
        sequence.card(rewritten(STANDING, write), MAIL, words),
        compose.card(rewritten(DRAFT, write), words),
    ]
