"""What reps and their manager do in the CRM while mail leaves. What is refused, is refused, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.activities.service import add_activity
from backend.activities.shapes import ActivityKind, NewActivity
from backend.linking.learning import relink_concerned
from backend.linking.merging import merge_records
from backend.mail.address_lines import read_lines
from backend.mail.addresses import key_of
from backend.outbox import pacing, suppressing
from backend.outbox.tables import Suppression
from backend.records.editing import Editor
from backend.records.shapes import NewDeal
from backend.records.store.writing import first_pipeline
from backend.records.tables import Contact, Deal, Stage
from backend.sequences.campaigns import service as campaigns
from backend.sequences.campaigns.shapes import Audience, Text
from backend.sequences.changing.migrating import Choice, Choices, publish_for
from backend.sequences.people import steering
from backend.sequences.people.enrolling import enrol
from backend.sequences.sending import absences
from backend.sequences.tables import Absence, Enrolment, Sequence
from tests.cast import ALICE, BOB, CAROL
from tests.sequences.soak.world import PEOPLE, REPS, World


@dataclass(frozen=True)
class Reps:
    """The team at work."""

    world: World

    # People on the way

    def enrols(self, lot: Random) -> None:
        """Somebody, perhaps with a deal, perhaps again."""
        world, by = self.world, lot.choice(REPS)
        address, sequence_id = lot.choice(PEOPLE), lot.choice(sorted(world.plans))
        with world.db.write() as session:
            contact_id = world.contact_id(session, address)
            deal_id = self._deal_of(session, contact_id, lot)
            enrol(
                session, world.clock, world.actor(by), sequence_id, contact_id, deal_id=deal_id,
                again=lot.random() < 0.3,
            )  # fmt: skip

    def pauses(self, lot: Random) -> None:
        with self.world.db.write() as session:
            if person := self._somebody(session, lot):
                steering.pause(session, self.world.clock, self.world.actor(CAROL), person.id)
                if person.reason == steering.BY_HAND:
                    self.world.paused.add(person.id)

    def resumes(self, lot: Random) -> None:
        with self.world.db.write() as session:
            if person := self._somebody(session, lot):
                steering.resume(session, self.world.clock, self.world.actor(CAROL), person.id)
                self.world.paused.discard(person.id)

    def stops(self, lot: Random) -> None:
        with self.world.db.write() as session:
            if person := self._somebody(session, lot):
                steering.stop(session, self.world.clock, self.world.actor(CAROL), person.id)

    def leaves_a_mail_out(self, lot: Random) -> None:
        with self.world.db.write() as session:
            if person := self._somebody(session, lot):
                deed = lot.choice((steering.skip_next, steering.skip_next, steering.skip_no_more, steering.send_anyway))
                deed(session, self.world.clock, self.world.actor(CAROL), person.id)

    def halts_all(self, lot: Random) -> None:
        sequence_id = lot.choice(sorted(self.world.plans))
        with self.world.db.write() as session:
            steering.halt_all(session, self.world.clock, self.world.actor(CAROL), sequence_id)

    def lets_all_go_on(self, lot: Random) -> None:
        sequence_id = lot.choice(sorted(self.world.plans))
        with self.world.db.write() as session:
            steering.go_on_all(session, self.world.clock, self.world.actor(CAROL), sequence_id)

    # Sequences and campaigns

    def publishes(self, lot: Random) -> None:
        """An edit, with whatever is chosen for those on the way."""
        sequence_id = lot.choice(sorted(self.world.plans))
        plan = self.world.plans[sequence_id].edited(lot)
        with self.world.db.write() as session:
            people = select(Enrolment.id).where(Enrolment.sequence_id == sequence_id).order_by(Enrolment.id)
            choices = (Choice.KEEP, Choice.MIGRATE, Choice.MIGRATE, Choice.MIGRATE, Choice.STOP)
            single = {key: lot.choice(choices) for key in session.scalars(people) if lot.random() < 0.3}
            usual = lot.choice((Choice.KEEP, Choice.MIGRATE, Choice.MIGRATE))
            actor = self.world.actor(CAROL)
            publish_for(session, self.world.clock, actor, sequence_id, plan.definition(), Choices(usual, single))
        self.world.plans[sequence_id] = plan

    def starts_a_campaign(self, lot: Random) -> None:
        world, number = self.world, next(self.world.numbers)
        people = lot.sample(PEOPLE, 4)
        with world.db.write() as session:
            ids = tuple(world.contact_id(session, address) for address in people)
            actor, name = world.actor(lot.choice((ALICE, BOB))), f"campaign{number}"
            text = Text(f"News {number}", f"Hello. mark:{name}-0")
            campaign_id = campaigns.make(
                session, world.clock, actor, name, text, Audience(contact_ids=ids, is_bold=True)
            )
            session.get_one(Sequence, campaign_id).uid = f"{1000 + number:032x}"
            campaigns.start(session, world.clock, actor, campaign_id)
        world.campaigns.append(campaign_id)

    def steers_a_campaign(self, lot: Random) -> None:
        world = self.world
        if world.campaigns:
            deed = lot.choice((campaigns.pause, campaigns.pause, campaigns.resume, campaigns.resume, campaigns.stop))
            with world.db.write() as session:
                deed(session, world.clock, world.actor(CAROL), lot.choice(world.campaigns))

    # Mailboxes, addresses, days

    def pauses_sending(self, lot: Random) -> None:
        until = self.world.now + timedelta(hours=lot.randint(1, 60))
        with self.world.db.write() as session:
            mailbox_id = self.world.office.mailboxes[lot.choice(REPS)]
            pacing.pause_by_hand(
                session, self.world.clock, self.world.actor(CAROL), mailbox_id, lot.choice((until, None))
            )

    def resumes_sending(self, lot: Random) -> None:
        with self.world.db.write() as session:
            mailbox_id = self.world.office.mailboxes[lot.choice(REPS)]
            pacing.resume_by_hand(session, self.world.clock, self.world.actor(CAROL), mailbox_id)

    def goes_away(self, lot: Random) -> None:
        first = self.world.now.date() + timedelta(days=lot.randint(0, 2))
        with self.world.db.write() as session:
            absences.note_absence(
                session,
                self.world.clock,
                self.world.actor(lot.choice(REPS)),
                first,
                first + timedelta(days=lot.randint(0, 4)),
            )

    def comes_back(self, _lot: Random) -> None:
        with self.world.db.write() as session:
            if absence := session.scalars(select(Absence).order_by(Absence.id)).first():
                session.delete(absence)

    def suppresses(self, lot: Random) -> None:
        with self.world.db.write() as session:
            lines = read_lines(lot.choice(PEOPLE))
            suppressing.add_lines(session, self.world.clock, self.world.actor(CAROL), lines, "asked by phone")

    def lifts_a_suppression(self, lot: Random) -> None:
        with self.world.db.write() as session:
            rows = session.scalars(select(Suppression).order_by(Suppression.address_key)).all()
            if rows:
                actor = self.world.actor("root@acme.example")
                suppressing.take_off(session, self.world.clock, actor, lot.choice(rows).id, "asked for it")

    # Records

    def gives_to_another(self, lot: Random) -> None:
        """Another owner of the record."""
        with self.world.db.write() as session:
            contact = session.get_one(Contact, self.world.contact_id(session, lot.choice(PEOPLE)))
            owner_id = self.world.actor(lot.choice(REPS)).user_id
            self._editor(session).change(contact, {"owner_id": owner_id})

    def notes_a_country(self, lot: Random) -> None:
        with self.world.db.write() as session:
            contact = session.get_one(Contact, self.world.contact_id(session, lot.choice(PEOPLE)))
            self._editor(session).change(contact, {"country": lot.choice(("JP", "ES", "US", "NZ"))})

    def notes_another_address(self, lot: Random) -> None:
        """One more address of the same person, or one fewer: then it is the contact's no more."""
        with self.world.db.write() as session:
            address = lot.choice(PEOPLE)
            contact = session.get_one(Contact, self.world.contact_id(session, address))
            alias = self.world.aliases(address)
            kept = ((key_of(address), address), (key_of(alias), alias))
            self._editor(session).change(contact, {"addresses": kept if lot.random() < 0.8 else kept[1:]})

    def merges(self, lot: Random) -> None:
        with self.world.db.write() as session:
            kept, lost = lot.sample(PEOPLE, 2)
            ids = self.world.contact_id(session, kept), self.world.contact_id(session, lost)
            if ids[0] != ids[1]:
                merge_records(session, self.world.clock, self.world.actor(CAROL), *ids)

    def deletes_a_contact(self, lot: Random) -> None:
        with self.world.db.write() as session:
            contact = session.get_one(Contact, self.world.contact_id(session, lot.choice(PEOPLE)))
            self._editor(session).delete(contact)

    def moves_a_deal(self, lot: Random) -> None:
        with self.world.db.write() as session:
            deals = session.scalars(select(Deal).where(Deal.deleted_at.is_(None)).order_by(Deal.name)).all()
            if deals:
                deal = lot.choice(deals)
                stages = select(Stage.id).where(Stage.pipeline_id == deal.pipeline_id).order_by(Stage.position)
                self._editor(session).change(deal, {"stage_id": lot.choice(session.scalars(stages).all())})

    def books_a_meeting(self, lot: Random) -> None:
        world = self.world
        with world.db.write() as session:
            contact_id = world.contact_id(session, lot.choice(PEOPLE))
            new = NewActivity(ActivityKind.MEETING, "Demo", (contact_id,), world.actor(ALICE).user_id, at=world.now)
            add_activity(session, world.clock, world.office.workspace_id, new)

    def _deal_of(self, session: Session, contact_id: int, lot: Random) -> int | None:
        if lot.random() < 0.7:
            return None
        pipeline = first_pipeline(session, self.world.office.workspace_id)
        assert pipeline is not None
        new = NewDeal(f"Seats {next(self.world.numbers)}", pipeline.id, contact_ids=(contact_id,))
        return self._editor(session).add_deal(new)[0].id

    def _somebody(self, session: Session, lot: Random) -> Enrolment | None:
        running = select(Enrolment).where(Enrolment.ended_at.is_(None)).order_by(Enrolment.id)
        people = session.scalars(running).all()
        return lot.choice(people) if people else None

    def _editor(self, session: Session) -> Editor:
        return Editor(session, self.world.clock, self.world.actor(CAROL), relink_concerned)
