"""Writing a campaign, starting it, letting it stand still, ending it. Nothing here commits."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from backend.accounts.shapes import Actor
from backend.accounts.store import mailboxes
from backend.accounts.tables import Mailbox
from backend.audit.service import record as audit
from backend.audit.shapes import Subject
from backend.kit.clock import Clock
from backend.kit.errors import ConflictError, ForbiddenError, NotFoundError, UserError
from backend.kit.text import squeeze
from backend.mail.address_lines import read_lines
from backend.mail.address_lists import addresses_in
from backend.outbox.mail_store import spent_today
from backend.outbox.shapes import Pace, Sender
from backend.outbox.store import sender_of
from backend.outbox.tables import OutboxSender
from backend.sequences.authoring.definitions import dump
from backend.sequences.authoring.publishing import make_sequence, publish
from backend.sequences.campaigns import audience_store, rules, store
from backend.sequences.campaigns.audience_store import MOST_PEOPLE
from backend.sequences.campaigns.shapes import (
    Audience,
    CampaignView,
    Expected,
    Obstacles,
    Out,
    Person,
    Sorted,
    Stand,
    Text,
)
from backend.sequences.hours import days_off, zone_of
from backend.sequences.people import crowds
from backend.sequences.people.enrolling import enrol_many
from backend.sequences.tables import Campaign, Sequence


def make(session: Session, clock: Clock, actor: Actor, name: str, text: Text, audience: Audience) -> int:
    """Begin a campaign; nothing leaves before it is started. Raises `UserError`, `ConflictError` for a taken name."""
    sequence = make_sequence(session, clock, actor, name)
    sequence.kind = "campaign"
    campaign = Campaign(sequence_id=sequence.id, workspace_id=actor.workspace_id)
    _write(campaign, text, audience)
    session.add(campaign)
    session.flush()
    return sequence.id


def change(session: Session, actor: Actor, campaign_id: int, text: Text, audience: Audience) -> None:
    """Write it anew, as long as it is a draft. Raises `NotFoundError`, `ConflictError` once it was started."""
    campaign = _own_draft(session, actor, campaign_id)
    _write(campaign, text, audience)
    campaign.version += 1


def _write(campaign: Campaign, text: Text, audience: Audience) -> None:
    """What cannot be read is refused here already; what cannot be filled in is found person by person."""
    if text.subject or text.body:
        rules.require_text(text)
    campaign.subject, campaign.body, campaign.is_html = squeeze(text.subject)[:500], text.body, text.is_html
    campaign.template_id = text.template_id
    campaign.audience = store.write_audience(audience)


def audience_of(session: Session, workspace_id: int, text: str) -> Audience:
    """The contacts to whom the addresses in a text belong, a CSV file's or typed ones.

    Raises `UserError` for none, or for more than 50,000.
    """
    found, _ = addresses_in(",".join(text.replace(";", ",").replace("\t", ",").splitlines()))
    bare = [line.text for line in read_lines(text) if not line.key]
    if not found:
        raise UserError("There is no address in this list; write one on each line, or one column of a CSV file.")
    known = audience_store.known_contacts(session, workspace_id, (address.key for address in found))
    unknown = dict.fromkeys(address.email for address in found if address.key not in known)
    ids = dict.fromkeys(known[address.key] for address in found if address.key in known)
    _require_not_too_many(len(ids))
    return Audience(contact_ids=tuple(ids), unknown=(*unknown, *bare)[:1000])


def _require_not_too_many(people: int) -> None:
    if people > MOST_PEOPLE:
        raise UserError("More than %(most)s people are on this list; narrow it down.", most=MOST_PEOPLE)


def check(session: Session, clock: Clock, actor: Actor, campaign: CampaignView) -> Sorted:
    """Sort its list out as things are now: who would get the mail, and who would not and why."""
    listed = audience_store.people(session, actor.workspace_id, campaign.audience, limit=MOST_PEOPLE + 1)
    _require_not_too_many(len(listed))
    mailbox = own_mailbox(session, actor)
    since = clock.now() - timedelta(days=rules.HABITS.collision_days)
    obstacles = audience_store.obstacles(session, actor.workspace_id, listed, mailbox.id if mailbox else None, since)
    if campaign.audience.is_bold:
        obstacles = Obstacles(obstacles.suppressed)
    return rules.sort_out(listed, campaign.text, sender_fields(actor), obstacles)


def sender_fields(actor: Actor) -> dict[str, str]:
    """A template's fields about the one who writes."""
    return {"sender.name": actor.name, "sender.email": actor.email}


def expect(session: Session, clock: Clock, actor: Actor, people: tuple[Person, ...]) -> Expected | None:
    """When they would have their mails under the caps of the actor's mailbox; None without one."""
    mailbox = own_mailbox(session, actor)
    if mailbox is None or not people:
        return None
    sender, now = _sender(session, actor, mailbox), clock.now()
    window, country = rules.HABITS.window, rules.HABITS.country
    return rules.expected(
        people, sender, window, zone_of(actor.timezone), days_off(country), now,
        ahead=audience_store.waiting(session, mailbox.id), spent=spent_today(session, sender, now).total,
    )  # fmt: skip


