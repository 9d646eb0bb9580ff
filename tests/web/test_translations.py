from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from apiflask import APIFlask
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask_babel import force_locale, gettext, ngettext

from backend.kit.catalogue import TRANSLATIONS
from backend.web.i18n import LANGUAGES

BACKEND = TRANSLATIONS.parent.parent
OPERATORS = ("commands", "db", "migrations", "gmail/emulator")  # their words stand on terminals, in English
METHODS = [
    *((f"{room}/**", "ignore") for room in OPERATORS),
    ("settings.py", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
]
ERRORS = ("UserError", "NotFoundError", "ForbiddenError", "ConflictError")
KEYWORDS = DEFAULT_KEYWORDS | dict.fromkeys(("_l", "lazy_gettext", *ERRORS))
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every sentence that the source marks for translation (of plurals the singular)."""
    found = extract_from_dir(BACKEND, METHODS, keywords=KEYWORDS)
    return {message[0] if isinstance(message, tuple) else message for _file, _line, message, *_ in found}


@pytest.fixture(scope="module", params=sorted(set(LANGUAGES) - {"en"}))
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    language = str(request.param)
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def test_every_sentence_is_translated(said: set[str], catalogue: Catalog) -> None:
    untranslated = {key for key in said if not (entry := catalogue.get(key)) or not all(_forms(entry.string))}
    assert untranslated == set(), "translate them in messages.po (make i18n adds them there)"


def test_no_translation_outlives_its_sentence(said: set[str], catalogue: Catalog) -> None:
    assert {_forms(entry.id)[0] for entry in catalogue if entry.id} - said == set()


def test_no_translation_is_a_guess(catalogue: Catalog) -> None:
    assert [entry.id for entry in catalogue if entry.id and entry.fuzzy] == []


def test_translations_keep_the_placeholders(catalogue: Catalog) -> None:
    torn = [
        entry.id
        for entry in catalogue
        if entry.id
        for form in _forms(entry.string)
        if set(PLACEHOLDER.findall(form)) != set(PLACEHOLDER.findall(_forms(entry.id)[-1]))
    ]
    assert torn == []


def test_no_sentence_of_an_error_is_put_together_before_it_can_be_translated() -> None:
    """An f-string is in no catalogue: what differs is handed to the error as a fact."""
    early = [
        f"{path.relative_to(BACKEND)}:{call.lineno}"
        for path in BACKEND.rglob("*.py")
        if not str(path.relative_to(BACKEND)).startswith((*OPERATORS, "settings.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ERRORS
        if isinstance(call.args[0], ast.JoinedStr)
    ]
    assert early == []


def test_a_compiled_catalogue_speaks(catalogue: Catalog, app: APIFlask, tmp_path: Path) -> None:
    folder = tmp_path / str(catalogue.locale) / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    app.extensions["babel"].translation_directories = [str(tmp_path)]
    with app.test_request_context("/"), force_locale(str(catalogue.locale)):
        assert gettext("Contacts") == "Contactos"
        assert ngettext("and %(num)s more", "and %(num)s more", 3) == "y 3 más"


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """A plain sentence has one form, a plural several; what is not translated has the empty one."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)
