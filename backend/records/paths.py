"""Where a record's page is: the one place that knows, so that every link to a record is written alike."""

from __future__ import annotations

from backend.records.shapes import RecordKind

_FOLDERS = {RecordKind.CONTACT: "contacts", RecordKind.COMPANY: "companies", RecordKind.DEAL: "deals"}


def record_path(kind: str, record_id: int) -> str:
    """Return the path of a record's page: "deal", 7 → "/deals/7"."""
    return f"/{folder_of(kind)}/{record_id}"


def folder_of(kind: str) -> str:
    """Return the word by which paths and the API call a kind's folder: "company" → "companies"."""
    return _FOLDERS[RecordKind(kind)]
