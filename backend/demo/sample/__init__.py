"""Sample: the invented sales mailbox that `make demo` shows.

In: a seed and the present. Out: `shapes.Sample`, the workspace of Lumbrera, which sells energy meters and seats to
factories: its users, the mail of their mailboxes over 90 days, and what a team would have typed in besides (companies,
people, deals, activities). The words stand in `texts/`, as plain text that reads like screenplays.
"""

from backend.demo.sample.make import make_sample
from backend.demo.sample.shapes import Sample

__all__ = ["Sample", "make_sample"]
