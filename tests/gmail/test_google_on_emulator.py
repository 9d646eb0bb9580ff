"""The contract, kept by the real client speaking to the emulator over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from backend.gmail.emulator import grants
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.gateway import Gmail
from backend.gmail.google import GoogleMail
from backend.gmail.oauth import GMAIL_SCOPE, AccessDesk, OAuthClient, UserGrant
from backend.kit.clock import VirtualClock
from tests.gmail.contract import GmailContract, World, new_world


@dataclass
class _Google:
    """A server for a world's emulator and the product's own client to it, with grants of OAuth."""

    stack: ExitStack

    def open(self, emulator: Emulator, address: str) -> Gmail:
        if not hasattr(self, "_mail"):
            server = self.stack.enter_context(EmulatorServer(emulator))
            self._mail = GoogleMail(server.url, VirtualClock())
            self.stack.callback(self._mail.close)
            own = OAuthClient("client", "secret", f"{server.url}/o/oauth2/v2/auth", f"{server.url}/token")
            self._desk = AccessDesk(token_url=f"{server.url}/token", client=own)
        token = grants.new_refresh_token(emulator.store, address, GMAIL_SCOPE)
        return self._mail.open(self._desk.access(UserGrant(token)))


class TestGoogleOnEmulator(GmailContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        with ExitStack() as stack:
            google = _Google(stack)
            world = new_world(google.open)
            stack.callback(world.emulator.close)
            yield world
