"""The contract, kept by the real client against the emulator over HTTP, its grants obtained as a rep's are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.gmail.emulator.grants import new_refresh_token
from backend.gmail.emulator.server import EmulatorServer
from backend.gmail.gateway import Gmail
from backend.gmail.google import GoogleMail
from backend.gmail.oauth import GMAIL_SCOPE, AccessDesk, OAuthClient, UserGrant
from tests.gmail.contract import GmailContract, World, new_world


class Opener:
    """Opens mailboxes of an emulator through one server, over one pool of connections."""

    def __init__(self, server: EmulatorServer, world: World) -> None:
        client = OAuthClient("id.apps.example", "secret", f"{server.url}/o/oauth2/v2/auth", f"{server.url}/token")
        self._desk = AccessDesk(token_url=client.token_url, client=client)
        self._mail = GoogleMail(server.url, world.clock)
        self._emulator = world.emulator

    def __call__(self, address: str) -> Gmail:
        grant = UserGrant(new_refresh_token(self._emulator.store, address, GMAIL_SCOPE))
        return self._mail.open(self._desk.access(grant))

    def close(self) -> None:
        self._mail.close()


@pytest.fixture
def world() -> Iterator[World]:
    world = new_world(lambda _emulator, _address: _not_yet())
    with EmulatorServer(world.emulator) as server:
        opener = Opener(server, world)
        world.open = opener
        yield world
        opener.close()
    world.emulator.close()


def _not_yet() -> Gmail:
    raise AssertionError("the server is not up yet")


class TestGoogleOverHttp(GmailContract):
    """Every test of the contract."""
