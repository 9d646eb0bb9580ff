"""The add-on's doors: `script` for the Apps Script of `addon/`, `hosted` for an add-on that Google's servers call."""

from backend.card.api import hosted, script

blueprints = (script.blueprint, hosted.blueprint)

__all__ = ["blueprints"]
