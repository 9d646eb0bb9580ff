"""Audit: the hash-chained log of every change and of every look at private mail.

In: who did what to which thing, in the transaction that does it. Out: entries that cannot be altered, removed or put
between others without `verify` saying so.
"""
