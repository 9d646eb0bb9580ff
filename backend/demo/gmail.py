"""Filling the demo's Gmail: the invented sample, or mail that somebody brought along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.demo.sample.shapes import Sample
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.labels import label_named
from backend.gmail.emulator.load import Mail, insert_many, load
from backend.kit.clock import to_epoch_ms

USER_LABEL = "label:"


def fill_with_sample(emulator: Emulator, sample: Sample) -> None:
    """Put the sample's mail into its people's mailboxes, oldest first."""
    mails: dict[str, list[Mail]] = defaultdict(list)
    for mail in sample.mails:
        for owner, labels in mail.mailboxes:
            ids = tuple(_label_id(emulator, owner, label) for label in labels)
            mails[owner].append(Mail(mail.raw, ids, to_epoch_ms(mail.at)))
    for owner, theirs in mails.items():
        insert_many(emulator, owner, theirs)


def _label_id(emulator: Emulator, owner: str, label: str) -> str:
    if not label.startswith(USER_LABEL):
        return label
    mailbox = emulator.add_mailbox(owner)
    with emulator.store.transaction():
        return label_named(mailbox, label.removeprefix(USER_LABEL))


def fill_with_files(
    emulator: Emulator, owner: str, sources: Sequence[Path], on_progress: Callable[[int], None]
) -> None:
    """Load files into one mailbox; a file that was loaded before is left alone. Raises `UserError`."""
    for path in sources:
        load(emulator, owner, path, on_progress=on_progress)
