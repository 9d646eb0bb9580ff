"""Draft a migration from what the tables say and an empty database lacks.

`python -m backend.migrations.draft 0007 "custom folders" [room …]` writes a file to be read and completed by hand;
rooms narrow it down to their tables.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from alembic import command

from backend.db import Database
from backend.migrations import config


def draft(revision: str, message: str, rooms: Sequence[str] = ()) -> None:
    """Write `versions/<revision>_….py`."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'draft.db'}")
        with db.engine.connect() as connection:
            command.upgrade(config(connection), "head")
            connection.commit()
            found = config(connection)
            found.attributes["rooms"] = rooms
            command.revision(found, message, autogenerate=True, rev_id=revision)
        db.dispose()


if __name__ == "__main__":
    draft(sys.argv[1], sys.argv[2], sys.argv[3:])
