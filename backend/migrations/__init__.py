"""Migrations: the schema's history (Alembic).

In: a database of any earlier version. Out: the present schema. Like a composition root it knows every room's tables.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from sqlalchemy import MetaData

from backend.db import Base

_BACKEND = Path(__file__).parent.parent


def all_tables() -> MetaData:
    """Import every room's `tables.py` and return the metadata that they fill."""
    for module in sorted(_BACKEND.glob("*/tables.py")):
        importlib.import_module(f"backend.{module.parent.name}.tables")
    return Base.metadata
