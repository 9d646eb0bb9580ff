from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.card.addon import Addon, addon_for
from tests.card.test_pages import signed_in
from tests.cast import ALICE
from tests.sequences.line import Line


@pytest.fixture
def web(line: Line) -> Iterator[Addon]:
    """The office's web app."""
    with addon_for(line.office, is_demo=True, ENLACE_PUBLIC_URL="http://127.0.0.1:8000") as addon:
        yield addon


@pytest.fixture
def client(web: Addon) -> FlaskClient:
    """The browser of alice."""
    return signed_in(web.app.test_client(), ALICE)
