"""`enlace mailbox`: the Gmail mailboxes that are read."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.orm import Session

from backend.accounts import store
from backend.accounts.mailboxes import (
    connect_mailbox,
    disconnect_mailbox,
    give_grant_back,
    pause_mailbox,
    resume_mailbox,
    set_aliases,
)
from backend.accounts.shapes import GrantKind, MailboxStatus
from backend.accounts.tables import Mailbox
from backend.commands.context import with_installation
from backend.commands.draining import drain_once, drain_to_the_end
from backend.commands.user import find_user, sign_in_address
from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied
from backend.gmail.gateway import Gmail
from backend.gmail.oauth import DelegatedGrant, UserGrant, read_authorized_user
from backend.installation import Installation, oauth_client
from backend.kit.errors import NotFoundError, UserError
from backend.mail.addresses import key_of
from backend.privacy.shapes import ImportRules
from backend.privacy.store.policies import rules_for
from backend.sync.audit import audit_mailbox, repair
from backend.sync.bucket_store import count_importing
from backend.sync.buckets import Quota
from backend.sync.estimate import estimate_import
from backend.sync.shapes import Audit, End
from backend.sync.store import ensure_state
from backend.sync.undoing import ask_to_undo
from backend.sync.watches import stop_watch

PATIENCE_S = 60  # for a worker that has the mailbox


@click.group()
def mailbox() -> None:
    """Connect mailboxes, look after them, and leave them."""


@mailbox.command()
@click.option("--address", required=True, metavar="ADDRESS", help="The mailbox's address.")
@click.option("--user", "email", required=True, metavar="ADDRESS", help="Whose mailbox it is.")
@click.option(
    "--token-json",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="google-auth's authorized-user JSON: client_id, client_secret, refresh_token.",
)
@click.option("--service-account", is_flag=True, help="Enter by the account of GOOGLE_SERVICE_ACCOUNT_FILE.")
@with_installation
def connect(
    installation: Installation, address: str, email: str, token_json: Path | None, *, service_account: bool
) -> None:
    """Let Enlace into a mailbox. Connecting one anew keeps all that was read.

    Without FILE and without a service account it prints a link for the user: it signs them in once and leads to
    the page where they grant access with Google (`enlace serve` must be running).

    \b
    Examples:
      enlace mailbox connect --address ana@example.com --user ana@example.com
      enlace mailbox connect --address ana@example.com --user ana@example.com --token-json token.json
    """  # noqa: D301 - click wants the character itself
    if token_json is not None:
        grant = read_authorized_user(token_json)
        _connect(installation, email, address, grant, GrantKind.OAUTH, grant.to_json())
    elif service_account:
        _connect(installation, email, address, DelegatedGrant(address), GrantKind.SERVICE_ACCOUNT)
    else:
        _print_link(installation, email, address)


@mailbox.command("list")
@with_installation
def list_(installation: Installation) -> None:
    """Show every mailbox with its owner and state."""
    table = Table("Address", "Owner", "Status", "Why", "Colleagues see", box=None)
    with installation.db.read() as session:
        for row, owner in store.all_mailboxes(session):
            table.add_row(row.address, owner, row.status, row.status_reason, row.sharing)
    Console().print(table)


@mailbox.command()
@click.argument("address")
@click.option("--why", default="", help="One sentence for the mailbox's owner.")
@with_installation
def pause(installation: Installation, address: str, why: str) -> None:
    """Read nothing of ADDRESS and send nothing from it, until its owner resumes it."""
    with installation.db.write() as session:
        pause_mailbox(session, installation.clock, find_mailbox(session, address), why=why)
    click.echo(f"{address} is paused; its grant and its mail are kept.")


@mailbox.command()
@click.argument("address")
@with_installation
def resume(installation: Installation, address: str) -> None:
    """Read ADDRESS again where it was paused; an import goes on where it was."""
    with installation.db.write() as session:
        resume_mailbox(session, installation.clock, find_mailbox(session, address))
    click.echo(f"{address} is read again.")


@mailbox.command("undo-import")
@click.argument("address")
@with_installation
def undo_import(installation: Installation, address: str) -> None:
    """Take out again what ADDRESS alone brought, mail and untouched contacts; in Gmail nothing changes.

    The worker does it within a minute or so, then the mailbox is paused; resuming it begins the import anew.
    """
    with installation.db.write() as session:
        ask_to_undo(session, installation.clock, find_mailbox(session, address))
    click.echo(f"What {address} brought is being taken out; it is paused afterwards.")


@mailbox.command()
@click.argument("address")
@with_installation
def disconnect(installation: Installation, address: str) -> None:
    """Forget the grant to ADDRESS and give it back to Google; the mail that was read stays."""
    with installation.db.read() as session:
        mailbox_id = find_mailbox(session, address).id
    with suppress(UserError):  # a grant that no key opens is forgotten all the same
        stop_watch(installation.db, installation.connect, mailbox_id)
    with installation.db.write() as session:
        sealed = disconnect_mailbox(session, installation.clock, find_mailbox(session, address))
    click.echo(f"{address} is disconnected; its mail is kept.")
    client = oauth_client(installation.settings)
    if sealed is not None and client is not None and not give_grant_back(client, installation.vault, sealed):
        click.echo("Google could not be told; remove Enlace at myaccount.google.com/permissions.", err=True)


@mailbox.command()
@click.argument("address")
@click.option("--once", is_flag=True, help="One drain only, as the worker would do; else until nothing is left.")
@with_installation
def sync(installation: Installation, address: str, *, once: bool) -> None:
    """Bring ADDRESS up to date now. Safe beside a running worker: whoever holds the mailbox works, the other waits."""
    mailbox_id = _with_state(installation, address)
    drain = drain_once if once else drain_to_the_end
    with Progress(TextColumn("{task.completed} messages"), TimeElapsedColumn(), transient=True) as progress:
        task = progress.add_task("sync", total=None)
        end = drain(installation, mailbox_id, lambda n: progress.advance(task, n))
        settled = int(progress.tasks[0].completed)
    click.echo(f"{address}: {settled} messages settled; {_ENDS[end]}")
    if end not in {End.DONE, End.MORE}:
        raise click.exceptions.Exit(1)


_ENDS = {
    End.DONE: "up to date.",
    End.MORE: "there is more to do.",
    End.BUSY: "a worker is at it, or the mailbox is not active; see: enlace mailbox list",
    End.LATER: "Gmail asked for a pause or did not answer; the worker tries again by itself.",
    End.STOPPED: "Gmail refuses the grant; the mailbox must be reconnected.",
}


@mailbox.command()
@click.argument("address")
@click.option("--repair/--no-repair", "is_repair", default=True, help="Fetch what is missing, or only look.")
@with_installation
def audit(installation: Installation, address: str, *, is_repair: bool) -> None:
    """Hold Gmail's list of ADDRESS against the store, repair what differs, and say both.

    It first brings the mailbox up to date. “missing” are mails that Gmail lists and nothing here explains, “extra” are
    mails here that Gmail no longer lists. Exit status 1 while a gap stays.

    \b
    Examples:
      enlace mailbox audit ana@example.com
      enlace mailbox audit ana@example.com --no-repair | jq .missing
    """  # noqa: D301 - click wants the character itself
    mailbox_id = _with_state(installation, address)
    if is_repair:
        _drain(installation, mailbox_id)
    found = _compare(installation, mailbox_id, address)
    left = _repair(installation, mailbox_id, address, found) if is_repair and found.gap else found
    click.echo(json.dumps(_told(found, left), ensure_ascii=False))
    click.echo(f"{address}: {_verdict(found, left)}", err=True)
    if left.gap:
        raise click.exceptions.Exit(1)


def _compare(installation: Installation, mailbox_id: int, address: str) -> Audit:
    try:
        return audit_mailbox(installation.db, installation.connect(mailbox_id), mailbox_id)
    except GmailError as error:
        raise UserError(f"Gmail did not let us list {address} ({type(error).__name__}); try again later.") from error


def _repair(installation: Installation, mailbox_id: int, address: str, found: Audit) -> Audit:
    """Queue what differs, fetch it, and look again; nothing is done twice where a worker is faster."""
    with installation.db.write() as session:
        repair(session, installation.clock, mailbox_id, found)
    _drain(installation, mailbox_id)
    return _compare(installation, mailbox_id, address)


def _drain(installation: Installation, mailbox_id: int) -> None:
    """Drain until nothing is left, or for as long as a worker that has the mailbox may take."""
    for _ in range(PATIENCE_S):
        end = drain_to_the_end(installation, mailbox_id)
        if end is not End.BUSY or not _is_active(installation, mailbox_id):
            return
        time.sleep(1)


def _is_active(installation: Installation, mailbox_id: int) -> bool:
    with installation.db.read() as session:
        return session.get_one(Mailbox, mailbox_id).status == MailboxStatus.ACTIVE


def _told(found: Audit, left: Audit) -> dict[str, object]:
    counts = {"listed": left.listed, "stored": left.stored, "pending": left.pending, "skipped": dict(left.skipped)}
    differs = {"missing": [i for i, _ in found.missing], "extra": [i for i, _ in found.extra]}
    return counts | differs | {"repaired": found.gap - left.gap, "left": left.gap}


def _verdict(found: Audit, left: Audit) -> str:
    if not found.gap:
        return f"{found.listed} mails in Gmail, each of them stored or accounted for."
    said = f"{len(found.missing)} missing and {len(found.extra)} too many; {found.gap - left.gap} repaired"
    return f"{said}, {left.gap} left." if left.gap else f"{said}, nothing left."


def _with_state(installation: Installation, address: str) -> int:
    with installation.db.write() as session:
        row = find_mailbox(session, address)
        ensure_state(session, row, installation.clock.now())
        return row.id


def find_mailbox(session: Session, address: str) -> Mailbox:
    """Return the mailbox at an address. Raises `NotFoundError`, or `UserError` where two teams have it."""
    found = store.mailboxes_at(session, address)
    if not found:
        raise NotFoundError(f"There is no mailbox {address}; see them with: enlace mailbox list")
    if len(found) > 1:
        raise UserError(f"Two teams have the mailbox {address}; choose on the page Settings → My mailboxes.")
    return found[0]


def _connect(
    installation: Installation, email: str, address: str, grant: UserGrant | DelegatedGrant, kind: GrantKind,
    secret: str = "",
) -> None:  # fmt: skip
    """Try the grant at Gmail first, then store it with the mailbox's other addresses."""
    aliases = _try(installation, grant, address)
    with installation.db.write() as session:
        row = connect_mailbox(
            session, installation.clock, installation.vault, find_user(session, email),
            address=address, address_key=key_of(address), kind=kind, secret=secret,
        )  # fmt: skip
        set_aliases(session, row, aliases)
        mailbox_id, rules = row.id, rules_for(session, row)
    click.echo(f"{address} is connected; the worker reads it from now on.")
    _say_size(installation, mailbox_id, rules, address)


