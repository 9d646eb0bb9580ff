"""Events as Google's servers post them to an add-on over HTTP, read into what the doors need.

Everything may be missing: a homepage has no mail, and a reader who allowed little has no tokens.
Source: https://developers.google.com/workspace/add-ons/concepts/event-objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema
from marshmallow.fields import Dict, Integer, List, Nested, String
from marshmallow.validate import Length

from backend.card.glimpse import api_id
from backend.kit.clock import from_epoch_ms

_GOOGLE = "https://www.googleapis.com/auth/"
EMAIL = f"{_GOOGLE}userinfo.email"
METADATA = f"{_GOOGLE}gmail.addons.current.message.metadata"
COMPOSE = f"{_GOOGLE}gmail.addons.current.action.compose"

_SHORT = Length(max=100)
_TOKEN = Length(max=8_192)


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `reader` has locale, timezone and platform; `message_id` is the open mail's, as Gmail's API spells it.

    `scopes` are what the reader has allowed, None where Google does not say.

    `inputs` are what was typed and chosen, by name: text as it is, days as ISO ("2026-12-15").
    """

    reader: Mapping[str, str]
    message_id: str
    message_token: str
    user_token: str
    oauth_token: str
    scopes: frozenset[str] | None
    recipients: tuple[str, ...]
    parameters: Mapping[str, str]
    inputs: Mapping[str, str]

    def __repr__(self) -> str:
        """Keep tokens and addresses out of logs."""
        return f"Event({self.message_id!r})"


def read_event(body: Any) -> Event:
    """Read an event. Raises `ValidationError` for what is none."""
    found = _EVENT.load(body)
    common, authorised, gmail = found["common"], found["authorised"], found["gmail"]
    return Event(
        reader={
            "locale": common.get("locale", ""),
            "timezone": common.get("zone", {}).get("id", ""),
            "platform": common.get("platform", ""),
        },
        message_id=api_id(gmail.get("message_id", "")),
        message_token=gmail.get("access_token", ""),
        user_token=authorised.get("user_token", ""),
        oauth_token=authorised.get("oauth_token", ""),
        scopes=frozenset(authorised["scopes"]) if "scopes" in authorised else None,
        recipients=(*gmail.get("to", ()), *gmail.get("cc", ())),
        parameters=common.get("parameters", {}),
        inputs={name: _typed(value) for name, value in common.get("inputs", {}).items()},
    )


def missing_scopes(event: Event, needed: tuple[str, ...]) -> tuple[str, ...]:
    """Those scopes that the reader has not allowed; none where Google does not say."""
    return () if event.scopes is None else tuple(scope for scope in needed if scope not in event.scopes)


class _Open(Schema):
    """Google's events may say more than we read."""

    class Meta:
        unknown = EXCLUDE


class _Zone(_Open):
    id = String(validate=_SHORT)


class _Strings(_Open):
    value = List(String(validate=Length(max=50_000)))


class _Day(_Open):
    ms = Integer(data_key="msSinceEpoch")


class _Input(_Open):
    strings = Nested(_Strings, data_key="stringInputs")
    day = Nested(_Day, data_key="dateInput")


class _Common(_Open):
    locale = String(data_key="userLocale", validate=_SHORT)
    zone = Nested(_Zone, data_key="timeZone")
    platform = String(validate=_SHORT)
    parameters = Dict(keys=String(validate=_SHORT), values=String(validate=Length(max=512)))
    inputs = Dict(keys=String(validate=_SHORT), values=Nested(_Input), data_key="formInputs")


class _Authorised(_Open):
    user_token = String(data_key="userIdToken", validate=_TOKEN)
    oauth_token = String(data_key="userOAuthToken", validate=_TOKEN)
    scopes = List(String(), data_key="authorizedScopes")


class _Gmail(_Open):
    message_id = String(data_key="messageId", validate=_SHORT)
    access_token = String(data_key="accessToken", validate=_TOKEN)
    to = List(String(), data_key="toRecipients", validate=Length(max=500))
    cc = List(String(), data_key="ccRecipients", validate=Length(max=500))


class _EventAsked(_Open):
    common = Nested(_Common, data_key="commonEventObject", load_default=dict)
    authorised = Nested(_Authorised, data_key="authorizationEventObject", load_default=dict)
    gmail = Nested(_Gmail, load_default=dict)


_EVENT = _EventAsked()


def _typed(given: Mapping[str, Any]) -> str:
    if "day" in given and "ms" in given["day"]:
        return from_epoch_ms(given["day"]["ms"]).date().isoformat()
    return str(next(iter(given.get("strings", {}).get("value", ())), ""))
