"""The records' pages: lists, the pipeline's board, and the forms that make and change records."""

from backend.records.pages import board, edit, forms, lists, lost
from backend.records.pages.room import blueprint

__all__ = ["blueprint", "board", "edit", "forms", "lists", "lost"]
