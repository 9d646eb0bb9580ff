"""What each page and API path of sequences costs with a hundred thousand people on the way, against a thousand.

Two installations (`bench.crowd`), asked in turn by a manager who sees everybody; CPU of the whole request, on SQLite,
where the database's work is this process's; of several times the best. What shows a bounded piece must not grow; what
counts everybody for its figures may, from an index; Results and Today count the mail of ninety and of thirty days.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient

from backend.accounts.keys import create_api_key
from backend.accounts.tables import User
from backend.app import make_app
from backend.db import Database
from backend.installation import open_installation
from backend.settings import read_settings
from bench.crowd import BIG, CAMPAIGNS, SEQUENCES, Crowd, fill_crowd
from bench.figure import Figure
from tests.cast import KEY

FEW, MANY, ROUNDS = 1_000, 100_000, 7
BAR, WHOLE_BAR_MS = 1.5, 150
CAMPAIGN = SEQUENCES + CAMPAIGNS
PIECES = {
    "people_of_one_contact": "/api/v1/enrolments?contact_id={contact}",
    "people": "/api/v1/enrolments",
    "people_of_a_sequence": f"/api/v1/enrolments?sequence_id={BIG}",
    "people_older": f"/api/v1/enrolments?sequence_id={BIG}&state=active",
    "people_who_stand_still": "/api/v1/enrolments?state=paused",
    "person_page": "/sequences/people/28",
    "ledger": "/api/v1/enrolments/28/ledger",
    "contact_ledger": "/api/v1/contacts/{contact}/sending",
    "templates_api": "/api/v1/templates",
    "effects": f"/api/v1/sequences/{BIG}/effects",
}
WHOLES = {
    "sending_page": "/sequences/sending",
    "suppressed_page": "/settings/suppressed",
    "list_page": "/sequences",
    "one_page": f"/sequences/{BIG}",
    "one_page_stopped": f"/sequences/{BIG}?state=stopped",
    "one_page_rare_step": f"/sequences/{BIG}?step=5",
    "publish_page": f"/sequences/{BIG}/publish",
    "campaigns_page": "/campaigns",
    "campaigns_api": "/api/v1/campaigns",
    "campaign_page": f"/campaigns/{CAMPAIGN}",
    "templates_page": "/templates",
}
PERIODS = {
    "results_page": "/results",
    "results_by_wording": "/results?by=variant",
    "today_page": "/",
}


def run() -> Iterator[Figure]:
    """Fill both, ask them in turn, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_open(Path(folder) / f"{people}.db", people) for people in (FEW, MANY))
        for paths, ms_bar, ratio_bar in ((PIECES, None, BAR), (WHOLES, WHOLE_BAR_MS, None), (PERIODS, None, None)):
            for name, path in paths.items():
                small, large = _cpu_ms(few, many, path)
                yield Figure("sequences", f"{name}_cpu_ms_with_{MANY}", large, ms_bar)
                yield Figure("sequences", f"{name}_ratio_{FEW}_to_{MANY}", large / small, ratio_bar)


@dataclass(frozen=True, slots=True)
class _Place:
    """An installation, and a manager's program that asks it."""

    crowd: Crowd
    client: FlaskClient
    key: str

    def cpu_ms(self, path: str) -> float:
        """Ask once."""
        asked = path.format(contact=self.crowd.stock.companies + 1)
        started = time.process_time_ns()
        answer = self.client.get(asked, headers={"Authorization": f"Bearer {self.key}"})
        spent = (time.process_time_ns() - started) / 1e6
        assert answer.status_code == 200, (asked, answer.status_code)
        return spent


def _cpu_ms(few: _Place, many: _Place, path: str) -> tuple[float, float]:
    """In turn, so that both meet the same moments of a busy machine; the first time only warms up."""
    spent = [(few.cpu_ms(path), many.cpu_ms(path)) for _ in range(ROUNDS + 1)][1:]
    return min(each[0] for each in spent), min(each[1] for each in spent)


def _open(file: Path, people: int) -> _Place:
    url = f"sqlite:///{file}"
    crowd = fill_crowd(Database(url), people)
    given = {"DATABASE_URL": url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": KEY}
    installation = open_installation(read_settings({f"ENLACE_{name}": value for name, value in given.items()}))
    with installation.db.write() as session:
        key = create_api_key(session, installation.clock, session.get_one(User, crowd.manager.user_id))
    return _Place(crowd, make_app(installation).test_client(), key)
