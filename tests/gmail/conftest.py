"""Asserts of the contract suite tell what they compared, and no answer of the emulator goes unchecked."""

from __future__ import annotations

import pytest

from backend.gmail.emulator.calls import Call, Json
from backend.gmail.emulator.core import Emulator

pytest.register_assert_rewrite("tests.gmail.contract", "tests.gmail.schemas")


@pytest.fixture(autouse=True)
def _answers_are_gmails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every answer, at whichever door, against the description of Gmail's API."""
    from tests.gmail.schemas import check_answer  # noqa: PLC0415 - after its asserts are rewritten

    answer_of = Emulator.call

    def checked(self: Emulator, call: Call) -> Json:
        answer = answer_of(self, call)
        if not call.text("fields"):
            check_answer(call.verb, answer)
        return answer

    monkeypatch.setattr(Emulator, "call", checked)
