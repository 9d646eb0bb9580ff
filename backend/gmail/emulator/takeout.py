"""Google Takeout's labels: how an exported mbox tells where each message lay, in the account's language."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from backend.gmail.charsets import decode_words
from backend.gmail.emulator.labels import label_named
from backend.gmail.emulator.mailbox import Mailbox
from backend.kit.text import fold, squeeze

# English and Spanish names, folded; None is a state that Gmail has no label for.
_SYSTEM_NAMES: dict[str, str | None] = {
    "inbox": "INBOX",
    "recibidos": "INBOX",
    "bandeja de entrada": "INBOX",
    "sent": "SENT",
    "enviado": "SENT",
    "enviados": "SENT",
    "archived": None,
    "archivado": None,
    "archivados": None,
    "opened": None,
    "abierto": None,
    "abiertos": None,
    "unread": "UNREAD",
    "no leido": "UNREAD",
    "no leidos": "UNREAD",
    "starred": "STARRED",
    "destacado": "STARRED",
    "destacados": "STARRED",
    "important": "IMPORTANT",
    "importante": "IMPORTANT",
    "importantes": "IMPORTANT",
    "spam": "SPAM",
    "trash": "TRASH",
    "papelera": "TRASH",
    "draft": "DRAFT",
    "drafts": "DRAFT",
    "borrador": "DRAFT",
    "borradores": "DRAFT",
    "chat": "CHAT",
    "chats": "CHAT",
}
_CATEGORIES = {
    "personal": "CATEGORY_PERSONAL",
    "primary": "CATEGORY_PERSONAL",
    "principal": "CATEGORY_PERSONAL",
    "social": "CATEGORY_SOCIAL",
    "promotions": "CATEGORY_PROMOTIONS",
    "promociones": "CATEGORY_PROMOTIONS",
    "updates": "CATEGORY_UPDATES",
    "notificaciones": "CATEGORY_UPDATES",
    "actualizaciones": "CATEGORY_UPDATES",
    "forums": "CATEGORY_FORUMS",
    "foros": "CATEGORY_FORUMS",
}


def label_ids(mailbox: Mailbox, header: str) -> list[str]:
    """Return the label ids that an X-Gmail-Labels header means; labels of the person's own are made as needed."""
    found = (_label_id(mailbox, name) for name in _names(header))
    return [label_id for label_id in found if label_id]


def _names(header: str) -> Iterable[str]:
    """Split the names: they stand between commas, in quotes where they hold one, the whole perhaps encoded."""
    for row in csv.reader([squeeze(decode_words(header))], skipinitialspace=True):
        yield from (name.strip() for name in row if name.strip())


def _label_id(mailbox: Mailbox, name: str) -> str | None:
    folded = fold(name)
    if folded in _SYSTEM_NAMES:
        return _SYSTEM_NAMES[folded]
    prefix, _, category = folded.replace(":", " ").partition(" ")
    if prefix in {"category", "categoria"} and category.strip() in _CATEGORIES:
        return _CATEGORIES[category.strip()]
    return label_named(mailbox, name[:225])
