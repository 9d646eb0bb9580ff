"""People: who is put in, how their way is steered, and where each of them stands and why."""
