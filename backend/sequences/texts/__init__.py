"""Texts: templates and snippets, written in Liquid, checked before they are kept, filled in within bounds."""
