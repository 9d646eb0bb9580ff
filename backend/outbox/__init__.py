"""Outbox: a mail leaves once at most, whatever crashes and whenever.

In: orders (`shapes.Order`: who writes to whom, and by which key the order is known for ever), put in by a *source* such
as sequences; a gateway to the mailbox. Out: drafts in the rep's own Gmail, sent mail, and for each order one end: sent,
skipped for a reason, vetoed by the rep, or unknown with a task for them.

Gmail's `send` cannot be asked twice in safety, but a draft can be sent only once: sent, it ceases to exist and a
message with our header stands in SENT. So the draft is the token, and `sending` is committed before the call. Orders
that are due together are judged together (`drafting`, `delivery`, in a worker's `shift`); mails leave one by one.
The outbox knows nothing of its sources: it asks each (`source.Source`) whether a mail may go, what it says, and tells
how it ended. Replies reach it as mail that sync stored; mail and sync know nothing of the outbox.
"""
