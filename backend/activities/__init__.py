"""Activities: notes, tasks, calls and meetings, each about one or more records.

In: what people write down. Out: rows that the timeline, Today and the card read.
"""
