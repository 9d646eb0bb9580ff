"""One mail address: when two are the same, whose domain it is, and whether a person can stand behind it."""

from __future__ import annotations

import re
from functools import lru_cache

import idna
from publicsuffixlist import PublicSuffixList

from backend.kit.text import clean
from backend.mail.lexicon import phrases
from backend.mail.shapes import Address

LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1, less the brackets
_LONGEST_NAME = 300
_GOOGLE = frozenset({"gmail.com", "googlemail.com"})
_ATOM = re.compile(r"[^\s@<>(),;:\"\[\]\\\x00-\x1f\x7f]+")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])+)"')
_LITERAL = re.compile(r"\[[0-9A-Za-z.:]+\]")

_SUFFIXES = PublicSuffixList()
_FREE_MAIL = frozenset(phrases("free_mail"))
# Providers that own their name under nearly every country's ending (yahoo.com.ar, hotmail.es, gmx.at).
_FREE_FAMILIES = frozenset({"yahoo", "hotmail", "outlook", "gmx", "yandex"})

_ROBOT = re.compile(
    r"(?:.*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|dont[._-]?reply|no[._-]?contestar|no[._-]?responder?"
    r"|nao[._-]?responda?|ne[._-]?pas[._-]?repondre|nicht[._-]?antworten|non[._-]?rispondere|niet[._-]?beantwoorden)"
    r"(?:[._+-].*|\d*)"
    r"|(?:mailer-daemon|mail-daemon|maildaemon|postmaster|hostmaster|abuse|daemon|cron|root|nobody|robot|bot|mailer"
    r"|(?:auto|system)[._-]?(?:mailer|mail|message|confirm|reply|responder)s?|automated|automailer|listserv|majordomo)"
    r"(?:[._+-].*)?"
    r"|(?:.*[._-])?(?:bounces?|notifications?|notificaciones|notify|alerts?|alertas?|newsletters?|boletin|mailing"
    r"|updates|digest|unsubscribe)(?:[._+=-].*)?"
)


def address_of(written: str, name: str = "") -> Address | None:
    """Turn `local@domain` and an already decoded name into an `Address`; None where it is no address.

    Refused: no domain, white space or control characters outside quotes, more than LONGEST_ADDRESS characters in any of
    its forms.
    """
    local, at, domain = written.rpartition("@")
    domain = domain.rstrip(".").lower()
    if not at or len(written) > LONGEST_ADDRESS or not (_is_local(local) and _is_domain(domain)):
        return None
    email = clean(f"{local}@{domain}")
    key = key_of(email)
    if max(len(email), len(key)) > LONGEST_ADDRESS:
        return None
    tidy = name.strip().strip("\"'").strip()[:_LONGEST_NAME]
    return Address(key, email, "" if tidy.lower() == email.lower() else tidy)


def _is_local(local: str) -> bool:
    return bool(_ATOM.fullmatch(local) or _QUOTED.fullmatch(local))


def _is_domain(domain: str) -> bool:
    return bool(_ATOM.fullmatch(domain) or _LITERAL.fullmatch(domain))


def key_of(email: str) -> str:
    """The form in which two spellings of one mailbox are equal.

    Lower case; needless quotes off; the domain in ASCII (IDNA 2008 with UTS 46). Gmail ignores dots and what follows a
    plus; elsewhere a plus may be another mailbox, and stays.
    """
    local, _, domain = email.lower().rpartition("@")
    quoted = _QUOTED.fullmatch(local)
    if quoted and _ATOM.fullmatch(quoted[1]):
        local = quoted[1]
    domain = _ascii_domain(domain)
    if domain in _GOOGLE:
        return f"{local.partition('+')[0].replace('.', '') or local}@gmail.com"
    return f"{local}@{domain}"


@lru_cache(maxsize=10_000)
def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return clean(domain)


def domain_of(key: str) -> str:
    """The domain of an address; "" where there is none."""
    return key.rpartition("@")[2] if "@" in key else ""


@lru_cache(maxsize=50_000)
def registrable_domain(domain: str) -> str:
    """The part that an organisation registers: "mail.acme.co.uk" gives "acme.co.uk"; "" for a bare public suffix."""
    found: str | None = _SUFFIXES.privatesuffix(domain.lower().strip("."))
    return found or ""


@lru_cache(maxsize=50_000)
def is_free_mail(domain: str) -> bool:
    """Whether anybody gets an address there, so that the domain says nothing about a company."""
    own = registrable_domain(domain)
    if own in _FREE_MAIL or domain in _FREE_MAIL:
        return True
    family, _, ending = own.partition(".")
    return family in _FREE_FAMILIES and (ending == "com" or len(ending.rpartition(".")[2]) == len("es"))


@lru_cache(maxsize=50_000)
def is_role_or_robot(key: str) -> bool:
    """Whether no person reads or writes there: no-reply, notifications, bounces, and RFC 2142's technical roles.

    Offices that people answer from (info@, sales@, ventas@) are not meant: for a small company they are the contact.
    """
    return _ROBOT.fullmatch(key.rpartition("@")[0].lower()) is not None
