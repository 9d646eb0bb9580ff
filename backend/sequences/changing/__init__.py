"""Changing: what a new version means for those on the way, before and when it is published."""
