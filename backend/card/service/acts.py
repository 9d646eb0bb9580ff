"""Every action that a card can ask for today, by name. What changes something answers with a notice and its undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backend.card import facts
from backend.card.cards import compose as compose_card
from backend.card.facts import Do
from backend.card.service import composing, editing, enrolling, keeping, links, making, showing, undoing, writing
from backend.card.service.asked import Asked, Done, beside, seal_undo
from backend.card.service.context import root_card
from backend.card.service.visit import Visit
from backend.card.shapes import Outcome, PopTo
from backend.kit.errors import NotFoundError

_SHOWS: Mapping[Do, Callable[[Visit, Asked], Outcome]] = {
    Do.REFRESH: showing.refresh,
    Do.OPEN_PERSON: showing.open_person,
    Do.OPEN_DEAL: showing.open_deal,
    Do.WHY: showing.why,
    Do.LINK_EXISTING: showing.link_existing,
    Do.SEARCH: showing.search_records,
    Do.NEW_NOTE: showing.new_note,
    Do.NEW_TASK: showing.new_task,
    Do.NEW_CALL: showing.new_call,
    Do.NEW_CONTACT: editing.new_contact,
    Do.EDIT_CONTACT: editing.edit_contact,
    Do.NEW_DEAL: editing.new_deal,
    Do.EDIT_DEAL: editing.edit_deal,
    Do.SETTINGS: showing.settings,
    Do.ENROL: enrolling.choose,
    Do.OPEN_SEQUENCE: enrolling.open_sequence,
    Do.COMPOSE: composing.compose,
    Do.INSERT_TEMPLATE: composing.insert_template,
    Do.INSERT_REFERENCE: composing.insert_reference,
}

_CHANGES: Mapping[Do, Callable[[Visit, Asked], Done]] = {
    Do.UNLINK: links.unlink,
    Do.CHOOSE_DEAL: links.choose_deal,
    Do.LINK_TO: links.link_to,
    Do.IGNORE_ADDRESS: links.ignore_address,
    Do.IGNORE_DOMAIN: links.ignore_domain,
    Do.CREATE_CONTACT: making.create_contact,
    Do.CREATE_CONTACT_AND_DEAL: making.create_contact_and_deal,
    Do.SET_STAGE: making.set_stage,
    Do.SAVE_NEW_CONTACT: editing.save_new_contact,
    Do.SAVE_CONTACT: editing.save_contact,
    Do.SAVE_NEW_DEAL: editing.save_new_deal,
    Do.SAVE_DEAL: editing.save_deal,
    Do.SAVE_NOTE: writing.save_note,
    Do.SAVE_TASK: writing.save_task,
    Do.SAVE_CALL: writing.save_call,
    Do.COMPLETE_TASK: writing.complete_task,
    Do.START_SEQUENCE: enrolling.start,
    Do.PAUSE_SEQUENCE: enrolling.pause,
    Do.RESUME_SEQUENCE: enrolling.resume,
    Do.STOP_SEQUENCE: enrolling.stop,
    Do.SKIP_MAIL: enrolling.skip_mail,
    Do.SEND_AFTER_ALL: enrolling.send_after_all,
    Do.KEEP_PRIVATE: keeping.keep_private,
    Do.SHARE_AGAIN: keeping.share_again,
    Do.ASK_TO_READ: keeping.ask_to_read,
    Do.GRANT_ACCESS: keeping.grant_access,
    Do.REFUSE_ACCESS: keeping.refuse_access,
    Do.UNDO: undoing.undo,
}


def find_action(name: str) -> Do:
    """The action of this name, if it can be done today. Raises `NotFoundError`."""
    if name not in {do.value for do in (*_SHOWS, *_CHANGES)}:
        raise NotFoundError("There is no such action.")
    return Do(name)


def changes_something(do: Do) -> bool:
    """Whether an action needs a transaction that writes."""
    return do in _CHANGES


def act(visit: Visit, do: Do, asked: Asked) -> Outcome:
    """Do it. Raises `NotFoundError` for what is not the reader's, other `UserError`s for what the reader can mend."""
    if do in _SHOWS:
        return _SHOWS[do](visit, asked)
    return _settled(visit, asked, _CHANGES[do](visit, asked))


def _settled(visit: Visit, asked: Asked, done: Done) -> Outcome:
    """Back to the bottom of the pile: the mail's card, made anew, with the notice on top.

    Beside a draft there is none: the notice stands alone.
    """
    notice = facts.Notice(done.text, seal_undo(visit, done))
    if asked.is_draft:
        return Outcome(update=compose_card.done_card(notice, visit.words))
    card = root_card(visit, beside(visit, asked), notice)
    return Outcome(pop=PopTo.ROOT, update=card, state_changed=True)
