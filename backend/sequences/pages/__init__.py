"""Sequences in the browser: each file one errand. Routes hang on `room.blueprint`; templates stand on their own."""

from backend.sequences.pages import (
    editor,
    enrolling,
    lists,
    looking,
    one,
    people,
    publishing,
    rehearsal,
    sending,
    templates,
)
from backend.sequences.pages.room import blueprint

__all__ = [
    "blueprint",
    "editor",
    "enrolling",
    "lists",
    "looking",
    "one",
    "people",
    "publishing",
    "rehearsal",
    "sending",
    "templates",
]
