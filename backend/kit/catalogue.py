"""Words that the machine writes for one person outside a request, as in a task that a worker sets: in their language.

Pages take flask_babel's `gettext`, which knows the visitor; a worker has no visitor, and asks for a person's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel.support import Translations

TRANSLATIONS = Path(__file__).parent.parent / "web" / "translations"


def gettext_for(locale: str) -> Callable[..., str]:
    """Translate into “es” or “es_MX”, and fill in `%(name)s`; English where there is no catalogue.

    Call it `_`, so that pybabel finds the sentences.
    """
    catalogue = _catalogue(locale)

    def translated(message: str, **values: Any) -> str:
        return catalogue.gettext(message) % values

    return translated


@cache
def _catalogue(locale: str) -> NullTranslations:
    return Translations.load(TRANSLATIONS, [locale])
