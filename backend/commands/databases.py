"""`enlace db`: the schema, and backups."""

from __future__ import annotations

from pathlib import Path

import click

from backend.commands.context import installation
from backend.db.backup import backup_database, restore_database
from backend.kit.errors import UserError
from backend.migrations import require_current, upgrade


@click.group("db")
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Bring the schema up to date; run it after each update of Enlace. A second run changes nothing."""
    with installation() as here:
        upgrade(here.db)
    click.echo("The schema is up to date.")


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write everything that the database holds to FILE while the service goes on."""
    if file.exists():
        raise UserError(f"{file} exists already; name another file, nothing was overwritten.")
    with installation() as here:
        require_current(here.db)
        backup_database(here.db, file)
    click.echo(f"Written to {file}.")


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put back what `enlace db backup` wrote, into an empty database."""
    with installation() as here:
        restore_database(here.db, file)
        require_current(here.db)
    click.echo("Restored.")
