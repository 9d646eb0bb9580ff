"""First and last name, guessed from how somebody writes themselves."""

from __future__ import annotations

import re

from backend.kit.text import squeeze
from backend.mail.addresses import is_role_or_robot

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\"[^\"]*\"")
_AFFILIATION = re.compile(r"\s(?:via|at|@|\||-|–|—|/|from|de parte de)\s.*", re.IGNORECASE | re.DOTALL)  # noqa: RUF001 - a dash people type
_TITLE = re.compile(
    r"\A(?:(?:dr|dra|drs|mr|mrs|ms|miss|prof|profa|sr|sra|srta|don|dña|d|dª|ing|lic|arq|abg|herr|frau|mme|mlle|m|dott|ir)\.?\s+)+",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|ph\.?\s?d|m\.?d|mba|esq|cpa|msc|bsc|pmp|cfa)\.?", re.IGNORECASE)
_COMPANY = re.compile(
    r"\b(?:inc|ltd|llc|gmbh|corp|company|co|ag|sa|sl|slu|srl|sas|bv|oy|ab|as|group|team|support|sales)\b\.?|\bs\.\s?[al]\.",
    re.IGNORECASE,
)
_PARTICLES = frozenset({
    "da", "das", "de", "del", "dei", "den", "der", "di", "do", "dos", "du", "la", "las", "le", "los", "van",
    "von", "vom", "zu", "zur", "ten", "ter", "bin", "ibn", "al", "el", "y", "e",
})  # fmt: skip
_LONGEST = 200
_HALVED = 4  # two given names and two family names


def guess_names(name: str, email: str) -> tuple[str, str]:
    """Return (first, last) from a display name, else from the address; ("", "") where nothing can be told.

    Reads "Doe, Jane", "Jane Doe (Acme)", "JANE DOE", "Dr. Jane van der Berg", "Ana María García López". A company's
    or a robot's name gives nothing.
    """
    if is_role_or_robot(email):
        return "", ""
    tidy = squeeze(_ASIDE.sub(" ", name[:_LONGEST])).strip(" \"',")
    if not tidy or "@" in tidy:
        return _from_address(email)
    words = _in_order(_TITLE.sub("", _AFFILIATION.sub("", tidy), count=1) if not _TITLE.fullmatch(tidy) else tidy)
    return _split([_cased(word, shouted=_is_one_case(words)) for word in words])


def _in_order(name: str) -> list[str]:
    """The words of a name, given name first; what follows a comma may be a suffix, a company or the given name."""
    before, _, after = (part.strip() for part in name.partition(","))
    after = after.partition(",")[0].strip()
    if _COMPANY.search(before):
        return []
    if not after or _SUFFIX.fullmatch(after) or _COMPANY.search(after):
        return before.split()
    return [*after.split(), *before.split()]


def _split(words: list[str]) -> tuple[str, str]:
    words = [
        word for word in words if any(c.isalpha() for c in word) and not (len(words) > 1 and _SUFFIX.fullmatch(word))
    ]
    given = _given_count(words)
    return " ".join(words[:given]), " ".join(words[given:])


def _given_count(words: list[str]) -> int:
    """How many leading words are given names."""
    particle = next((i for i, word in enumerate(words) if i and word.lower() in _PARTICLES), 0)
    if particle:
        return min(particle, 2)
    if len(words) > 2 and len(words[1].rstrip(".")) == 1:  # noqa: PLR2004 - first, initial, last
        return 2
    return len(words) // 2 if len(words) >= _HALVED else 1


def _is_one_case(words: list[str]) -> bool:
    text = " ".join(words)
    return text.isupper() or text.islower()


def _cased(word: str, *, shouted: bool) -> str:
    if not shouted or len(word.rstrip(".")) == 1:
        return word
    if word.lower() in _PARTICLES:
        return word.lower()
    return re.sub(r"[^\W\d_]+", lambda m: m[0].capitalize(), word)


def _from_address(email: str) -> tuple[str, str]:
    """Both names, from "jane.doe@"; a single word says nothing for sure."""
    local = email.rpartition("@")[0].partition("+")[0]
    words = [word for word in re.split(r"[._-]", local) if word]
    if len(words) not in {2, 3} or not all(word.isalpha() and len(word) > 1 for word in (words[0], words[-1])):
        return "", ""
    return words[0].capitalize(), words[-1].capitalize()
