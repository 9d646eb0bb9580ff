"""Accounts: who may do what: workspaces, users, roles, sign-in, API keys and mailbox grants.

In: a password, a Google sign-in, an API key, an identity token. Out: an `Actor`, the only form in which other rooms
meet a person who asks; and the mailboxes with their encrypted grants.
"""
