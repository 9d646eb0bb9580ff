from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Api, Programs, programs_of
from tests.cast import ALICE, BOB, DORA, ERIK, Office
from tests.sequences.line import TWO_MAILS

SPEC = "/api/v1/openapi.json"
CHECKS: list[Callable[..., Any]] = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES, EXAMPLES_ELSEWHERE = 5, 2  # for each operation: on SQLite, and again on PostgreSQL
bounded = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def lively(two_reps: Office) -> Programs:
    """Acme with some of everything, under small ids."""
    programs = programs_of(two_reps)
    two_reps.mail(ALICE, [DORA, BOB], "Forty seats")
    two_reps.mail(ERIK, ALICE, "Hello")
    two_reps.sync()
    contact = programs.alice.get("/contacts")["items"][0]
    deal = programs.alice.post("/deals", {"name": "Forty seats", "contact_ids": [contact["id"]], "products": ["Seat"]})
    for kind in ("notes", "tasks", "calls", "meetings"):
        programs.alice.post(f"/{kind}", {"text": "Written down", "record_ids": [deal["id"]]})
    sequence = programs.alice.post("/sequences", {"name": "Nurture", "definition": TWO_MAILS})
    programs.alice.post(f"/sequences/{sequence['id']}/publish")
    programs.alice.post("/enrolments", {"sequence_id": sequence["id"], "contact_ids": [contact["id"]]})
    programs.alice.post("/templates", {"name": "Offer", "body": "Hi {{ contact.name }}"})
    return programs


def test_whatever_is_asked_the_answer_is_as_the_specification_says(lively: Programs, two_reps: Office) -> None:
    alice = lively.alice
    examples = EXAMPLES if two_reps.db.is_sqlite else EXAMPLES_ELSEWHERE
    schema = schemathesis.openapi.from_wsgi(SPEC, alice.app)
    for found in schema.get_all_operations():
        operation = cast("Ok[Any]", found).ok()
        good, bad = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

        @settings(bounded, max_examples=examples)
        @given(case=good | bad, small=st.integers(1, 12))
        def ask(case: Case[Any], small: int) -> None:
            _aim(case, small)
            case.call_and_validate(headers={"Authorization": f"Bearer {alice.key}"}, checks=CHECKS)

        ask()


def _aim(case: Case[Any], small: int) -> None:
    """Let most requests meet something that is there: drawn ids never do."""
    for name, value in (case.path_parameters or {}).items():
        if isinstance(value, int):
            case.path_parameters[name] = small
    headers: Any = case.headers or {}
    headers.pop("Idempotency-Key", None)  # few are drawn, and a second use is refused
    if "If-Match" in headers and small % 2:
        headers["If-Match"] = '"1"'


def test_the_specification_is_openapi_3_1_and_says_everything(alice: Api) -> None:
    spec = alice.get("/openapi.json")
    assert spec["openapi"].startswith("3.1")
    operations = {(m, p): o for p, methods in spec["paths"].items() for m, o in methods.items()}
    assert len(operations) > 45
    for (method, path), operation in operations.items():
        assert operation["summary"].endswith("."), (method, path)
        assert {"400", "401", "403", "404"} <= operation["responses"].keys()
        assert "application/problem+json" in operation["responses"]["401"]["content"]
        named = {p["name"] for p in operation["parameters"]}
        assert "{" not in path or named, path
    assert all(p["in"] != "path" or p["required"] for o in operations.values() for p in o["parameters"])
    assert set(spec["components"]["securitySchemes"]) == {"key", "session"}


def test_doors_say_which_headers_they_read(alice: Api) -> None:
    paths = alice.get("/openapi.json")["paths"]
    change, add = paths["/api/v1/contacts/{record_id}"]["patch"], paths["/api/v1/contacts"]["post"]
    assert {"412", "428"} <= change["responses"].keys()
    assert "If-Match" in {p["name"] for p in change["parameters"]}
    assert "Idempotency-Key" in {p["name"] for p in add["parameters"]}


def test_each_shape_is_described_once(alice: Api) -> None:
    schemas = alice.get("/openapi.json")["components"]["schemas"]
    assert not [name for name in schemas if name[-1].isdigit()]


def test_the_reference_page_needs_no_script_of_its_own_and_no_other_host(alice: Api) -> None:
    page = alice.app.test_client().get("/api/v1/docs")
    assert page.status_code == 200
    assert "/api/v1/contacts/{record_id}/timeline" in page.text
    assert "Content-Security-Policy" in page.headers
    assert "<style" not in page.text
    assert "style=" not in page.text
    assert "https://" not in page.text.replace("https://mail.google.com", "")
