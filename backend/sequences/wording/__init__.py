"""Wording: how states, steps and evidence are said to people, in their language."""
