"""Handover: a colleague leaves, and nothing of theirs is left lying.

In: a leaver and an heir, chosen by an admin. Out: the leaver's records, open tasks and mailboxes with all their history
in the heir's name, the grants forgotten, the account closed; one batch, which can be taken back.
"""
