"""What the API says of mailboxes and their books."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import AwareDateTime, Boolean, Date, Dict, Integer, List, Nested, String
from apiflask.validators import OneOf

from backend.accounts.schemas import MailboxOut
from backend.sync.ledger.shapes import Cause, Light
from backend.web.fields import PageQuery, WholeInAddress


class AuditOut(Schema):
    """One comparison of Gmail's own list with the store."""

    at = AwareDateTime()
    listed = Integer(metadata={"description": "mails that Gmail listed, spam and bin apart"})
    missing = Integer(metadata={"description": "mails that Gmail listed and nothing here explained"})
    extra = Integer(metadata={"description": "mails here that Gmail no longer listed"})
    left = Integer(metadata={"description": "of those, still unsettled when the drain of the audit ended"})
    misbooked = Integer(metadata={"description": "ids by which the ledger was off, put right at once"})


class Standing(Schema):
    """How a mailbox stands: never a flag alone."""

    light = String(validate=OneOf(list(Light)))
    cause = String(validate=OneOf(list(Cause)))
    is_alarm = Boolean(metadata={"description": "whether mail is missing or will be, unless somebody does something"})
    sentence = String(metadata={"description": "what is so, in the reader's language"})
    remedy = String(metadata={"description": "what to do; empty where there is nothing"})
    seen = Integer(metadata={"description": "Gmail ids ever seen = stored + pending + skipped + removed"})
    stored = Integer()
    pending = Integer()
    skipped = Dict(keys=String(), values=Integer(), metadata={"description": "by reason"})
    removed = Integer(metadata={"description": "stored or known once, and deleted in Gmail since"})
    lag_s = Integer(
        allow_none=True, metadata={"description": "how long the oldest pending mail waits; null: none does"}
    )
    last_success_at = AwareDateTime(allow_none=True, metadata={"description": "when it was last read to its end"})
    last_audit = Nested(AuditOut, allow_none=True)


class MailboxStandingOut(MailboxOut):
    """A mailbox, and how it stands."""

    owner = String()
    grant_kind = String(metadata={"description": "how we enter: oauth, service_account or emulator; empty: not at all"})
    standing = Nested(Standing)


# APIFlask describes a schema twice that it meets inside another before it meets it alone; so lists have their own.
class MailboxStandingItem(MailboxStandingOut):
    """A mailbox in a list."""


class MailboxPage(Schema):
    """One page of mailboxes."""

    items = List(Nested(MailboxStandingItem))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class DayOut(Schema):
    """A mailbox's books of one day in UTC, as net changes: seen = stored + pending + skipped + removed."""

    day = Date()
    seen = Integer()
    stored = Integer()
    pending = Integer()
    skipped = Dict(keys=String(), values=Integer(), metadata={"description": "by reason"})
    removed = Integer(attribute="gone")
    errors = Integer(metadata={"description": "drains and fetches that failed"})
    units = Integer(metadata={"description": "quota units that calls to Gmail cost"})
    longest_wait_s = Integer(metadata={"description": "the longest that a mail had waited when it was settled"})
    last_success_at = AwareDateTime(allow_none=True)


class DayPage(Schema):
    """One page of days, newest first."""

    items = List(Nested(DayOut))
    next = String(attribute="next_cursor", allow_none=True, metadata={"description": "null: this was the last page"})


class DayQuery(PageQuery):
    """Which page of days."""

    limit = WholeInAddress(1, 200, load_default=30)
