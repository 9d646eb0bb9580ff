"""The job queue: Procrastinate's own tables, on PostgreSQL only."""

from __future__ import annotations

from typing import Any

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _run(SchemaManager.get_schema())


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for kind, name in _made_by_procrastinate():
            op.execute(f"DROP {kind} IF EXISTS {name} CASCADE")


def _run(script: str) -> None:
    """Run a script as it is: its percent signs are no placeholders, so it goes past SQLAlchemy."""
    driver_connection: Any = op.get_bind().connection.driver_connection
    driver_connection.execute(script)


def _made_by_procrastinate() -> list[tuple[str, str]]:
    query = """
        SELECT 'TABLE', relname::text FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'procrastinate\\_%' AND relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'FUNCTION', oid::regprocedure::text FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'TYPE', typname::text FROM pg_type
        WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') AND typnamespace = 'public'::regnamespace
    """
    return [(kind, name) for kind, name in op.get_bind().execute(text(query))]
