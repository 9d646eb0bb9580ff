"""What the add-on posts: how the reader reads, the open mail as its headers have it, a click's ids and inputs.

Nothing is required: with no mail open the homepage is meant, and a header that Gmail did not let us read is empty.
"""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema
from marshmallow.fields import Dict, String
from marshmallow.validate import Length

_SHORT = Length(max=100)
_HEADER = Length(max=500_000)


class ReaderAsked(Schema):
    """How the reader reads, and Gmail's own ids of the open mail."""

    class Meta:
        """A later add-on may say more."""

        unknown = EXCLUDE

    locale = String(load_default="", validate=_SHORT)
    timezone = String(load_default="", validate=_SHORT)
    platform = String(load_default="", validate=_SHORT)
    gmail_id = String(load_default="", data_key="gmailMessageId", validate=_SHORT)
    thread_id = String(load_default="", data_key="threadId", validate=_SHORT)


class ContextAsked(ReaderAsked):
    """The open mail's headers, raw."""

    message_id = String(load_default="", data_key="messageId", validate=_HEADER)
    from_ = String(load_default="", data_key="from", validate=_HEADER)
    to = String(load_default="", validate=_HEADER)
    cc = String(load_default="", validate=_HEADER)
    subject = String(load_default="", validate=_HEADER)


class ActionAsked(ReaderAsked):
    """A click: ids that the card carried, and what was typed and chosen."""

    parameters = Dict(keys=String(validate=_SHORT), values=String(validate=Length(max=512)), load_default=dict)
    inputs = Dict(keys=String(validate=_SHORT), values=String(validate=Length(max=50_000)), load_default=dict)
