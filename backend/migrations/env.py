"""What Alembic runs: migrations on the connection that `backend.migrations` hands over, in one transaction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, BigInteger

from backend.db import UtcDateTime
from backend.migrations import all_tables


def render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types by their names."""
    names = {UtcDateTime: "UtcDateTime()", JSON: "json_type()", BigInteger: "BigKey"}
    found = names.get(type(item)) if kind == "type" else None
    if found is None:
        return False
    module = "backend.db.base" if found == "BigKey" else "backend.db"
    autogen.imports.add(f"from {module} import {found.removesuffix('()')}")
    return found


def is_wanted(_item: Any, name: str | None, kind: str, is_reflected: bool, _other: Any) -> bool:  # noqa: FBT001 - Alembic calls it so
    """Leave out search indexes (made by hand in migrations) and Procrastinate's tables; draft one room at a time."""
    if kind != "table":
        return True
    rooms = context.config.attributes.get("rooms")
    if rooms and not is_reflected:
        return any(name in _tables_of(room) for room in rooms)
    return not (name or "").startswith(("message_search", "record_search", "procrastinate_"))


def _tables_of(room: str) -> set[str]:
    source = (Path(__file__).parent.parent / room / "tables.py").read_text(encoding="utf-8")
    return set(re.findall(r'__tablename__ = "(\w+)"', source))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    render_item=render,
    include_object=is_wanted,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
