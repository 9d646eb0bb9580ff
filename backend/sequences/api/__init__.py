"""Sequences over HTTP under /api/v1: sequences with their versions, people on the way, templates."""

from backend.sequences.api import enrolments, sequences, templates
from backend.sequences.api.room import blueprint

__all__ = ["blueprint", "enrolments", "sequences", "templates"]
