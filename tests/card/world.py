"""What an office knows before a mail is opened: companies, contacts, deals, tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.accounts.service import create_user, create_workspace
from backend.accounts.shapes import Actor, Role
from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.linking.learning import relink_concerned
from backend.records.editing import Editor
from backend.records.service import contact_from_address, make_sales_pipeline
from backend.records.shapes import NewDeal, Origin
from backend.records.store.reading import list_pipelines
from tests.cast import ALICE, Office


@dataclass
class World:
    """Types into the CRM of an office, as `who`."""

    office: Office
    who: str = ALICE

    def contact(self, address: str, name: str, **fields: str) -> int:
        with self.office.db.write() as session:
            editor = Editor(session, self.office.clock, self.office.actors[self.who], relink_concerned)
            contact, _ = editor.add_contact(contact_from_address(address, name, Origin.MANUAL))
            if fields:
                editor.change(contact, fields)
            return contact.id

    def deal(self, name: str, *contact_ids: int, stage: str = "New", amount_minor: int | None = None) -> int:
        with self.office.db.write() as session:
            ((pipeline_id, _, stages), *_rest) = list_pipelines(session, self.office.workspace_id)
            stage_id = next(s.id for s in stages if s.name == stage)
            new = NewDeal(name, pipeline_id, stage_id, contact_ids=contact_ids, amount_minor=amount_minor)
            editor = Editor(session, self.office.clock, self.office.actors[self.who], relink_concerned)
            return editor.add_deal(new)[0].id

    def task(self, text: str, *record_ids: int, due_at: datetime | None = None) -> int:
        return self._write(ActivityKind.TASK, text, record_ids, due_at)

    def call(self, text: str, *record_ids: int) -> int:
        return self._write(ActivityKind.CALL, text, record_ids)

    def _write(self, kind: ActivityKind, text: str, record_ids: tuple[int, ...], due_at: datetime | None = None) -> int:
        owner_id = self.office.actors[self.who].user_id
        with self.office.db.write() as session:
            new = NewActivity(kind, text, record_ids, owner_id, due_at=due_at)
            return add_activity(session, self.office.clock, self.office.workspace_id, new).id


def user_elsewhere(office: Office) -> str:
    """The admin of another workspace in the same installation; returns who that is."""
    with office.db.write() as session:
        workspace = create_workspace(session, office.clock, "Elsewhere")
        make_sales_pipeline(session, workspace.id)
        user = create_user(session, office.clock, workspace, email="zoe@elsewhere.example", role=Role.ADMIN)
        office.actors[user.email] = Actor(user.id, workspace.id, Role.ADMIN, user.email)
        return user.email
