"""Results: what our mails brought about, by sequence, campaign, version, step, wording, template and sender.

In: the outbox's books, the mail that sync stored, suppressions, meetings and deals. Out: counts with the definitions
that they rest on (`shapes`), for pages, CSV and API; and for one person everything that was sent or not, and why.

Replies are booked once as mail comes in (`jobs`), so that a page counts rows and searches no mail. All else is few, and
credited when it is asked for: to the last mail to that person before it happened.
"""
