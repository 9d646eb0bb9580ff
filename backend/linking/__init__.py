"""Linking: which records a mail belongs to, why, and how to take it back.

In: stored mails and what the team knows (addresses, domains, deals, vetoes, exclusions). Out: links, each with a
receipt (rule, evidence, rejected candidates); a question where deals claim a conversation alike; batches that relink
history. `rules.decide` is pure: the same facts always give the same decision.
"""
