"""users.labels."""

from __future__ import annotations

from backend.gmail.emulator import labels
from backend.gmail.emulator.verbs.request import Json, Request


def list_all(request: Request) -> Json:
    """users.labels.list: without counts, as Gmail does."""
    return {"labels": labels.all_labels(request.mailbox)}


def get(request: Request) -> Json:
    """users.labels.get: with counts."""
    label = labels.get_label(request.mailbox, request.ids["id"])
    return {**label, **labels.counts(request.mailbox, label["id"])}


def create(request: Request) -> Json:
    """users.labels.create."""
    return labels.create_label(request.mailbox, request.body)


def update(request: Request) -> Json:
    """users.labels.update."""
    return labels.change_label(request.mailbox, request.ids["id"], request.body, is_patch=False)


def patch(request: Request) -> Json:
    """users.labels.patch."""
    return labels.change_label(request.mailbox, request.ids["id"], request.body, is_patch=True)


def delete(request: Request) -> Json:
    """users.labels.delete: every message loses it."""
    labels.delete_label(request.mailbox, request.ids["id"])
    return {}
