"""Mail: how one message is read.

In: the payload that Gmail gives for a message. Out: `NormalisedMail` (who, when, what kind, which text), and on demand
the new part of a reply, the rows of a delivery report and the return date of a vacation notice.

`normalise` is the front door and is cheap; `quotes`, `bounces` and `auto_replies` cost more and are called when needed.
Nothing that a sender can write makes them raise: what was wrong stands in `problems`.
"""
