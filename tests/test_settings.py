"""What the environment says, and what it must not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from backend.kit.errors import UserError
from backend.settings import find_problems, parse_settings, read_settings

GOOD = {"ENLACE_SECRET_KEY": "s" * 32, "ENLACE_TOKEN_KEYS": Fernet.generate_key().decode()}


def test_two_secrets_are_enough_for_an_installation_on_this_machine() -> None:
    settings = read_settings(GOOD)
    assert settings.is_local
    assert settings.database_url.startswith("sqlite:///")


def test_an_empty_line_is_as_good_as_none() -> None:
    empty = {"ENLACE_DATABASE_URL": "", "ENLACE_GMAIL_UNITS_PER_USER_MINUTE": " ", "ENLACE_LOG_JSON": ""}
    assert read_settings(GOOD | empty) == read_settings(GOOD)


def test_a_file_holds_a_secret_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("t" * 40 + "\n")
    assert read_settings(GOOD | {"ENLACE_SECRET_KEY_FILE": str(file)}).secret_key == "t" * 40


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("1", True), ("No", False), ("off", False)])
def test_yes_and_no_may_be_said_in_several_ways(said: str, *, meant: bool) -> None:
    assert read_settings(GOOD | {"ENLACE_LOG_JSON": said}).log_json is meant


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("TOKEN_KEYS", "not base64"),
        ("PUBLIC_URL", "http://crm.example.com"),
        ("LOG_JSON", "perhaps"),
        ("GMAIL_UNITS_PER_PROJECT_MINUTE", "lots"),
        ("SECRET_KEY_FILE", "/nowhere/secret"),
    ],
)
def test_the_service_refuses_to_start_and_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(UserError, match=f"ENLACE_{name}"):
        read_settings(GOOD | {f"ENLACE_{name}": value})


def test_a_client_without_its_secret_is_refused() -> None:
    with pytest.raises(UserError, match="GOOGLE_CLIENT_SECRET"):
        read_settings(GOOD | {"ENLACE_GOOGLE_CLIENT_ID": "id.apps.example"})


def test_every_problem_is_named_not_only_the_first() -> None:
    settings = parse_settings({"ENLACE_PUBLIC_URL": "http://crm.example.com"})
    assert len(list(find_problems(settings))) == 3


def test_no_secret_shows_where_settings_are_printed() -> None:
    assert "s" * 32 not in repr(read_settings(GOOD))
