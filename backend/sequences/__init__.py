"""Sequences: what reps write again and again, and whom they write to step by step until the person answers.

In: templates and definitions that people write; enrolments; the mail that sync stored and the records, which say when
to stop. Out: orders for the outbox, tasks for reps, and for each enrolment a ledger of what was done or left, and why.

| folder | what stands there |
|---|---|
| `texts` | templates and snippets, and what their fields are filled from |
| `authoring` | what a sequence says: steps, drafts, versions, previews |
| `people` | who is put in, how their way is steered, lists and ledgers |
| `progress` | the engine: who is due is taken on, and judged before each mail leaves |
| `changing` | what a new version means for those on the way, before and when it is published |
| `campaigns` | one mail to a list: a sequence of one step |
| `results` | answers, bounces, meetings and deals that mails brought about |
| `sending` | mailboxes and what waits there, days away, a rep's today |
| `simulation` | the next days, rehearsed by the code that sends |
| `wording` | how states, steps and evidence are said to people |

Doors: `pages`, `api`, `jobs`. A folder imports those further down in `pyproject.toml`'s list, never one above it.
"""
