"""The Gmail add-on's way in, tried from outside: the public address, its doors, Google's certificates, the manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests

from backend.doctor.shapes import Finding, State
from backend.gmail.errors import Transient
from backend.gmail.identity import Certificates
from backend.kit.clock import Clock
from backend.settings import Settings

GUIDE = "docs/install-addon.md"
WRITTEN = Path(__file__).parents[2] / "build" / "addon" / "script"
SCRIPT_DOOR, HTTP_DOOR, LOGO = "/addon/v1/context", "/addon/http/home", "/assets/addon-logo.png"
_CLIENT_ID = re.compile(r"[\w-]+\.apps\.googleusercontent\.com")
_SERVICE_ACCOUNT = re.compile(r"[\w.-]+@[\w.-]+\.iam\.gserviceaccount\.com")
_TIMEOUT_S = 10


def examine_addon(settings: Settings, clock: Clock, written: Path = WRITTEN) -> Iterator[Finding]:
    """Judge what stands between Gmail and this installation, in the order in which one would mend it."""
    yield _address(settings)
    yield _audience(settings)
    yield _certificates(settings, clock)
    yield _logo(settings)
    yield _script_door(settings)
    yield _http_door(settings)
    yield _manifest(settings, written)


def _address(settings: Settings) -> Finding:
    url = settings.public_url
    if not url.startswith("https://"):
        return _wrong("address", f"{url} is not https.", "Set ENLACE_PUBLIC_URL to the address that Gmail reaches.")
    return Finding("addon", "address", State.OK, url)


def _audience(settings: Settings) -> Finding:
    if not settings.addon_audience:
        remedy = f"Set ENLACE_ADDON_AUDIENCE to the OAuth client id of the add-on's project: {GUIDE}."
        return _wrong("audience", "Not set: nobody is let in.", remedy)
    if not _CLIENT_ID.fullmatch(settings.addon_audience):
        said = f"“{settings.addon_audience}” does not look like an OAuth client id (….apps.googleusercontent.com)."
        return Finding("addon", "audience", State.WARNING, said, "Copy it from the project's credentials page.")
    return Finding("addon", "audience", State.OK, settings.addon_audience)


def _certificates(settings: Settings, clock: Clock) -> Finding:
    url = settings.google_certs_url
    try:
        Certificates(url, clock).find("")
    except Transient:
        return _wrong(
            "certificates", f"{url} cannot be read.", "Let this machine reach it, through HTTPS_PROXY if need be."
        )
    return Finding("addon", "certificates", State.OK, "Google's certificates can be read.")


def _logo(settings: Settings) -> Finding:
    answer = _ask("GET", settings.public_url + LOGO)
    if answer is None or answer.status_code != HTTPStatus.OK or answer.headers.get("Content-Type") != "image/png":
        remedy = f"Open {settings.public_url}{LOGO} in a browser; mend the proxy or the certificate before Enlace."
        return _wrong("public address", f"The add-on's logo does not come ({_said(answer)}).", remedy)
    return Finding("addon", "public address", State.OK, "It is reached from here, with a good certificate.")


def _script_door(settings: Settings) -> Finding:
    """A stranger must be refused with 401, by Enlace itself."""
    answer = _ask("POST", settings.public_url + SCRIPT_DOOR)
    if _refuses_strangers(answer):
        return Finding("addon", "Apps Script", State.OK, "Its door is open to those whom Google vouches for.")
    return _wrong("Apps Script", f"{SCRIPT_DOOR} answers {_said(answer)} where it should answer 401.", _behind(answer))


def _http_door(settings: Settings) -> Finding:
    account = settings.addon_service_account
    if not account:
        return Finding("addon", "HTTP add-on", State.OFF, "ENLACE_ADDON_SERVICE_ACCOUNT is not set: only the script.")
    if not _SERVICE_ACCOUNT.fullmatch(account):
        remedy = "Copy serviceAccountEmail from: gcloud workspace-add-ons get-authorization"
        return _wrong("HTTP add-on", f"“{account}” is no service account.", remedy)
    answer = _ask("POST", settings.public_url + HTTP_DOOR)
    if _refuses_strangers(answer):
        return Finding("addon", "HTTP add-on", State.OK, "Its doors are open to Google's servers.")
    return _wrong("HTTP add-on", f"{HTTP_DOOR} answers {_said(answer)} where it should answer 401.", _behind(answer))


def _manifest(settings: Settings, written: Path) -> Finding:
    """What `deploy/addon/push.mjs` wrote last must name this installation, or the script may not fetch from it."""
    address, again = f"{settings.public_url}/", f"node deploy/addon/push.mjs --url {settings.public_url} --script-id ID"
    try:
        manifest: Any = json.loads((written / "appsscript.json").read_text(encoding="utf-8"))
        script = (written / "Installation.gs").read_text(encoding="utf-8")
    except OSError:
        said = "It was not written on this machine, so it cannot be looked at."
        return Finding("addon", "manifest", State.OFF, said, f"Write it: {again}")
    except ValueError:
        return _wrong("manifest", "What was written cannot be read.", f"Write it anew: {again}")
    if manifest.get("urlFetchWhitelist") != [address] or f"'{address}'" not in script:
        return _wrong("manifest", f"It was written for another address than {address}", f"Write it anew: {again}")
    return Finding("addon", "manifest", State.OK, f"It names {address} and may fetch from nowhere else.")


def _ask(method: str, url: str) -> requests.Response | None:
    try:
        return requests.request(method, url, timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException:
        return None


def _refuses_strangers(answer: requests.Response | None) -> bool:
    return answer is not None and answer.status_code == HTTPStatus.UNAUTHORIZED and _is_ours(answer)


def _is_ours(answer: requests.Response) -> bool:
    return answer.headers.get("Content-Type", "").startswith("application/problem+json")


def _said(answer: requests.Response | None) -> str:
    return "nothing" if answer is None else f"HTTP {answer.status_code}"


def _behind(answer: requests.Response | None) -> str:
    if answer is not None and _is_ours(answer):
        return "Restart the web process, so that it reads the settings that this command reads."
    return "Something else than Enlace answers there: look at the proxy, and that enlace serve runs behind it."


def _wrong(subject: str, said: str, remedy: str) -> Finding:
    return Finding("addon", subject, State.WRONG, said, remedy)
