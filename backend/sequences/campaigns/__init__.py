"""Campaigns: one mail to a list of contacts, each written to once.

In: a name, a text, an audience (a filter of the contacts, or addresses from a file). Out: a sequence of one step with
an enrolment for each who can be written to, and for each other one a line that says why not. So a campaign has no way
of sending of its own: caps, stops, drafts, the ledger and the results are those of every sequence.

The audience is settled when it starts: who comes to match the filter afterwards gets nothing.
"""
