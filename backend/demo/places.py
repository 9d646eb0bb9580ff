"""Where a demo keeps its files: one database and one emulator for each set of inputs, so that a second run goes on."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from backend.settings import Settings, read_settings

FOLDER = Path(".enlace")


@dataclass(frozen=True, slots=True)
class Places:
    """The demo's database, the emulator's state, and the file with the installation's secrets."""

    database_url: str
    gmail: Path
    secrets: Path


def places_for(owner: str, sources: Sequence[Path], database_url: str = "") -> Places:
    """Name the files for these inputs; without mail of one's own it is the sample's."""
    FOLDER.mkdir(exist_ok=True)
    name = "sample" if not sources else f"mail-{_digest(owner, *map(str, sources))}"
    if database_url:
        name = f"{name}-{_digest(database_url)}"
    url = database_url or f"sqlite:///{FOLDER / name}.db"
    return Places(url, FOLDER / f"{name}-gmail.db", FOLDER / "secrets")


def demo_settings(places: Places, port: int) -> Settings:
    """Settings that work without any being given; the secrets are made once and kept."""
    key, token_key = _secrets(places.secrets)
    return read_settings(
        {
            "ENLACE_DATABASE_URL": places.database_url,
            "ENLACE_SECRET_KEY": key,
            "ENLACE_TOKEN_KEYS": token_key,
            "ENLACE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
    )


def _secrets(file: Path) -> tuple[str, str]:
    if not file.exists():
        token_key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        file.touch(mode=0o600)
        file.write_text(f"{secrets.token_hex(32)} {token_key}\n", encoding="ascii")
    key, token_key = file.read_text(encoding="ascii").split()
    return key, token_key


def _digest(*texts: str) -> str:
    return blake2b("\n".join(texts).encode(), digest_size=5).hexdigest()
