"""The add-on's way in, as `enlace doctor --addon` tries it: against a whole app served on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from backend.app import make_app
from backend.db import Database
from backend.doctor.addon import examine_addon
from backend.doctor.shapes import Finding, State
from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.server import EmulatorServer
from backend.installation import open_installation
from backend.kit.clock import VirtualClock
from backend.settings import Settings
from tests.card.addon import settings_for
from tests.cast import open_office

CLIENT = "12-ab.apps.googleusercontent.com"
ACCOUNT = "gsao@gcp-sa-gsuiteaddons.iam.gserviceaccount.com"


@pytest.fixture
def settings(sqlite_db: Database, clock: VirtualClock, emulator: Emulator) -> Iterator[Settings]:
    """A served installation in both modes, with Google's certificates from the emulator."""
    office = open_office(sqlite_db, clock, emulator)
    with EmulatorServer(emulator) as google:
        more = {"ENLACE_ADDON_AUDIENCE": CLIENT, "ENLACE_ADDON_SERVICE_ACCOUNT": ACCOUNT}
        given = settings_for(office, f"{google.url}/certs", **more)
        here = open_installation(given, clock=clock, emulator=emulator)
        server = make_server("127.0.0.1", 0, make_app(here), threaded=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield replace(given, public_url=f"http://127.0.0.1:{server.port}")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            here.close()


def written(folder: Path, address: str) -> Path:
    (folder / "appsscript.json").write_text(f'{{"urlFetchWhitelist": ["{address}"]}}', encoding="utf-8")
    (folder / "Installation.gs").write_text(f"const BACKEND_URL = '{address}';", encoding="utf-8")
    return folder


def found(settings: Settings, clock: VirtualClock, folder: Path) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine_addon(settings, clock, folder)}


def test_a_set_up_that_works_is_well_but_for_https(settings: Settings, clock: VirtualClock, tmp_path: Path) -> None:
    all_ = found(settings, clock, written(tmp_path, f"{settings.public_url}/"))
    assert all_.pop("address").state is State.WRONG, "Gmail opens nothing but https"
    assert {finding.state for finding in all_.values()} == {State.OK}, all_
    assert len(all_) == 6


def test_each_thing_that_is_wrong_is_named_with_its_remedy(
    settings: Settings, clock: VirtualClock, tmp_path: Path
) -> None:
    folder = written(tmp_path, "https://other.example/")
    broken = replace(
        settings, addon_audience="", addon_service_account="me@gmail.com", google_certs_url="http://127.0.0.1:9/certs"
    )
    all_ = found(broken, clock, folder)
    for subject in ("audience", "certificates", "HTTP add-on", "manifest"):
        assert all_[subject].state is State.WRONG
        assert all_[subject].remedy
    assert all_["Apps Script"].state is State.OK, "the served app has its audience"


def test_where_something_else_answers_it_says_so(settings: Settings, clock: VirtualClock, tmp_path: Path) -> None:
    elsewhere = replace(settings, public_url=settings.google_certs_url.removesuffix("/certs"))
    all_ = found(elsewhere, clock, tmp_path)
    assert "proxy" in all_["Apps Script"].remedy
    assert all_["public address"].state is State.WRONG
    silent = found(replace(settings, public_url="http://127.0.0.1:9"), clock, tmp_path)
    assert "answers nothing" in silent["Apps Script"].said


def test_what_is_not_set_up_is_off_and_not_wrong(settings: Settings, clock: VirtualClock, tmp_path: Path) -> None:
    all_ = found(replace(settings, addon_service_account=""), clock, tmp_path)
    assert (all_["HTTP add-on"].state, all_["manifest"].state) == (State.OFF, State.OFF)
    (tmp_path / "appsscript.json").write_text("{", encoding="utf-8")
    (tmp_path / "Installation.gs").write_text("", encoding="utf-8")
    assert found(settings, clock, tmp_path)["manifest"].state is State.WRONG


def test_an_audience_that_is_no_client_id_is_looked_at(settings: Settings, clock: VirtualClock, tmp_path: Path) -> None:
    odd = replace(settings, addon_audience="my add-on")
    assert found(odd, clock, tmp_path)["audience"].state is State.WARNING
