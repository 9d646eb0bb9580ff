"""Doctor: is this installation well?

In: the environment, and through it the database, the mailboxes' grants and, if wished, Google. Out: findings, each with
what was seen and, where something is wrong, what to do about it. It changes nothing.
"""