def _sender(session: Session, actor: Actor, mailbox: Mailbox) -> Sender:
    """The mailbox as it sends; one that never sent keeps to the usual pace."""
    if session.get(OutboxSender, mailbox.id) is not None:
        return sender_of(session, mailbox.id)
    return Sender(mailbox.id, actor.workspace_id, actor.user_id, mailbox.address, actor.name, Pace(), None, None, None)


def own_mailbox(session: Session, actor: Actor) -> Mailbox | None:
    """The mailbox that the actor's campaigns leave from."""
    own = mailboxes(session, actor.workspace_id, user_id=actor.user_id)
    return next((mailbox for mailbox in own if mailbox.status != "disconnected"), None)


def start(session: Session, clock: Clock, actor: Actor, campaign_id: int) -> CampaignView:
    """Settle the list and let mails leave, at the mailbox's pace; who is left out is written down with the reason.

    Raises `UserError` where nobody can be written to or no mailbox is connected, `ConflictError` once it was started.
    """
    row = _own_draft(session, actor, campaign_id)
    campaign = require(session, actor, campaign_id)
    rules.require_text(campaign.text)
    if own_mailbox(session, actor) is None:
        raise UserError("Connect your mailbox first: a campaign leaves from it.")
    found = check(session, clock, actor, campaign)
    if not found.fit:
        raise UserError("Nobody on this list can be written to; look at the reasons and change the list or the text.")
    publish(
        session, clock, actor, campaign_id, dump(rules.definition_of(campaign.text, is_bold=campaign.audience.is_bold))
    )
    row.started_at = clock.now()
    refused = enrol_many(session, clock, actor, campaign_id, [person.contact_id for person in found.fit]).refused
    late = [Out(person, "refused", refused[person.contact_id]) for person in found.fit if person.contact_id in refused]
    store.note_left_out(session, row, [*found.out, *late])
    _audit(session, clock, actor, campaign_id, "start")
    session.flush()
    return require(session, actor, campaign_id)


def pause(session: Session, clock: Clock, actor: Actor, campaign_id: int) -> None:
    """Let it stand still; drafts that wait are taken back. Raises `ConflictError` where it does not run."""
    row = _in_stand(session, actor, campaign_id, Stand.RUNNING)
    row.paused_at = clock.now()
    crowds.pause_all(session, campaign_id, clock.now(), f"user {actor.user_id}")
    _audit(session, clock, actor, campaign_id, "pause")


def resume(session: Session, clock: Clock, actor: Actor, campaign_id: int) -> None:
    """Let it go on where it stood. Raises `ConflictError` where it is not paused."""
    row = _in_stand(session, actor, campaign_id, Stand.PAUSED)
    row.paused_at = None
    crowds.resume_all(session, campaign_id, clock.now(), f"user {actor.user_id}")
    _audit(session, clock, actor, campaign_id, "resume")


def stop(session: Session, clock: Clock, actor: Actor, campaign_id: int) -> None:
    """End it for all who wait; it cannot be begun again. Raises `ConflictError` where it does not run."""
    row = _in_stand(session, actor, campaign_id, Stand.RUNNING, Stand.PAUSED)
    row.stopped_at = clock.now()
    crowds.stop_all(session, campaign_id, clock.now(), f"user {actor.user_id}")
    _audit(session, clock, actor, campaign_id, "stop")


def delete(session: Session, clock: Clock, actor: Actor, campaign_id: int) -> None:
    """Throw a draft away; what was started stays in the books. Raises `ConflictError` once it was started."""
    row = _own_draft(session, actor, campaign_id)
    _audit(session, clock, actor, campaign_id, "delete")
    session.delete(row)
    session.flush()
    session.delete(session.get_one(Sequence, campaign_id))


def require(session: Session, actor: Actor, campaign_id: int) -> CampaignView:
    """A campaign that the actor may see. Raises `NotFoundError`."""
    found = store.find_campaign(session, actor, campaign_id)
    if found is None:
        raise NotFoundError("That campaign is not here; it may be a colleague's, or deleted.")
    return found


def _own_draft(session: Session, actor: Actor, campaign_id: int) -> Campaign:
    """It leaves from its maker's mailbox, so they alone write and start it."""
    found = require(session, actor, campaign_id)
    if found.user_id != actor.user_id:
        raise ForbiddenError("A campaign leaves from its maker's mailbox: only they write and start it.")
    return _in_stand(session, actor, campaign_id, Stand.DRAFT)


def _in_stand(session: Session, actor: Actor, campaign_id: int, *stands: Stand) -> Campaign:
    """Its row, held against others, where it stands as it must."""
    require(session, actor, campaign_id)
    row = store.row_of(session, campaign_id)
    if require(session, actor, campaign_id).stand not in stands:
        raise ConflictError("This campaign has moved on meanwhile; look at its page again.")
    return row


def _audit(session: Session, clock: Clock, actor: Actor, campaign_id: int, what: str) -> None:
    audit(session, clock, actor, f"campaign.{what}", Subject("sequence", campaign_id))
