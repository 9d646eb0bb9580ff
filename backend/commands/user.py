"""`enlace user`: the people who sign in."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from sqlalchemy.orm import Session

from backend.accounts import store
from backend.accounts.keys import make_sign_in_link
from backend.accounts.mailboxes import give_grant_back
from backend.accounts.rules import LANGUAGES, checked_email
from backend.accounts.service import create_user, create_workspace, to_actor
from backend.accounts.shapes import Actor, Role
from backend.accounts.tables import User, Workspace
from backend.commands.context import with_installation
from backend.handover.service import hand_over, preview
from backend.installation import Installation, oauth_client
from backend.kit.errors import NotFoundError, UserError
from backend.mail.addresses import domain_of, is_free_mail, key_of


@click.group()
def user() -> None:
    """Make users, and let them in."""


@user.command()
@click.option("--email", required=True, metavar="ADDRESS", help="The address to sign in with.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="A rep works, a manager also reads everybody's, an admin also sets policy.",
)
@click.option("--name", default="", help="As colleagues shall see it.")
@click.option("--locale", type=click.Choice(LANGUAGES), default="en", show_default=True, help="The language of pages.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="Such as Europe/Madrid.")
@with_installation
def create(installation: Installation, email: str, role: str, name: str, locale: str, timezone: str) -> None:
    """Make a user and print a link that signs them in once, within a day.

    The first user founds the team; its internal mail domain is that of the user's address.

    \b
    Example:
      enlace user create --email ana@example.com --role admin --timezone Europe/Madrid
    """  # noqa: D301 - click wants the character itself
    with installation.db.write() as session:
        person = create_user(
            session, installation.clock, _team(installation, session, email),
            email=email, role=Role(role), name=name, locale=locale, timezone=timezone,
        )  # fmt: skip
        address = sign_in_address(installation, session, person)
    click.echo(address)


@user.command()
@click.option("--email", required=True, metavar="ADDRESS", help="Whom it shall sign in.")
@with_installation
def link(installation: Installation, email: str) -> None:
    """Print a new link that signs a user in once, within a day."""
    with installation.db.write() as session:
        address = sign_in_address(installation, session, find_user(session, email))
    click.echo(address)


@user.command("hand-over")
@click.option("--email", required=True, metavar="ADDRESS", help="Who leaves.")
@click.option("--to", "heir", required=True, metavar="ADDRESS", help="Who takes over.")
@click.option("--by", required=True, metavar="ADDRESS", help="The admin who does it, for the audit log.")
@click.option("--keep-account", is_flag=True, help="Let the leaver sign in all the same.")
@click.option("--dry-run", is_flag=True, help="Only say what would change hands.")
@with_installation
def hand_over_(
    installation: Installation, email: str, heir: str, by: str, *, keep_account: bool, dry_run: bool
) -> None:
    """Move what somebody has to a colleague: records, open tasks, mailboxes with their history.

    The mailboxes are disconnected, the account is closed, private mail stays closed. It can be taken back on the page
    Settings → People.

    \b
    Example:
      enlace user hand-over --email tom@example.com --to ana@example.com --by admin@example.com --dry-run
    """  # noqa: D301 - click wants the character itself
    with installation.db.write() as session:
        leaver, taker, admin = (find_user(session, address) for address in (email, heir, by))
        found = preview(session, leaver.workspace_id, leaver.id)
        sealed: tuple[bytes, ...] = ()
        if not dry_run:
            actor = _admin(admin)
            done = hand_over(
                session, installation.clock, actor, leaver.id, taker.id, is_closing=not keep_account
            )  # fmt: skip
            sealed = done.sealed
    click.echo(json.dumps(asdict(found), ensure_ascii=False))
    client = oauth_client(installation.settings)
    told = [client is None or give_grant_back(client, installation.vault, grant) for grant in sealed]
    if not all(told):
        click.echo("Google could not be told; remove Enlace at myaccount.google.com/permissions.", err=True)


def _admin(person: User) -> Actor:
    if person.role != Role.ADMIN:
        raise UserError(f"{person.email} is no admin; name one with --by.")
    return to_actor(person)


def find_user(session: Session, email: str) -> User:
    """Return a user by address. Raises `NotFoundError` with the way to make one."""
    found = store.find_user_by_email(session, email)
    if found is None:
        raise NotFoundError(f"There is no user {email}; make one with: enlace user create --email {email} --role rep")
    return found


def sign_in_address(installation: Installation, session: Session, person: User, *, next_path: str = "") -> str:
    """Return the address of a new one-time link, which leads on to `next_path`."""
    token = make_sign_in_link(session, installation.clock, person)
    return f"{installation.settings.public_url}/signin/{token}{f'?next={next_path}' if next_path else ''}"


def _team(installation: Installation, session: Session, email: str) -> Workspace:
    """Return the installation's team, founded with its first user."""
    found = store.first_workspace(session)
    if found is not None:
        return found
    domain = domain_of(key_of(checked_email(email)))
    own = "" if is_free_mail(domain) else domain
    return create_workspace(session, installation.clock, own or "Team", domain=own)
