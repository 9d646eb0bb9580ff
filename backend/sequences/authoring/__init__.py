"""Authoring: what a sequence says, its steps, its draft, and its versions, which never change."""
