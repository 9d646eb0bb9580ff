"""One installation put together from its settings: the database, the clock, the vault and the way to Gmail.

Web app, worker and command line are all built from this, so that they agree.
"""
