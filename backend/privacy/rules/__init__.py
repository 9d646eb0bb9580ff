"""Pure decisions on who sees what, and on what is taken in."""
