"""An office with the add-on in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.card.addon import Addon, addon_for
from tests.card.world import World
from tests.cast import Office


@pytest.fixture(scope="session")
def google_key() -> rsa.RSAPrivateKey:
    """Google's key, made once: it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def addon(office: Office, google_key: rsa.RSAPrivateKey) -> Iterator[Addon]:
    """Alice's add-on, on both databases."""
    office.emulator.signer.__dict__["_key"] = google_key
    with addon_for(office) as addon:
        yield addon


@pytest.fixture
def world(office: Office) -> World:
    """What Alice has typed in."""
    return World(office)
