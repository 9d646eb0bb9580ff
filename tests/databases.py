"""Making and dropping databases on the tests' PostgreSQL server."""

from __future__ import annotations

from sqlalchemy import create_engine, make_url


def new_postgres(server: str, name: str, template: str = "template0") -> str:
    """Make a database and return its URL."""
    run_on(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {template}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_postgres(server: str, name: str) -> None:
    """Drop a database, whoever is still connected."""
    run_on(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def run_on(server: str, *statements: str) -> None:
    """Run statements outside any transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