def _say_size(installation: Installation, mailbox_id: int, rules: ImportRules, address: str) -> None:
    """Say how much the import brings; where Gmail does not answer just now, nothing is lost by silence."""
    settings = installation.settings
    quota = Quota(settings.gmail_units_per_user_minute, settings.gmail_units_per_project_minute)
    with installation.db.read() as session:
        units = quota.for_import(count_importing(session, beside=mailbox_id) + 1)
    try:
        found = estimate_import(installation.connect(mailbox_id), rules, units)
    except GmailError:
        return
    number = f"{found.mails:,}" if found.is_exact else f"about {found.mails:,}"
    click.echo(
        f"{number} mails to import, at least {found.minutes:,} minutes under Gmail's quota; "
        f"to stop meanwhile: enlace mailbox pause {address}"
    )


def _try(installation: Installation, grant: UserGrant | DelegatedGrant, address: str) -> list[str]:
    try:
        return _aliases_of(installation.google.open(installation.desk.access(grant)), address)
    except AuthRevoked as error:
        raise UserError(f"Google no longer honours this grant to {address}; obtain a new one.") from error
    except PermissionDenied as error:
        raise UserError(f"Google does not let us into {address} ({error.detail}).") from error
    except GmailError as error:
        raise UserError(f"Gmail does not answer for {address} just now ({error.detail}); try again.") from error


def _aliases_of(gmail: Gmail, address: str) -> list[str]:
    found = gmail.profile().address
    if key_of(found) != key_of(address):
        raise UserError(f"This grant opens {found}, not {address}; nothing was stored.")
    return [key_of(alias.address) for alias in gmail.send_as() if alias.is_verified]


def _print_link(installation: Installation, email: str, address: str) -> None:
    if oauth_client(installation.settings) is None:
        raise UserError("Set ENLACE_GOOGLE_CLIENT_ID and ENLACE_GOOGLE_CLIENT_SECRET first, or give --token-json FILE.")
    path = quote(f"/settings/mailboxes?address={quote(address)}", safe="/")
    with installation.db.write() as session:
        link = sign_in_address(installation, session, find_user(session, email), next_path=path)
    click.echo(f"Open this once, within a day, to grant access to {address}:", err=True)
    click.echo(link)
