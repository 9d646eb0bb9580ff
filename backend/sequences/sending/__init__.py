"""Sending as reps and managers see it: mailboxes and what waits there, the days away, and a rep's today."""
