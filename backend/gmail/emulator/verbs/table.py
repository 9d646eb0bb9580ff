"""Which methods there are: their name, HTTP method, path, price, and the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from backend.gmail.emulator.verbs import account, drafts, history, labels, messages, threads
from backend.gmail.emulator.verbs.request import Json, Request
from backend.gmail.gateway import UNITS


@dataclass(frozen=True, slots=True)
class Verb:
    """A method of Gmail's API. `path` follows /gmail/v1/users/{userId}/; `units` is its price of the user's minute."""

    name: str
    method: str
    path: str
    units: int
    run: Callable[[Request], Json]
    changes: bool = False
    has_no_answer: bool = False

    def ids_of(self, path: str) -> dict[str, str] | None:
        """Return the ids in a path that is this verb's, None for another's."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path)
        return {name: unquote(text) for name, text in found.groupdict().items()} if found else None


def _reads(name: str, path: str, units: int, run: Callable[[Request], Json]) -> Verb:
    return Verb(name, "GET", path, units, run)


def _writes(name: str, method: str, path: str, units: int, run: Callable[[Request], Json]) -> Verb:
    """Make a verb that changes something; those that delete or stop answer 204 with no body."""
    is_silent = name.endswith((".delete", ".batchDelete", ".batchModify")) or name == "stop"
    return Verb(name, method, path, units, run, changes=True, has_no_answer=is_silent)


# Prices that the gateway has no verb for are from Gmail's table of the same month.
_INSERT, _BATCH, _TRASH, _DELETE, _LABEL_WRITE, _DRAFT_UPDATE = 25, 50, 5, 10, 5, 15

_MESSAGE, _THREAD, _DRAFT, _LABEL = "messages/{id}", "threads/{id}", "drafts/{id}", "labels/{id}"

_ALL = (
    _reads("getProfile", "profile", UNITS["profile"], account.profile),
    _writes("watch", "POST", "watch", UNITS["watch"], account.watch),
    _writes("stop", "POST", "stop", UNITS["stop"], account.stop),
    _reads("history.list", "history", UNITS["history"], history.list_page),
    _reads("messages.list", "messages", UNITS["list"], messages.list_page),
    _writes("messages.send", "POST", "messages/send", UNITS["send"], messages.send),
    _writes("messages.insert", "POST", "messages", _INSERT, messages.insert),
    _writes("messages.import", "POST", "messages/import", _INSERT, messages.import_message),
    _writes("messages.batchModify", "POST", "messages/batchModify", _BATCH, messages.batch_modify),
    _writes("messages.batchDelete", "POST", "messages/batchDelete", _BATCH, messages.batch_delete),
    _reads("messages.get", _MESSAGE, UNITS["get"], messages.get),
    _writes("messages.modify", "POST", f"{_MESSAGE}/modify", UNITS["modify"], messages.modify),
    _writes("messages.trash", "POST", f"{_MESSAGE}/trash", _TRASH, messages.trash),
    _writes("messages.untrash", "POST", f"{_MESSAGE}/untrash", _TRASH, messages.untrash),
    _writes("messages.delete", "DELETE", _MESSAGE, _DELETE, messages.delete),
    _reads(
        "messages.attachments.get", "messages/{messageId}/attachments/{id}", UNITS["attachment"], messages.attachment
    ),
    _reads("threads.list", "threads", UNITS["list"], threads.list_page),
    _reads("threads.get", _THREAD, UNITS["thread"], threads.get),
    _writes("threads.modify", "POST", f"{_THREAD}/modify", UNITS["modify"], threads.modify),
    _writes("threads.trash", "POST", f"{_THREAD}/trash", _TRASH, threads.trash),
    _writes("threads.untrash", "POST", f"{_THREAD}/untrash", _TRASH, threads.untrash),
    _writes("threads.delete", "DELETE", _THREAD, _DELETE, threads.delete),
    _reads("labels.list", "labels", UNITS["labels"], labels.list_all),
    _reads("labels.get", _LABEL, UNITS["labels"], labels.get),
    _writes("labels.create", "POST", "labels", _LABEL_WRITE, labels.create),
    _writes("labels.update", "PUT", _LABEL, _LABEL_WRITE, labels.update),
    _writes("labels.patch", "PATCH", _LABEL, _LABEL_WRITE, labels.patch),
    _writes("labels.delete", "DELETE", _LABEL, _LABEL_WRITE, labels.delete),
    _reads("drafts.list", "drafts", UNITS["draft_list"], drafts.list_page),
    _reads("drafts.get", _DRAFT, UNITS["draft_get"], drafts.get),
    _writes("drafts.create", "POST", "drafts", UNITS["draft_create"], drafts.create),
    _writes("drafts.send", "POST", "drafts/send", UNITS["send"], drafts.send),
    _writes("drafts.update", "PUT", _DRAFT, _DRAFT_UPDATE, drafts.update),
    _writes("drafts.delete", "DELETE", _DRAFT, UNITS["draft_delete"], drafts.delete),
    _reads("settings.sendAs.list", "settings/sendAs", UNITS["send_as"], account.send_as_list),
    _reads("settings.sendAs.get", "settings/sendAs/{sendAsEmail}", UNITS["send_as"], account.send_as_get),
    _writes("settings.sendAs.create", "POST", "settings/sendAs", UNITS["send_as"], account.send_as_create),
)

VERBS = {verb.name: verb for verb in _ALL}
UPLOADS = frozenset(
    {"messages.send", "messages.insert", "messages.import", "drafts.create", "drafts.update", "drafts.send"}
)


def find_verb(method: str, path: str) -> tuple[Verb, dict[str, str]] | None:
    """Return the verb of an HTTP method and path (after the user's), with the ids that the path holds."""
    for verb in _ALL:
        if verb.method == method and (ids := verb.ids_of(path)) is not None:
            return verb, ids
    return None
