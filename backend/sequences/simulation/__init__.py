"""Rehearsal: the next days of a sequence, played through by the very code that sends, where nothing can leave.

In: the real database, which is only read; a stage (`stage.Stage`: an empty database, an emulated Gmail, a clock), which
the composition root puts up; a plan (how many days, for whom, how many of them answer). Out: a `shapes.Rehearsal`:
every mail as it would be sent, every shift, hold, stop and skip with its reason, and a calendar for each rep.

`rehearsing` is the way through: `store` copies what matters onto the stage, `people` invents some where nobody is on
the way, `running` lets time jump from one due moment to the next and calls the jobs of sequences and outbox, `answers`
writes back, `reading` reads what came of it.
"""
