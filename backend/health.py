"""What a load balancer and Prometheus ask: is it up, can it work, what has it done."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.kit.errors import UserError
from backend.migrations import require_current
from backend.sync.ledger.metrics import measure
from backend.web.house import house

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer as long as the process lives."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Answer 200 when the database answers and its schema is ours; else 503 with the reason."""
    try:
        require_current(house().db)
        with house().db.read() as session:
            session.execute(text("SELECT 1"))
    except UserError as error:
        return jsonify(status="not ready", reason=str(error)), 503
    except SQLAlchemyError:
        return jsonify(status="not ready", reason="The database does not answer."), 503
    return jsonify(status="ready"), 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """Everything that was counted, and how the mailboxes stand, in Prometheus' text format."""
    with house().db.read() as session:
        mailboxes = measure(session, house().clock.now())
    return Response(generate_latest() + generate_latest(mailboxes), content_type=CONTENT_TYPE_LATEST)
