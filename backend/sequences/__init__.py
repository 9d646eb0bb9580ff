"""Sequences: what reps write again and again, and whom they write to step by step until the person answers.

In: templates and definitions that people write; enrolments; the mail that sync stored and the records, which say when
to stop. Out: orders for the outbox, tasks for reps, and for each enrolment a ledger of what was done or left, and why.

`definitions` and `hours`, `stopping`, `versions` and `rules` decide and know no database; `engine` takes people on and
stands behind their mails before the outbox; `enrolling`, `publishing` and `migrating` are what people do. `effects`
tell what an edit changes for each before it is published, `simulation` rehearses the next days. `campaigns` are
sequences of one step to a list, `results` count what mails brought about, `today_store` is a rep's day.
"""
