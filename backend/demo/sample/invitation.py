"""Calendar mail (RFC 5545, RFC 5546): the invitation, and the answer of one who was invited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event, vCalAddress

from backend.demo.sample.cast import Member

PARTSTAT = {"accept": "ACCEPTED", "decline": "DECLINED", "tentative": "TENTATIVE"}


@dataclass(frozen=True, slots=True)
class Invitation:
    """A meeting as its organizer proposed it."""

    uid: str
    title: str
    starts: datetime
    minutes: int
    organizer: Member
    guests: tuple[Member, ...]


def request(invitation: Invitation, at: datetime) -> tuple[str, bytes]:
    """Return the invitation, written `at`: its METHOD and the iCalendar object."""
    return "REQUEST", _calendar("REQUEST", invitation, at, invitation.guests, "NEEDS-ACTION")


def answer(invitation: Invitation, guest: Member, partstat: str, at: datetime) -> tuple[str, bytes]:
    """Return what `guest` answers: ACCEPTED, DECLINED or TENTATIVE."""
    return "REPLY", _calendar("REPLY", invitation, at, (guest,), partstat)


def _calendar(method: str, invitation: Invitation, at: datetime, guests: tuple[Member, ...], partstat: str) -> bytes:
    event = Event()
    event.add("uid", invitation.uid)
    event.add("dtstamp", at.replace(microsecond=0))
    event.add("dtstart", invitation.starts)
    event.add("dtend", invitation.starts + timedelta(minutes=invitation.minutes))
    event.add("summary", invitation.title)
    event.add("organizer", _party(invitation.organizer))
    for guest in guests:
        event.add("attendee", _party(guest, PARTSTAT=partstat))
    calendar = Calendar()
    for name, value in (("prodid", "-//Lumbrera//Demo//EN"), ("version", "2.0"), ("method", method)):
        calendar.add(name, value)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _party(member: Member, **parameters: str) -> vCalAddress:
    party = vCalAddress(f"mailto:{member.address}")
    party.params.update({"CN": member.name, **parameters})
    return party
