"""What the doors of all three folders share: how a record is shown, which page was asked for, and who edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor
from backend.kit.errors import NotFoundError
from backend.records.editing import Editor
from backend.records.relinking import relinking
from backend.records.service import require
from backend.records.shapes import CompanyView, ContactView, DealView, Relinked
from backend.records.store.order import KEY_KINDS, Sort, place_of
from backend.records.store.reading import Wanted
from backend.records.tables import Record
from backend.web.etags import etag_of, require_version
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor

blueprint = APIBlueprint("records_api", __name__, url_prefix="/api/v1", tag="Records")

Seen = ContactView | CompanyView | DealView
V = TypeVar("V", ContactView, CompanyView, DealView)
R = TypeVar("R", bound=Record)
Query = Mapping[str, Any]
Shown = tuple[Any, int, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Changed:
    """A record as it is now, and what its change meant for stored mail."""

    seen: Seen
    relinked: Relinked


def list_page(
    lister: Callable[[Session, int, Wanted], Sequence[V]], query: Query, *, is_open: bool | None = None
) -> Page[V]:
    """Return the page of a folder that was asked for."""
    sort: Sort = query["sort"]
    wanted = Wanted(
        words=query.get("q", ""),
        sort=sort,
        is_open=is_open,
        after=decode_cursor(query["cursor"], KEY_KINDS[sort], int) if "cursor" in query else None,
        limit=query["limit"] + 1,
        **{name: query[name] for name in ("owner_id", "company_id", "stage_id", "pipeline_id") if name in query},
    )
    with house().db.read() as session:
        found = lister(session, current_actor().workspace_id, wanted)
    return cut_page(found, query["limit"], lambda seen: place_of(seen, sort))


def show(seen: Seen | None) -> Shown:
    """Answer with a record and its ETag. Raises `NotFoundError` for none."""
    found = known(seen)
    return found, 200, etag_of(found.record.version)


def known(seen: Seen | None) -> Seen:
    """Return the record. Raises `NotFoundError` for none."""
    if seen is None:
        raise NotFoundError("There is no such record here; it may have been deleted or merged.")
    return seen


def made(path: str, seen: Seen | None, relinked: Relinked) -> tuple[Changed, Mapping[str, str]]:
    """Answer with a record that was added: what it is, where it is, and its version."""
    record = known(seen)
    headers = {"Location": f"/api/v1/{path}/{record.record.id}", **etag_of(record.record.version)}
    return Changed(record, relinked), headers


def changed(seen: Seen | None, relinked: Relinked) -> Shown:
    """Answer with a record that was changed, and its new version."""
    record = known(seen)
    return Changed(record, relinked), 200, etag_of(record.record.version)


def held(session: Session, record_id: int, kind: type[R]) -> R:
    """Return the record that a request wants to change, held until the end, in the version that it means."""
    record = require(session, current_actor().workspace_id, record_id, kind, will_change=True)
    require_version(record.version)
    return record


def editor(session: Session) -> Editor:
    """Return the pen of whoever asks."""
    return Editor(session, house().clock, current_actor(), relinking())
