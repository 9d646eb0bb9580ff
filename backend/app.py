"""The web app: the rooms' doors put together on one Flask app."""

from __future__ import annotations

from dataclasses import replace

from apiflask import APIFlask
from flask import Blueprint

from backend import __version__
from backend.accounts import api as accounts_api
from backend.accounts.desk import Desk, GoogleSignIn, open_desk
from backend.accounts.guards import find_visitor, install_guards
from backend.accounts.pages import register_pages
from backend.activities.api import blueprint as activities_api
from backend.activities.pages import blueprint as activities_pages
from backend.card import api as card_api
from backend.card.desk import CardDesk, open_card_desk
from backend.card.pages import blueprint as card_preview
from backend.gmail.identity import Certificates
from backend.handover.api import blueprint as handover_api
from backend.handover.pages import blueprint as handover_pages
from backend.health import blueprint as health
from backend.installation import Installation, oauth_client
from backend.linking.api import blueprint as linking_api
from backend.linking.learning import relink_concerned
from backend.linking.pages import blueprint as linking_pages
from backend.mail.addresses import key_of
from backend.outbox.pages import blueprint as unsubscribe_page
from backend.outbox.pages import open_links
from backend.outbox.pages import suppressed as suppressed_pages
from backend.outbox.tokens import UnsubscribeLinks
from backend.privacy.api import blueprint as privacy_api
from backend.privacy.pages import blueprint as privacy_pages
from backend.records.api import blueprint as records_api
from backend.records.pages import blueprint as records_pages
from backend.records.relinking import hand_in
from backend.sequences.api import blueprint as sequences_api
from backend.sequences.campaigns.api import blueprint as campaigns_api
from backend.sequences.campaigns.pages import blueprint as campaign_pages
from backend.sequences.pages import blueprint as sequence_pages
from backend.sequences.pages.rehearsal import open_rehearsals
from backend.sequences.pages.templates import blueprint as template_pages
from backend.sequences.results.api import blueprint as results_api
from backend.sequences.results.pages import blueprint as result_pages
from backend.sequences.results.person_pages import blueprint as person_ledgers
from backend.stage import open_stage
from backend.sync.api import blueprint as push_door
from backend.sync.buckets import Quota
from backend.sync.desk import set_quota
from backend.sync.intake_api import blueprint as intake_api
from backend.sync.ledger.api import blueprint as ledger_api
from backend.sync.ledger.pages import blueprint as ledger_pages
from backend.sync.pages import blueprint as intake_pages
from backend.sync.push_desk import PushDesk, open_push_desk
from backend.timeline.api import blueprint as timeline_api
from backend.timeline.pages import blueprint as timeline_pages
from backend.web.api_docs import blueprint as api_docs
from backend.web.api_docs import describe_api
from backend.web.frame import make_web
from backend.web.house import House, move_in
from backend.web.ids import bound_ids

PAGES: tuple[Blueprint, ...] = (
    timeline_pages,
    records_pages,
    linking_pages,
    privacy_pages,
    intake_pages,
    activities_pages,
    sequence_pages,
    campaign_pages,
    result_pages,
    person_ledgers,
    template_pages,
    unsubscribe_page,
    suppressed_pages,
    ledger_pages,
    handover_pages,
    health,
)
APIS: tuple[Blueprint, ...] = (
    accounts_api.blueprint,
    records_api,
    activities_api,
    linking_api,
    privacy_api,
    intake_api,
    sequences_api,
    timeline_api,
    ledger_api,
    handover_api,
    campaigns_api,
    results_api,
    *card_api.blueprints,
    push_door,
    api_docs,
)
DEMO: tuple[Blueprint, ...] = (card_preview,)
LARGEST_REQUEST = 16 * 1024 * 1024  # bytes


def make_app(installation: Installation, *, is_demo: bool = False) -> APIFlask:
    """Build the app of an installation. `is_demo` shows sample logins and lets anybody in with them."""
    settings = installation.settings
    app = APIFlask(
        __name__,
        title="Enlace",
        version=__version__,
        spec_path=None,  # web.api_docs serves it, completed
        docs_path=None,
    )
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=LARGEST_REQUEST)
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_REQUEST  # a list of fifty thousand addresses stands in one field
    move_in(app, House(installation.db, installation.clock, installation.connect, settings.public_url, is_demo))
    open_desk(app, Desk(installation.vault, _google_sign_in(installation), key_of))
    set_quota(app, Quota(settings.gmail_units_per_user_minute, settings.gmail_units_per_project_minute))
    open_card_desk(app, _card_desk(installation))
    open_push_desk(app, _push_desk(installation))
    open_links(app, UnsubscribeLinks(settings.secret_key, settings.public_url))
    open_rehearsals(app, open_stage)
    bound_ids(app)
    make_web(app, find_visitor)
    install_guards(app, is_local=settings.is_local)
    hand_in(app, relink_concerned)
    register_pages(app)
    for blueprint in (*PAGES, *APIS, *(DEMO if is_demo else ())):
        app.register_blueprint(blueprint)
    describe_api(app)
    return app


def _google_sign_in(installation: Installation) -> GoogleSignIn | None:
    client = oauth_client(installation.settings)
    if client is None:
        return None
    return GoogleSignIn(client, Certificates(installation.settings.google_certs_url, installation.clock))


def _card_desk(installation: Installation) -> CardDesk:
    settings = installation.settings
    certificates = Certificates(settings.google_certs_url, installation.clock)
    return CardDesk(
        audience=settings.addon_audience,
        certificates=certificates,
        secret=settings.secret_key,
        caller=settings.addon_service_account,
        gmail_api_url=settings.gmail_api_url,
        db=installation.card_db,
        limiter=replace(installation.limiter, db=installation.card_db),
    )


def _push_desk(installation: Installation) -> PushDesk:
    settings = installation.settings
    certificates = Certificates(settings.google_certs_url, installation.clock)
    return PushDesk(settings.pubsub_audience, settings.pubsub_service_account, certificates)
