"""The records' pages: lists, the pipeline's board, and the forms that make records."""

from backend.records.pages import board, forms, lists
from backend.records.pages.room import blueprint

__all__ = ["blueprint", "board", "forms", "lists"]
