"""Db: the engine, the two kinds of session, and the column types that both databases understand.

In: a database URL. Out: `Database`, whose `read()` and `write()` are the only ways to a session; doors alone call them.
"""

from backend.db.among import among, beside, one_of
from backend.db.base import Base, PrimaryKey, UtcDateTime, json_type
from backend.db.engine import Database
from backend.db.json_functions import array_length, json_rows
from backend.db.patience import MAY_GIVE_UP, Patience, is_given_up
from backend.db.reading import read_columns, write_columns
from backend.db.statements import (
    insert_ignoring,
    insert_returning,
    insert_rows,
    planned_anew,
    serialise,
    table_of,
    upsert,
)

__all__ = [
    "MAY_GIVE_UP",
    "Base",
    "Database",
    "Patience",
    "PrimaryKey",
    "UtcDateTime",
    "among",
    "array_length",
    "beside",
    "insert_ignoring",
    "insert_returning",
    "insert_rows",
    "is_given_up",
    "json_rows",
    "json_type",
    "one_of",
    "planned_anew",
    "read_columns",
    "serialise",
    "table_of",
    "upsert",
    "write_columns",
]
