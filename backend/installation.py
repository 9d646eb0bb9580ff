"""One installation put together from its settings: the database, the clock, the vault and the way to Gmail.

Web app, worker and command line are all built from this, so that they agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.accounts.grants import Vault
from backend.accounts.mailboxes import open_grant
from backend.accounts.shapes import GrantKind
from backend.accounts.tables import Mailbox
from backend.db import Database, Patience
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.gateway import EmulatorGmail
from backend.gmail.errors import AuthRevoked
from backend.gmail.gateway import Gmail
from backend.gmail.google import GoogleMail
from backend.gmail.line import Line, Pool
from backend.gmail.oauth import PUBSUB_SCOPE, AccessDesk, DelegatedGrant, OAuthClient, UserGrant
from backend.gmail.pubsub import PULL_TIMEOUT_S, Subscription
from backend.kit.clock import Clock, SystemClock
from backend.settings import Settings
from backend.sync.buckets import Urgency
from backend.sync.limited import LimitedGmail
from backend.sync.limiter import Limiter


@dataclass(frozen=True)
class Installation:
    """Everything that doors are given. `emulator` stands in for Gmail where mailboxes have grants of that kind.

    `card_db` is the same database for the add-on, which answers before Gmail gives up.
    """

    settings: Settings
    db: Database
    card_db: Database
    clock: Clock
    vault: Vault
    google: GoogleMail
    desk: AccessDesk
    limiter: Limiter
    emulator: Emulator | None = field(default=None)

    def connect(self, mailbox_id: int) -> Gmail:
        """Open a gateway to a mailbox for a person who waits; each call is counted against the quota.

        Raises as `enter` does, and its verbs `limiter.OutOfUnits`.
        """
        return LimitedGmail(self.enter(mailbox_id), self.limiter.meter(mailbox_id, Urgency.PERSON))

    def enter(self, mailbox_id: int) -> Gmail:
        """Open a gateway that counts nothing: for drains, which count by themselves.

        Raises `AuthRevoked` where the mailbox has no grant, `UserError` for a wrong key.
        """
        with self.db.read() as session:
            mailbox = session.get(Mailbox, mailbox_id)
            if mailbox is None or mailbox.grant_kind == GrantKind.NONE:
                raise AuthRevoked("the mailbox has no grant")
            kind, address, secret = mailbox.grant_kind, mailbox.address, open_grant(self.vault, mailbox)
        if kind == GrantKind.EMULATOR:
            if self.emulator is None:
                raise AuthRevoked("the mailbox lives in the demo's emulator, which is not running")
            return EmulatorGmail(self.emulator, address)
        grant = DelegatedGrant(address) if kind == GrantKind.SERVICE_ACCOUNT else UserGrant.from_json(secret)
        return self.google.open(self.desk.access(grant))

    def subscription(self) -> Subscription | None:
        """The Pub/Sub subscription that the worker pulls; None where none is set. Raises `PermissionDenied`."""
        settings = self.settings
        if not settings.pubsub_subscription:
            return None
        line = Line(self.desk.own_access(PUBSUB_SCOPE), Pool(1), self.clock, PULL_TIMEOUT_S)
        return Subscription(line, settings.pubsub_api_url, settings.pubsub_subscription)

    def close(self) -> None:
        """Close connections to Gmail and to the database."""
        self.google.close()
        self.card_db.dispose()
        self.db.dispose()


def open_installation(
    settings: Settings, *, clock: Clock | None = None, emulator: Emulator | None = None
) -> Installation:
    """Put an installation together. Raises `UserError` for settings that do not work."""
    clock = clock or SystemClock()
    db = Database(settings.database_url)
    return Installation(
        settings=settings,
        db=db,
        card_db=Database(settings.database_url, patience=Patience()),
        clock=clock,
        limiter=Limiter(db, clock, settings.gmail_units_per_user_minute, settings.gmail_units_per_project_minute),
        vault=Vault(settings.token_keys),
        google=GoogleMail(settings.gmail_api_url, clock),
        desk=AccessDesk(
            token_url=settings.google_token_url,
            client=oauth_client(settings),
            service_account_file=settings.google_service_account_file,
        ),
        emulator=emulator,
    )


def oauth_client(settings: Settings) -> OAuthClient | None:
    """This installation as Google's console knows it; None where it is not registered there."""
    if not settings.google_client_id:
        return None
    return OAuthClient(
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret,
        auth_url=settings.google_auth_url,
        token_url=settings.google_token_url,
    )
