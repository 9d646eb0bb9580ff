"""`enlace emulator`: starts, serves, stops, and says in one sentence what is wrong."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from backend.commands.emulator import emulator
from backend.kit.errors import UserError

MBOX = b"From a@b.example Thu Jan  8 10:00:00 2026\nFrom: zoe@client.example\nSubject: Offer\n\nhi\n"
START = "from backend.commands.emulator import emulator; emulator()"


def test_it_serves_loaded_mail_until_it_is_asked_to_stop(tmp_path: Path) -> None:
    mbox, state = tmp_path / "a.mbox", tmp_path / "state.sqlite"
    mbox.write_bytes(MBOX)
    given = ["--port", "0", "--owner", "ana@acme.example", "--mbox", str(mbox), "--state", str(state)]
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", START, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            headers = {"Authorization": "Bearer ana@acme.example"}
            profile = requests.get(f"{url}/gmail/v1/users/me/profile", headers=headers, timeout=10).json()
            assert profile["messagesTotal"] == 1
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=10)
        assert (process.returncode, output) == (0, "")
        assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--owner", "ana"], "is no address"),
        (["--owner", "a@x.example", "--mbox", "missing.mbox"], "missing.mbox cannot be loaded"),
        (["--owner", "a@x.example", "--faults", "gremlins"], "There is no fault “gremlins”"),
        (["--owner", "a@x.example", "--faults", "slow:often"], "is no probability"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(given: list[str], says: str) -> None:
    result = CliRunner().invoke(emulator, ["--port", "0", *given])
    assert isinstance(result.exception, UserError)
    assert says in str(result.exception)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(emulator, ["--port", port, "--owner", "a@x.example"])
    assert f"Port {port}" in str(result.exception)


def test_its_help_teaches() -> None:
    text = CliRunner().invoke(emulator, ["--help"]).output
    assert "curl -H" in text
    assert "rate-limit-429" in text
