"""Forms to fill in: a note, a task, a call, a contact, a deal.

Nothing is sent while a required field is empty; saving pops them.
"""

from __future__ import annotations

from backend.card.cards.parts import act, first_shown
from backend.card.facts import Do, Mail
from backend.card.form_facts import DealForm, PersonForm
from backend.card.shapes import Card, Footer, Header, Section
from backend.card.widgets import Button, ButtonStyle, Choice, DatePicker, Select, TextInput, Widget
from backend.card.words import Words


def note_card(record: str, name: str, mail: Mail | None, words: Words) -> Card:
    """A note on the record with this id and name."""
    _ = words.gettext
    text = TextInput("text", _("Note"), hint=_("What should the team know?"), multiline=True)
    save = act(Do.SAVE_NOTE, mail, record=record, required=("text",))
    return _form("new_note", _("New note"), name, (text,), Button(_("Save note"), save, ButtonStyle.FILLED))


def task_card(record: str, name: str, mail: Mail | None, words: Words) -> Card:
    """A task about the record with this id and name; due today unless the reader says otherwise."""
    _ = words.gettext
    title = TextInput("title", _("Task"), hint=_("For example: send the revised offer"))
    due = DatePicker("due", _("Due"), words.today())
    save = act(Do.SAVE_TASK, mail, record=record, required=("title",))
    return _form("new_task", _("New task"), name, (title, due), Button(_("Save task"), save, ButtonStyle.FILLED))


def call_card(record: str, name: str, outcomes: tuple[tuple[str, str], ...], mail: Mail | None, words: Words) -> Card:
    """A call that took place; `outcomes` are (id, words) pairs, the first one chosen."""
    _ = words.gettext
    choices = tuple(Choice(text, key, selected=not i) for i, (key, text) in enumerate(outcomes))
    outcome = Select("outcome", _("Outcome"), choices)
    text = TextInput("text", _("What was said"), multiline=True)
    save = act(Do.SAVE_CALL, mail, record=record, required=("outcome",))
    return _form("new_call", _("Log call"), name, (outcome, text), Button(_("Save call"), save, ButtonStyle.FILLED))


def person_card(person: PersonForm, mail: Mail | None, words: Words) -> Card:
    """A contact to be made of a stranger, or to be changed."""
    _ = words.gettext
    fields = (
        TextInput("name", _("Name"), value=person.name),
        TextInput("title", _("Job"), value=person.title),
        TextInput("phone", _("Phone"), value=person.phone),
    )
    if person.is_new:
        save = act(Do.SAVE_NEW_CONTACT, mail, person=person.record, required=("name",))
        return _form("new_contact", _("New contact"), "", fields, Button(_("Save"), save, ButtonStyle.FILLED))
    save = act(Do.SAVE_CONTACT, mail, record=person.record, required=("name",))
    return _form("edit_contact", _("Edit contact"), person.name, fields, Button(_("Save"), save, ButtonStyle.FILLED))


def deal_card(deal: DealForm, mail: Mail | None, words: Words) -> Card:
    """A deal to be made with a contact, or to be changed."""
    _ = words.gettext
    fields = (
        TextInput("name", _("Name"), value=deal.name),
        TextInput("amount", _("Amount in %(currency)s", currency=deal.currency), value=deal.amount),
        DatePicker("closes", _("Closes"), deal.closes_on),
    )
    if deal.is_new:
        save = act(Do.SAVE_NEW_DEAL, mail, record=deal.record, required=("name",))
        return _form("new_deal", _("New deal"), deal.whose, fields, Button(_("Save"), save, ButtonStyle.FILLED))
    save = act(Do.SAVE_DEAL, mail, deal=deal.record, required=("name",))
    return _form("edit_deal", _("Edit deal"), deal.name, fields, Button(_("Save"), save, ButtonStyle.FILLED))


def _form(card: str, title: str, name: str, fields: tuple[Widget, ...], save: Button) -> Card:
    return Card(card, Header(title, subtitle=first_shown(name)), (Section(fields),), footer=Footer(save))
