from __future__ import annotations

from tests.api.conftest import Api


def test_a_contact_is_added_read_changed_and_deleted(alice: Api) -> None:
    made = alice.post("/contacts", {"name": "Dora  Lind", "emails": ["dora@nordwind.example"], "title": "Buyer"})
    assert (made["name"], made["company_name"]) == ("Dora Lind", "Nordwind")
    path = f"/contacts/{made['id']}"
    assert alice.get(path)["emails"] == ["dora@nordwind.example"]
    changed = alice.patch(path, {"title": "Head of Purchasing"}, made["version"])
    assert (changed["title"], changed["name"]) == ("Head of Purchasing", "Dora Lind")
    alice.delete(path, changed["version"])
    alice.get(path, 404)
