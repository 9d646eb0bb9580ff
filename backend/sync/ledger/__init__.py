"""The ledger: every Gmail id of a mailbox stands in one account, and says by day how it came there.

In: what sync's moves change, counted inside their own transactions. Out: the books by mailbox and day, and a verdict on
each mailbox (its light) that rests on figures and never on a flag: the sync light, the mailboxes' pages, the notice in
the card, the API, the metrics and the doctor all show the same one.
"""
