"""The settings one by one, and the files that an installation is built of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from backend.doctor.rules import wrong
from backend.doctor.shapes import Finding, State
from backend.kit.catalogue import TRANSLATIONS
from backend.settings import PREFIX, Settings, find_problems
from backend.web.frame import STATIC
from backend.web.i18n import LANGUAGES

SETTINGS = tuple(field.name.upper() for field in fields(Settings))
VENDOR_FILES = (
    "bootstrap.min.css",
    "bootstrap.bundle.min.js",
    "htmx.min.js",
    "Sortable.min.js",
    "chart.umd.min.js",
)  # what deploy/vendor.mjs copies
_TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
_SUBSCRIPTION = re.compile(r"projects/[^/]+/subscriptions/[^/]+")
MUST = ("SECRET_KEY", "TOKEN_KEYS", "PUBLIC_URL")


def examine_settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Judge what was set, what is missing, and what was misspelt."""
    problems = list(find_problems(settings))
    yield from (_problem(said) for said in problems)
    for name in MUST:
        if not any(name in said for said in problems):
            yield Finding("settings", PREFIX + name, State.OK, _without_secret(settings, name))
    yield from _ways_to_gmail(settings)
    yield _addon(settings)
    yield from _push(settings)
    yield from _misspelt(environ)


def examine_files(static: Path = STATIC, translations: Path = TRANSLATIONS) -> Iterator[Finding]:
    """Judge what is built rather than kept in git: the front end's packages, and the compiled translations."""
    missing = [name for name in VENDOR_FILES if not (static / "vendor" / name).is_file()]
    yield _built("front end", missing, "npm ci --omit=dev")
    yield _built("translations", list(_uncompiled(translations)), "make i18n-compile")


def _problem(said: str) -> Finding:
    name = next(word for word in said.split() if word.startswith(PREFIX))
    return wrong("settings", name, said)


def _without_secret(settings: Settings, name: str) -> str:
    if name == "TOKEN_KEYS":
        return f"{len(settings.token_keys)} set; the first one seals."
    return settings.public_url if name == "PUBLIC_URL" else "Set."


def _ways_to_gmail(settings: Settings) -> Iterator[Finding]:
    if settings.google_client_id:
        yield Finding("settings", "ENLACE_GOOGLE_CLIENT_ID", State.OK, "People can sign in and connect with Google.")
    if settings.google_service_account_file:
        yield Finding("settings", "ENLACE_GOOGLE_SERVICE_ACCOUNT_FILE", State.OK, settings.google_service_account_file)
    if not settings.google_client_id and not settings.google_service_account_file:
        remedy = "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, or GOOGLE_SERVICE_ACCOUNT_FILE: docs/install.md."
        said = "Nobody can connect a mailbox with Google, except by enlace mailbox connect --token-json."
        yield Finding("settings", "ENLACE_GOOGLE_CLIENT_ID", State.WARNING, said, remedy)


def _addon(settings: Settings) -> Finding:
    if not settings.addon_audience:
        return Finding("settings", "ENLACE_ADDON_AUDIENCE", State.OFF, "Not set: the Gmail add-on is not answered.")
    return Finding("settings", "ENLACE_ADDON_AUDIENCE", State.OK, "Set: the add-on's tokens are checked against it.")


def _push(settings: Settings) -> Iterator[Finding]:
    """Push notices: the topic, and one way in which they reach us: Pub/Sub's own pushes, or a subscription to pull."""
    topic, pulled = settings.pubsub_topic, settings.pubsub_subscription
    pushed = (settings.pubsub_audience, settings.pubsub_service_account)
    if not any((topic, pulled, *pushed)):
        yield Finding("settings", "ENLACE_PUBSUB_TOPIC", State.OFF, "Not set: mailboxes are asked once a minute.")
        return
    problems = list(_push_problems(settings))
    for name, problem, remedy in problems:
        yield Finding("settings", PREFIX + name, State.WARNING, problem, f"{remedy} See docs/push.md.")
    if not problems:
        way = "pulled by the worker" if pulled else "pushed to /push/gmail"
        yield Finding("settings", "ENLACE_PUBSUB_TOPIC", State.OK, f"Set: Gmail's notices are {way}.")


def _push_problems(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """(setting, what is wrong, remedy)."""
    topic, pulled = settings.pubsub_topic, settings.pubsub_subscription
    pushed = (settings.pubsub_audience, settings.pubsub_service_account)
    if not topic:
        yield "PUBSUB_TOPIC", "Missing, so Gmail is not asked for notices.", "Set it: projects/PROJECT/topics/NAME."
    elif not _TOPIC.fullmatch(topic):
        yield "PUBSUB_TOPIC", f"“{topic}” is no topic.", "Write it in full: projects/PROJECT/topics/NAME."
    if pulled and not _SUBSCRIPTION.fullmatch(pulled):
        remedy = "Write it in full: projects/PROJECT/subscriptions/NAME."
        yield "PUBSUB_SUBSCRIPTION", f"“{pulled}” is no subscription.", remedy
    if pulled and not settings.google_service_account_file:
        remedy = "Set GOOGLE_SERVICE_ACCOUNT_FILE to a key of an account with the role Pub/Sub Subscriber."
        yield "PUBSUB_SUBSCRIPTION", "It is pulled as a service account, and there is none.", remedy
    if any(pushed) != all(pushed):
        missing = "PUBSUB_SERVICE_ACCOUNT" if pushed[0] else "PUBSUB_AUDIENCE"
        yield missing, "Missing, so every push is refused.", "Set PUBSUB_AUDIENCE and PUBSUB_SERVICE_ACCOUNT together."
    if topic and not pulled and not any(pushed):
        remedy = "Set PUBSUB_AUDIENCE and PUBSUB_SERVICE_ACCOUNT, or PUBSUB_SUBSCRIPTION."
        yield "PUBSUB_TOPIC", "Gmail sends notices there, and nobody takes them.", remedy
    if all(pushed) and settings.is_local and not pulled:
        remedy = "Pull the notices instead: set PUBSUB_SUBSCRIPTION."
        yield "PUBSUB_AUDIENCE", "Pub/Sub cannot reach this machine: PUBLIC_URL is on loopback.", remedy


def _misspelt(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(environ):
        if name.startswith(PREFIX) and not is_setting(name):
            near = get_close_matches(name.removeprefix(PREFIX), SETTINGS, 1)
            remedy = f"Did you mean {PREFIX}{near[0]}?" if near else "Remove it; .env.example names all that exist."
            yield Finding("settings", name, State.WARNING, "No setting has this name, so it does nothing.", remedy)


def is_setting(name: str) -> bool:
    """Whether an environment variable is one of ours, itself or as the file that holds its value."""
    short = name.removeprefix(PREFIX)
    return short in SETTINGS or short.removesuffix("_FILE") in SETTINGS


def _uncompiled(translations: Path) -> Iterator[str]:
    for language in LANGUAGES:
        source = translations / language / "LC_MESSAGES" / "messages.po"
        built = source.with_suffix(".mo")
        if source.is_file() and not built.is_file():
            yield language


def _built(subject: str, missing: Iterable[str], command: str) -> Finding:
    names = ", ".join(missing)
    if names:
        return Finding("files", subject, State.WRONG, f"Not built: {names}.", f"Build it: {command}")
    return Finding("files", subject, State.OK, "Built.")
