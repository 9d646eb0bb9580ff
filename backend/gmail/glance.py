"""The headers of the mail that somebody has open, read with the two tokens of the add-on that Google's servers call.

Neither token is ours: the reader's says who asks, the mail's that this very mail is open; both live for minutes and are
forgotten at once. Source: https://developers.google.com/workspace/add-ons/gmail/gmail-actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import requests

from backend.gmail.errors import Transient
from backend.gmail.refusals import refusal
from backend.kit.clock import Clock

HEADERS = ("Message-ID", "From", "To", "Cc", "Subject")
_TIMEOUT_S = (3, 5)  # somebody waits for the card meanwhile


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A mail that is open in Gmail, and what lets us look at it."""

    gmail_id: str
    user_token: str
    message_token: str

    def __repr__(self) -> str:
        """Keep the tokens out of logs."""
        return f"OpenMessage({self.gmail_id!r})"


def read_open_message(api_url: str, message: OpenMessage, clock: Clock) -> Mapping[str, str]:
    """Return its headers, by name as in `HEADERS`; "" for one that it has not. Raises `GmailError`."""
    asked = "&".join(f"metadataHeaders={name}" for name in HEADERS)
    url = f"{api_url}/gmail/v1/users/me/messages/{quote(message.gmail_id, safe='')}?format=metadata&{asked}"
    tokens = {"Authorization": f"Bearer {message.user_token}", "X-Goog-Gmail-Access-Token": message.message_token}
    try:
        answer = requests.get(url, headers=tokens, timeout=_TIMEOUT_S, allow_redirects=False)
        if not answer.ok or answer.is_redirect:
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            raise refusal(answer.status_code, lowered, answer.content, now=clock.now())
        found = {h["name"].lower(): str(h["value"]) for h in answer.json()["payload"]["headers"]}
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise Transient(f"open message: {type(error).__name__}") from error
    return {name: found.get(name.lower(), "") for name in HEADERS}
