"""Snippets: named pieces of text that templates take in, as in {% render "Signature" %}.

Pure. A snippet is put in as text before anything is filled in, so it may hold fields itself, and a version keeps no
reference to it. Unlike Liquid's own `render`, it takes no parameters and has no scope of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from backend.kit.errors import UserError

_TAKEN_IN = re.compile(r"""\{%-?\s*render\s+(?:"([^"\n]*)"|'([^'\n]*)')\s*-?%\}""")
LONGEST = 50_000  # characters, with everything taken in


def names_in(source: str) -> set[str]:
    """The snippets that a text takes in itself."""
    return {found[1] or found[2] or "" for found in _TAKEN_IN.finditer(source)}


def expand(source: str, snippets: Mapping[str, str]) -> str:
    """Put snippets in, those of snippets too. Raises `UserError` that names a missing one, a circle, or a flood."""
    return _expand(source, snippets, ())


def _expand(source: str, snippets: Mapping[str, str], inside: tuple[str, ...]) -> str:
    def put_in(found: re.Match[str]) -> str:
        name = found[1] or found[2] or ""
        if name not in snippets:
            raise UserError("There is no snippet “%(name)s” here; write it first, or mend its name.", name=name)
        if name in inside:
            circle = " → ".join((*inside, name))
            raise UserError("These snippets take each other in without end: %(circle)s.", circle=circle)
        return _expand(snippets[name], snippets, (*inside, name))

    text = _TAKEN_IN.sub(put_in, source)
    if len(text) > LONGEST:
        raise UserError("With its snippets, the text is longer than %(longest)s characters.", longest=LONGEST)
    return text
