"""`enlace serve` and `enlace worker` as an installation runs them: real processes, asked over HTTP."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet

from tests.conftest import ROOT

ENLACE = (sys.executable, "-m", "backend")
PATIENCE_S = 30


@pytest.fixture(scope="module")
def environ(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    database = shutil.copy(sqlite_template, tmp_path_factory.mktemp("serve") / "enlace.db")
    url = f"sqlite:///{database}"
    given = {"DATABASE_URL": url, "SECRET_KEY": "s" * 32, "TOKEN_KEYS": Fernet.generate_key().decode()}
    return {f"ENLACE_{name}": value for name, value in given.items()}


@contextmanager
def running(environ: dict[str, str], log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("wb") as stream,
        subprocess.Popen([*ENLACE, *words], cwd=ROOT, env=environ, stdout=stream, stderr=stream) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where one process of `enlace serve` listens; it must end well on SIGTERM."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{probe.getsockname()[1]}"
    log = tmp_path_factory.mktemp("log") / "web.log"
    with running(environ, log, "serve", "--bind", at, "--workers", "1") as process:
        wait_for(f"http://{at}/healthz", log)
        yield f"http://{at}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def wait_for(url: str, log: Path) -> None:
    for _ in range(PATIENCE_S * 10):
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{url} did not answer:\n{log.read_text()}")


def test_it_serves_answers_for_its_health_and_stops_when_asked(address: str) -> None:
    assert requests.get(f"{address}/healthz", timeout=5).json() == {"status": "ok"}
    assert requests.get(f"{address}/readyz", timeout=5).json() == {"status": "ready"}
    assert requests.get(f"{address}/login", timeout=5).ok


@pytest.mark.parametrize("path", ["settings.py", "__main__.py", "web/static/pages.css", ".env"])
def test_nothing_of_the_source_is_served(address: str, path: str) -> None:
    assert requests.get(f"{address}/{path}", timeout=5).status_code == 404


def test_behind_the_proxy_one_persons_wrong_tries_do_not_lock_others_out(address: str) -> None:
    def sign_in(person: str) -> int:
        with requests.Session() as browser:
            browser.headers["X-Forwarded-For"] = person
            page = browser.get(f"{address}/login", timeout=5).text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)
            assert token is not None
            form = {"email": "nobody@acme.example", "password": "wrong", "csrf_token": token[1]}
            return browser.post(f"{address}/login", data=form, timeout=5).status_code

    tries = [sign_in("192.0.2.1") for _ in range(11)]
    assert tries[-1] == 429
    assert sign_in("192.0.2.2") != 429


def test_the_worker_stops_when_asked(environ: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with running(environ, log, "worker") as process:
        for _ in range(PATIENCE_S * 10):
            if "worker_started" in log.read_text():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, log.read_text()


@pytest.mark.parametrize("words", [("serve",), ("worker",), ("mailbox", "list")])
def test_without_its_settings_nothing_starts_and_the_missing_one_is_named(words: tuple[str, ...]) -> None:
    done = subprocess.run([*ENLACE, *words], cwd=ROOT, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "ENLACE_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr
