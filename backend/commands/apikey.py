"""`enlace apikey`: keys by which programs act as a user."""

from __future__ import annotations

import click

from backend.accounts.keys import create_api_key
from backend.commands.context import with_installation
from backend.commands.user import find_user
from backend.installation import Installation


@click.group()
def apikey() -> None:
    """Make keys for the HTTP API."""


@apikey.command()
@click.option("--user", "email", required=True, metavar="ADDRESS", help="Whom the key acts as, with that role.")
@click.option("--name", default="", help="What it is for, to tell keys apart.")
@with_installation
def create(installation: Installation, email: str, name: str) -> None:
    """Make a key and print it, this once: only its hash is kept.

    \b
    Example:
      KEY=$(enlace apikey create --user ana@example.com --name import)
      curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8000/api/v1/users/me
    """  # noqa: D301 - click wants the character itself
    with installation.db.write() as session:
        key = create_api_key(session, installation.clock, find_user(session, email), name=name)
    click.echo(key)
