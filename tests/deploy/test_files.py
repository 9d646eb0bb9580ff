"""The files of deploy/, read as their tools would read them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are not among the packages

from backend.settings import Settings, parse_settings, read_settings
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
UNITS = ("enlace-web.service", "enlace-worker.service")


def instructions() -> list[tuple[str, list[str]]]:
    """The Dockerfile's instructions with their words; continued lines are joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(words[0], words[1:]) for words in lines]


class TestDockerfile:
    def test_every_path_that_it_copies_exists_and_reaches_the_builder(self) -> None:
        copied = [
            source
            for name, words in instructions()
            if name == "COPY" and not any(word.startswith("--from=") for word in words)
            for source in [word for word in words if not word.startswith("--")][:-1]
        ]
        assert len(copied) >= 6
        allowed = [line[1:] for line in self.ignore_lines() if line.startswith("!")]
        for source in copied:
            assert (ROOT / source).exists(), source
            assert any(source == path or source.startswith(f"{path}/") for path in allowed), source

    def test_what_it_does_not_ask_for_stays_outside(self) -> None:
        assert self.ignore_lines()[0] == "*"

    def ignore_lines(self) -> list[str]:
        text = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    def test_a_stage_is_copied_from_only_where_it_is_built(self) -> None:
        stages = [words[-1] for name, words in instructions() if name == "FROM" and "AS" in words]
        used = [word.removeprefix("--from=") for _, words in instructions() for word in words if "--from=" in word]
        assert used
        assert set(used) <= set(stages)

    def test_it_runs_as_somebody_who_is_not_root(self) -> None:
        users = [words[0] for name, words in instructions() if name == "USER"]
        assert users
        assert users[-1] not in {"root", "0"}

    def test_packages_are_checked_against_their_hashes(self) -> None:
        installs = [
            " ".join(words) for name, words in instructions() if name == "RUN" and "pip install" in " ".join(words)
        ]
        assert installs
        assert all("--require-hashes" in each for each in installs)

    def test_its_health_is_asked_at_healthz(self) -> None:
        (check,) = [" ".join(words) for name, words in instructions() if name == "HEALTHCHECK"]
        assert "/healthz" in check

    def test_its_python_is_one_that_the_project_supports(self) -> None:
        bases = [words[0] for name, words in instructions() if name == "FROM" and words[0].startswith("python:")]
        assert bases
        assert all(re.match(r"python:3\.(1[1-9])-slim", base) for base in bases)


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


class TestCompose:
    SERVICES: ClassVar[dict[str, Any]] = compose()["services"]

    def test_the_schema_is_upgraded_once_before_anything_starts(self) -> None:
        assert self.SERVICES["upgrade"]["command"] == ["db", "upgrade"]
        assert self.SERVICES["upgrade"]["restart"] == "no"
        for name in ("web", "worker"):
            assert self.SERVICES[name]["depends_on"]["upgrade"]["condition"] == "service_completed_successfully"
            assert self.SERVICES[name]["depends_on"]["db"]["condition"] == "service_healthy"

    def test_the_database_is_postgresql_18_and_tells_its_health(self) -> None:
        assert self.SERVICES["db"]["image"] == "postgres:18"
        assert "pg_isready" in self.SERVICES["db"]["healthcheck"]["test"]

    def test_secrets_come_as_files_that_the_settings_read(self) -> None:
        names = {f"ENLACE_{field.name.upper()}_FILE" for field in fields(Settings)}
        for name in ("upgrade", "web", "worker"):
            environment, secrets = self.SERVICES[name]["environment"], self.SERVICES[name]["secrets"]
            assert set(environment) <= names
            assert {value.removeprefix("/run/secrets/") for value in environment.values()} == set(secrets)

    def test_only_the_proxy_listens_to_the_world(self) -> None:
        assert [name for name, service in self.SERVICES.items() if "ports" in service] == ["proxy"]

    def test_every_secret_that_a_service_asks_for_is_declared(self) -> None:
        asked = {secret for service in self.SERVICES.values() for secret in service.get("secrets", [])}
        assert asked == set(compose()["secrets"])


def test_make_secrets_makes_what_compose_needs_once_and_the_service_accepts_it(tmp_path: Path) -> None:
    script = Path(shutil.copy(DEPLOY / "make-secrets", tmp_path))
    subprocess.run([script], check=True, capture_output=True)
    folder = tmp_path / "secrets"
    before = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert set(before) == set(compose()["secrets"])
    assert folder.stat().st_mode & 0o077 == 0
    names = ("DATABASE_URL", "SECRET_KEY", "TOKEN_KEYS")
    settings = read_settings({f"ENLACE_{name}_FILE": str(folder / name.lower()) for name in names})
    assert before["postgres_password"].strip() in settings.database_url
    subprocess.run([script], check=True, capture_output=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == before


class TestSettingsExample:
    LINES = (DEPLOY / ".env.example").read_text(encoding="utf-8").splitlines()

    def given(self) -> dict[str, str]:
        pairs = re.findall(r"^#?(ENLACE_\w+)=(.*)$", "\n".join(self.LINES), re.MULTILINE)
        assert len(pairs) == len(dict(pairs)), "a setting stands there twice"
        return dict(pairs)

    def test_it_names_every_setting_and_no_other(self) -> None:
        service_account = {"ENLACE_GOOGLE_SERVICE_ACCOUNT_FILE"}
        assert set(self.given()) | service_account == {f"ENLACE_{field.name.upper()}" for field in fields(Settings)}

    def test_what_it_shows_as_defaults_are_the_defaults(self) -> None:
        defaults = parse_settings({})
        for name, value in self.given().items():
            if value and name not in {"ENLACE_PUBLIC_URL", "ENLACE_GOOGLE_SERVICE_ACCOUNT_FILE"}:
                assert str(getattr(defaults, name.removeprefix("ENLACE_").lower())).lower() == value, name

    def test_every_setting_is_explained_above_it(self) -> None:
        explained = False
        for line in self.LINES:
            is_setting = bool(re.match(r"#?[A-Z_]+=", line))
            assert explained or not is_setting, line
            explained = line.startswith("# ") or (explained and is_setting)


class TestUnits:
    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
    def test_systemd_accepts_them(self, tmp_path: Path) -> None:
        for name in UNITS:
            text = (DEPLOY / name).read_text(encoding="utf-8")
            command = Path(sys.executable).with_name("enlace")
            (tmp_path / name).write_text(text.replace("/opt/enlace/.venv/bin/enlace", str(command)))
        done = subprocess.run(
            ["systemd-analyze", "verify", *(str(tmp_path / name) for name in UNITS)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
        )
        complaints = [line for line in done.stderr.splitlines() if "enlace-" in line]
        assert (done.returncode, complaints) == (0, [])

    @pytest.mark.parametrize("name", UNITS)
    def test_they_are_hardened_alike(self, name: str) -> None:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        for line in ("User=enlace", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
            assert line in text.splitlines()


def test_the_proxy_keeps_figures_inside_and_everything_else_reaches_the_app() -> None:
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert re.search(r"@inside path .*/metrics", text)
    assert "reverse_proxy {$UPSTREAM:127.0.0.1:8000}" in text
    assert text.count("{") == text.count("}")
