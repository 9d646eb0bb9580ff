"""Google, asked with the installation's own credentials: only where somebody wants it (`--online`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.accounts.tables import Mailbox
from backend.doctor.rules import judge_skew, wrong
from backend.doctor.shapes import Finding, State
from backend.gmail.errors import AuthRevoked, GmailError, PermissionDenied
from backend.gmail.oauth import GMAIL_SCOPE, AccessDesk
from backend.installation import Installation, open_installation
from backend.kit.clock import Clock
from backend.kit.errors import UserError
from backend.settings import Settings

TIMEOUT_S = 10


def examine_credentials(settings: Settings) -> Iterator[Finding]:
    """Judge the service account's key file, without asking Google."""
    if not settings.google_service_account_file:
        return
    try:
        AccessDesk(
            token_url=settings.google_token_url, client=None, service_account_file=settings.google_service_account_file
        )
    except UserError as error:
        yield wrong("google", "service account", str(error))
    else:
        yield Finding("google", "service account", State.OK, "Its key can be read.")


def examine_online(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Judge the way to Gmail, its clock, and each active mailbox's grant and scopes by using them once."""
    yield _ask(settings.gmail_api_url, clock)
    try:
        with closing(open_installation(settings, clock=clock)) as here:
            for mailbox_id, address in _active(here):
                yield _try(here, mailbox_id, address)
    except (UserError, SQLAlchemyError):
        said = "Mailboxes could not be tried before what stands above is mended."
        yield Finding("google", "mailboxes", State.WARNING, said, "Mend it, then run: enlace doctor --online")


def _ask(url: str, clock: Clock) -> Finding:
    try:
        date = requests.head(url, timeout=TIMEOUT_S, allow_redirects=False).headers.get("Date", "")
        theirs = _moment(date) or clock.now()
    except requests.RequestException as error:
        remedy = f"Let this machine reach {url} on port 443, through HTTPS_PROXY where there is one."
        return Finding("google", "connection", State.WRONG, f"No answer ({type(error).__name__}).", remedy)
    return judge_skew("Gmail", theirs - clock.now())


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None


def _active(here: Installation) -> list[tuple[int, str]]:
    with here.db.read() as session:
        wanted = select(Mailbox.id, Mailbox.address).where(Mailbox.status == "active").order_by(Mailbox.address)
        return [(row.id, row.address) for row in session.execute(wanted)]


def _try(here: Installation, mailbox_id: int, address: str) -> Finding:
    try:
        profile = here.enter(mailbox_id).profile()  # counting would write, and doctor changes nothing
    except AuthRevoked as error:
        remedy = f"Connect it anew: enlace mailbox connect --address {address} --user OWNER"
        return Finding("google", address, State.WRONG, f"Google does not honour its grant ({error.detail}).", remedy)
    except PermissionDenied as error:
        remedy = f"Grant the scope {GMAIL_SCOPE}: to the client at the consent page, or to the service account."
        return Finding("google", address, State.WRONG, f"Google does not let us in ({error.detail}).", remedy)
    except GmailError as error:
        said = f"Gmail does not answer just now ({type(error).__name__})."
        return Finding("google", address, State.WARNING, said, "Try again in a minute.")
    except UserError as error:
        return Finding("google", address, State.WRONG, str(error), "See its line under mailbox.")
    return Finding("google", address, State.OK, f"Gmail lets us in; {profile.messages_total} messages there.")
