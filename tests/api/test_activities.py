from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.conftest import Api, Programs


@pytest.fixture
def dora(alice: Api) -> int:
    return int(alice.post("/contacts", {"name": "Dora"})["id"])


def texts(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [item["text"] for item in page["items"]]


def test_tasks_are_listed_most_pressing_first_page_by_page(alice: Api) -> None:
    for text, due in (("later", "2026-02-01T09:00:00Z"), ("whenever", None), ("soon", "2026-01-06T09:00:00+01:00")):
        alice.post("/tasks", {"text": text, "due_at": due})
    first = alice.get("/tasks?limit=2")
    assert texts(first) == ["soon", "later"]
    assert first["items"][0]["due_at"] == "2026-01-06T08:00:00+00:00"
    assert texts(alice.get(f"/tasks?limit=2&cursor={first['next']}")) == ["whenever"]


def test_a_task_is_ticked_off_and_opened_again(alice: Api) -> None:
    task = alice.post("/tasks", {"text": "Call back"})
    assert alice.post(f"/tasks/{task['id']}/done", status=200)["done_at"]
    assert texts(alice.get("/tasks")) == []
    assert texts(alice.get("/tasks?state=done")) == ["Call back"]
    assert alice.post(f"/tasks/{task['id']}/reopen", status=200)["done_at"] is None
    assert texts(alice.get("/tasks")) == ["Call back"]


def test_a_task_may_be_a_colleagues(programs: Programs) -> None:
    bob_id = programs.bob.get("/users/me")["id"]
    programs.alice.post("/tasks", {"text": "Send the offer", "owner_id": bob_id})
    assert texts(programs.alice.get("/tasks")) == []
    assert texts(programs.alice.get("/tasks?owner=everybody")) == ["Send the offer"]
    assert texts(programs.bob.get("/tasks")) == ["Send the offer"]
    programs.alice.post("/tasks", {"text": "Send the offer", "owner_id": 999}, 404)


def test_what_is_written_down_stands_with_its_record(alice: Api, dora: int) -> None:
    for path, more in (("notes", {}), ("calls", {"outcome": "voicemail", "minutes": 3}), ("meetings", {"minutes": 45})):
        made = alice.post(f"/{path}", {"text": f"About {path}", "record_ids": [dora], **more})
        assert made["records"] == [{"kind": "contact", "id": dora, "name": "Dora"}]
        assert {name: made[name] for name in more} == more
        alice.post(f"/{path}", {"text": "Of nobody"})
        assert texts(alice.get(f"/{path}?record_id={dora}")) == [f"About {path}"]


def test_notes_come_newest_first_page_by_page(alice: Api) -> None:
    for n in range(3):
        alice.post("/notes", {"text": str(n)})
        alice.office.clock.advance(timedelta(minutes=n))
    first = alice.get("/notes?limit=2")
    rest = alice.get(f"/notes?limit=2&cursor={first['next']}")
    assert texts(first) + texts(rest) == ["2", "1", "0"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"text": " "}, 400), ({"text": "x", "record_ids": [999]}, 404),
        ({"text": "x", "outcome": "fine"}, 422), ({"text": "x", "minutes": -1}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(alice: Api, body: object, status: int) -> None:
    alice.post("/calls", body, status)
    assert texts(alice.get("/calls")) == []


def test_only_a_task_can_be_done(alice: Api) -> None:
    note = alice.post("/notes", {"text": "Called"})
    alice.post(f"/tasks/{note['id']}/done", status=404)
