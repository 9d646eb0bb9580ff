"""Timeline: what happened with a person, a company, a deal, or in the whole team, newest first.

In: linked mails, activities, stage changes, and who looks. Out: entries of one shape, already reduced to what the
viewer may see (sharing levels, private labels). A read model: nothing here writes.
"""
