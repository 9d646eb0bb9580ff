"""Every setting of an installation, read once from the environment (`ENLACE_…`, each also as `…_FILE`).

Only composition roots read it. A missing or unsafe setting is a `UserError` that names it and says how to mend it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from backend.kit.errors import UserError

PREFIX = "ENLACE_"
SHORTEST_SECRET = 32
LEAST_UNITS = 600  # a tenth of what Gmail gives a mailbox
YES, NO = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment said. URLs have no trailing slash; secrets are never logged (`repr` leaves them out)."""

    database_url: str
    public_url: str
    secret_key: str
    token_keys: tuple[str, ...]
    google_client_id: str
    google_client_secret: str
    google_service_account_file: str
    gmail_api_url: str
    google_auth_url: str
    google_token_url: str
    google_certs_url: str
    addon_audience: str
    addon_service_account: str
    pubsub_topic: str
    pubsub_audience: str
    pubsub_service_account: str
    pubsub_subscription: str
    pubsub_api_url: str
    gmail_units_per_user_minute: int
    gmail_units_per_project_minute: int
    log_json: bool

    def __repr__(self) -> str:
        """Name the installation, not its secrets."""
        return f"Settings(public_url={self.public_url!r})"

    @property
    def is_local(self) -> bool:
        """Whether the web app is reached over loopback only, as in the demo."""
        return urlsplit(self.public_url).hostname in LOOPBACK


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings. Raises `UserError` naming the first that is missing or unsafe."""
    settings = parse_settings(os.environ if environ is None else environ)
    for problem in find_problems(settings):
        raise UserError(problem)
    return settings


def parse_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings, safe or not. Raises `UserError` for one that cannot be read at all."""
    return _parse(_with_files(environ))


def find_problems(settings: Settings) -> Iterator[str]:
    """Name each setting that is missing or unsafe, with its remedy; nothing where the service may start."""
    if len(settings.secret_key) < SHORTEST_SECRET:
        yield (
            f"{PREFIX}SECRET_KEY is missing or shorter than {SHORTEST_SECRET} characters; "
            "make one with: openssl rand -hex 32"
        )
    yield from _bad_token_keys(settings.token_keys)
    if not settings.is_local and not settings.public_url.startswith("https://"):
        yield f"{PREFIX}PUBLIC_URL is “{settings.public_url}”; it must begin with https://"
    yield from _bad_quota(settings)
    if settings.google_client_id and not settings.google_client_secret:
        yield f"{PREFIX}GOOGLE_CLIENT_SECRET is missing beside GOOGLE_CLIENT_ID; copy it from the console."


def _bad_quota(settings: Settings) -> Iterator[str]:
    limits = {"USER": settings.gmail_units_per_user_minute, "PROJECT": settings.gmail_units_per_project_minute}
    for whose, units in limits.items():
        if units < LEAST_UNITS:
            name = f"{PREFIX}GMAIL_UNITS_PER_{whose}_MINUTE"
            yield f"{name} is {units}, too little to work with; take Gmail's own figure, of at least {LEAST_UNITS}."


def _bad_token_keys(keys: tuple[str, ...]) -> Iterator[str]:
    make_one = "make one with: openssl rand -base64 32 | tr '+/' '-_'"
    if not keys:
        yield f"{PREFIX}TOKEN_KEYS is missing; {make_one}"
    for position, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            yield f"Key {position} of {PREFIX}TOKEN_KEYS is not 32 bytes of base64url; {make_one}"


def _with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Replace each `ENLACE_X_FILE` by the file's content under `ENLACE_X`; the service-account file stays a path."""
    values = {k: v for k, v in environ.items() if k.startswith(PREFIX)}
    for name, path in list(values.items()):
        if name.endswith("_FILE") and name != f"{PREFIX}GOOGLE_SERVICE_ACCOUNT_FILE":
            try:
                values[name.removesuffix("_FILE")] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise UserError(f"{name} names “{path}”, which cannot be read: {error.strerror}.") from error
    return values


def _parse(given: Mapping[str, str]) -> Settings:
    def text(name: str, default: str = "") -> str:
        return given.get(PREFIX + name, "").strip() or default  # an empty line of an env file is no answer

    def number(name: str, default: int) -> int:
        try:
            return int(text(name, str(default)))
        except ValueError as error:
            raise UserError(f"{PREFIX}{name} must be a whole number, not “{text(name)}”.") from error

    def yes(name: str) -> bool:
        said = text(name, "false").lower()
        if said not in YES | NO:
            raise UserError(f"{PREFIX}{name} must be true or false, not “{text(name)}”.")
        return said in YES

    google = "https://oauth2.googleapis.com"
    return Settings(
        database_url=text("DATABASE_URL", "sqlite:///.enlace/enlace.db"),
        public_url=text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        secret_key=text("SECRET_KEY"),
        token_keys=tuple(k for k in text("TOKEN_KEYS").replace(",", " ").split() if k),
        google_client_id=text("GOOGLE_CLIENT_ID"),
        google_client_secret=text("GOOGLE_CLIENT_SECRET"),
        google_service_account_file=text("GOOGLE_SERVICE_ACCOUNT_FILE"),
        gmail_api_url=text("GMAIL_API_URL", "https://gmail.googleapis.com").rstrip("/"),
        google_auth_url=text("GOOGLE_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth"),
        google_token_url=text("GOOGLE_TOKEN_URL", f"{google}/token"),
        google_certs_url=text("GOOGLE_CERTS_URL", "https://www.googleapis.com/oauth2/v1/certs"),
        addon_audience=text("ADDON_AUDIENCE"),
        addon_service_account=text("ADDON_SERVICE_ACCOUNT").lower(),
        pubsub_topic=text("PUBSUB_TOPIC"),
        pubsub_audience=text("PUBSUB_AUDIENCE"),
        pubsub_service_account=text("PUBSUB_SERVICE_ACCOUNT").lower(),
        pubsub_subscription=text("PUBSUB_SUBSCRIPTION"),
        pubsub_api_url=text("PUBSUB_API_URL", "https://pubsub.googleapis.com").rstrip("/"),
        gmail_units_per_user_minute=number("GMAIL_UNITS_PER_USER_MINUTE", 6_000),
        gmail_units_per_project_minute=number("GMAIL_UNITS_PER_PROJECT_MINUTE", 1_200_000),
        log_json=yes("LOG_JSON"),
    )
