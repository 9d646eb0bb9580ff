"""Campaigns over HTTP, under /api/v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor, needs
from backend.accounts.once import Made, once
from backend.sequences.campaigns import service, store
from backend.sequences.campaigns.schemas import (
    CampaignChange,
    CampaignGone,
    CampaignIn,
    CampaignOut,
    CampaignPage,
    CampaignQuery,
    CheckOut,
)
from backend.sequences.campaigns.shapes import Audience, CampaignView, LeftOutView, Text
from backend.web.etags import etag_of, require_version, takes_version
from backend.web.house import house
from backend.web.pagination import Page, cut_page, decode_cursor

blueprint = APIBlueprint("campaigns_api", __name__, url_prefix="/api/v1/campaigns", tag="Sequences")
_VERBS = {"start": service.start, "pause": service.pause, "resume": service.resume, "stop": service.stop}
_TEXT = ("subject", "body", "is_html", "template_id")

Shown = tuple[CampaignView, int, Mapping[str, str]]


@blueprint.get("")
@needs()
@blueprint.input(CampaignQuery, location="query")
@blueprint.output(CampaignPage)
def list_campaigns(query_data: Mapping[str, Any]) -> Page[CampaignView]:
    """List campaigns: a rep's own, for managers everybody's."""
    before_id = decode_cursor(query_data["cursor"], int)[0] if "cursor" in query_data else None
    limit = query_data["limit"]
    with house().db.read() as session:
        found = store.campaigns(session, current_actor(), before_id=before_id, limit=limit + 1)
    return cut_page(found, limit, lambda it: (it.id,))


@blueprint.post("")
@needs()
@blueprint.input(CampaignIn)
@blueprint.output(CampaignOut, status_code=201)
@once(CampaignOut)
def add_campaign(session: Session, json_data: Mapping[str, Any]) -> Made:
    """Begin a campaign; nothing leaves before it is started."""
    actor = current_actor()
    text, audience = _text(Text(), json_data), _audience(session, Audience(), json_data)
    campaign_id = service.make(session, house().clock, actor, json_data["name"], text, audience)
    found = service.require(session, actor, campaign_id)
    return found, {"Location": f"/api/v1/campaigns/{campaign_id}", **etag_of(found.version)}


@blueprint.get("/<int:campaign_id>")
@needs()
@blueprint.output(CampaignOut)
def read_campaign(campaign_id: int) -> Shown:
    """Read a campaign, and how far it came."""
    with house().db.read() as session:
        return _shown(session, campaign_id)


@blueprint.patch("/<int:campaign_id>")
@needs()
@blueprint.input(CampaignChange)
@blueprint.output(CampaignOut)
@takes_version
def change_campaign(campaign_id: int, json_data: Mapping[str, Any]) -> Shown:
    """Change a draft."""
    actor = current_actor()
    with house().db.write() as session:
        found = service.require(session, actor, campaign_id)
        require_version(found.version)
        text, audience = _text(found.text, json_data), _audience(session, found.audience, json_data)
        service.change(session, actor, campaign_id, text, audience)
        return _shown(session, campaign_id)


@blueprint.delete("/<int:campaign_id>")
@needs()
@blueprint.output(CampaignGone)
@takes_version
def delete_campaign(campaign_id: int) -> Mapping[str, int]:
    """Throw a draft away."""
    actor = current_actor()
    with house().db.write() as session:
        require_version(service.require(session, actor, campaign_id).version)
        service.delete(session, house().clock, actor, campaign_id)
    return {"id": campaign_id}


@blueprint.get("/<int:campaign_id>/check")
@needs()
@blueprint.output(CheckOut)
def check_campaign(campaign_id: int) -> Mapping[str, Any]:
    """Say who would get it now, and who would not and why; after its start, who was left out then."""
    actor = current_actor()
    with house().db.read() as session:
        campaign = service.require(session, actor, campaign_id)
        if campaign.started_at is not None:
            return {"fit": campaign.people, "left_out": store.left_out(session, campaign_id), **_WHEN}
        found = service.check(session, house().clock, actor, campaign)
        expected = service.expect(session, house().clock, actor, found.fit)
    out = [LeftOutView(it.person.contact_id, it.person.name, it.reason, it.evidence) for it in found.out]
    when = {name: getattr(expected, name) for name in _WHEN} if expected else _WHEN
    return {"fit": len(found.fit), "left_out": out, **when}


_WHEN: Mapping[str, Any] = {"first_at": None, "last_at": None, "days": None}


@blueprint.post("/<int:campaign_id>/start")
@needs()
@blueprint.output(CampaignOut)
@once(CampaignOut, 200)
def start_campaign(session: Session, campaign_id: int) -> Made:
    """Settle the list and let mails leave, at the mailbox's pace."""
    return _act(session, "start", campaign_id)


@blueprint.post("/<int:campaign_id>/pause")
@needs()
@blueprint.output(CampaignOut)
@once(CampaignOut, 200)
def pause_campaign(session: Session, campaign_id: int) -> Made:
    """Let it stand still; drafts that wait are taken back."""
    return _act(session, "pause", campaign_id)


@blueprint.post("/<int:campaign_id>/resume")
@needs()
@blueprint.output(CampaignOut)
@once(CampaignOut, 200)
def resume_campaign(session: Session, campaign_id: int) -> Made:
    """Let it go on where it stood."""
    return _act(session, "resume", campaign_id)


@blueprint.post("/<int:campaign_id>/stop")
@needs()
@blueprint.output(CampaignOut)
@once(CampaignOut, 200)
def stop_campaign(session: Session, campaign_id: int) -> Made:
    """End it for all who wait."""
    return _act(session, "stop", campaign_id)


def _act(session: Session, what: str, campaign_id: int) -> Made:
    _VERBS[what](session, house().clock, current_actor(), campaign_id)
    session.flush()
    found = service.require(session, current_actor(), campaign_id)
    return found, etag_of(found.version)


def _shown(session: Session, campaign_id: int) -> Shown:
    session.flush()
    found = service.require(session, current_actor(), campaign_id)
    return found, 200, etag_of(found.version)


def _text(present: Text, given: Mapping[str, Any]) -> Text:
    return replace(present, **{name: given[name] for name in _TEXT if name in given})


def _audience(session: Session, present: Audience, given: Mapping[str, Any]) -> Audience:
    """The list as it would be; addresses go before a filter."""
    found = present
    if given.get("addresses"):
        found = service.audience_of(session, current_actor().workspace_id, "\n".join(given["addresses"]))
    elif "filter" in given:
        found = Audience(**given["filter"])
    return replace(found, is_bold=given.get("is_bold", present.is_bold))
