"""Kit: the few things that every room needs and that know nothing of mail, people or Gmail.

In: nothing. Out: the clock, the error that people read, and small text functions.
"""
