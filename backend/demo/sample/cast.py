"""Who writes: the users of Lumbrera, the people of its customers, and strangers; read from `texts/cast.txt`."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from backend.demo.sample.script import rows
from backend.demo.sample.shapes import SampleCompany, SamplePerson, SampleUser

WORKSPACE = "Lumbrera"
DOMAIN = "lumbrera.example"
FREE_MAIL = ("gmail.com",)

USERS = (
    SampleUser(f"lucia@{DOMAIN}", "Lucía Navarro", "rep", "es", "Europe/Madrid"),
    SampleUser(f"tom@{DOMAIN}", "Tom Becker", "rep", "en", "Europe/Berlin"),
    SampleUser(f"marta@{DOMAIN}", "Marta Vidal", "rep", "es", "America/Mexico_City"),
    SampleUser(f"elena@{DOMAIN}", "Elena Ortega", "admin", "es", "Europe/Madrid"),
)
_TITLES = {
    "lucia": "Cuentas Península",
    "tom": "Accounts, Northern Europe & USA",
    "marta": "Cuentas Latinoamérica",
    "elena": "Dirección comercial",
}
_ZONES = {
    "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "IT": "Europe/Rome", "FR": "Europe/Paris", "DE": "Europe/Berlin",
    "CH": "Europe/Zurich", "GB": "Europe/London", "SE": "Europe/Stockholm", "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo", "US": "America/Chicago", "MX": "America/Mexico_City", "CO": "America/Bogota",
    "AR": "America/Argentina/Buenos_Aires",
}  # fmt: skip
_SPANISH = frozenset({"ES", "MX", "CO", "AR"})
_MANNERS = ("gmail", "gmail", "outlook", "outlook", "plain", "phone")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an address. `manner` is how their mail program writes: gmail, outlook, plain or phone."""

    address: str
    name: str
    title: str
    phone: str
    firm: str
    country: str
    manner: str

    @property
    def first(self) -> str:
        """What a colleague calls them."""
        return self.name.split()[0] if self.name else ""

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.partition("@")[2]

    @property
    def language(self) -> str:
        """Return "en" or "es", by country."""
        return "es" if self.country in _SPANISH else "en"

    @property
    def zone(self) -> ZoneInfo:
        """Where they keep office hours."""
        user = next((user for user in USERS if user.email == self.address), None)
        return ZoneInfo(user.timezone if user else _ZONES[self.country])


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, by address; `people` are those whom the CRM knows."""

    companies: tuple[SampleCompany, ...]
    people: tuple[SamplePerson, ...]
    members: Mapping[str, Member]

    def find(self, name: str, company_domain: str = "") -> Member:
        """Return the one whom a script calls `name`: an address, a user's first name, or a local part at the company.

        A user's plus-address keeps its plus. Somebody unheard of raises KeyError.
        """
        if name in _TITLES:
            return self.members[f"{name}@{DOMAIN}"]
        address = name if "@" in name else f"{name}@{company_domain}"
        if (owner := mailbox_of(address)) and owner != address:
            return _renamed(self.members[owner], address)
        return self.members[address]

    def primary(self, address: str) -> str | None:
        """Return the address by which the CRM knows the person, or None for users and strangers."""
        for person in self.people:
            if address == person.address or address in person.other_addresses:
                return person.address
        return None


def mailbox_of(address: str) -> str | None:
    """Return the user's mailbox that `address` (with or without a "+tag") is delivered to, if it is one of ours."""
    local, _, domain = address.partition("@")
    return f"{local.partition('+')[0]}@{domain}" if domain == DOMAIN and local.partition("+")[0] in _TITLES else None


@cache
def read_cast() -> Cast:
    """Read everybody from `texts/cast.txt`."""
    companies: list[SampleCompany] = []
    people: list[SamplePerson] = []
    members = {user.email: _user_member(user) for user in USERS}
    heading = ""
    for row in rows("cast.txt"):
        if len(row) == 1:
            heading = row[0]
        elif len(row) == 6:  # noqa: PLR2004 - the six cells of a company
            heading = row[0]
            companies.append(SampleCompany(row[0], row[1], row[2], row[3], row[4], int(row[5])))
        else:
            person = _person(row, companies[-1] if heading == companies[-1].domain else None)
            people.extend([person] if heading != "?" else [])
            firm = companies[-1].name if person.company_domain else ""
            members.update({member.address: member for member in _members(person, firm)})
    return Cast(tuple(companies), tuple(people), members)


def _person(row: list[str], company: SampleCompany | None) -> SamplePerson:
    who, name, title, phone, *rest = row
    options = dict(option.split("=", 1) for option in rest)
    return SamplePerson(
        address=who if "@" in who or company is None else f"{who}@{company.domain}",
        other_addresses=tuple(options["also"].split(",")) if "also" in options else (),
        name=name,
        title=title,
        phone=phone,
        company_domain=company.domain if company else None,
        country=company.country if company else options["country"],
    )


def _members(person: SamplePerson, firm: str) -> Iterator[Member]:
    for address in (person.address, *person.other_addresses):
        is_free_mail = address.endswith(FREE_MAIL)
        manner = "plain" if is_free_mail else _MANNERS[zlib.crc32(address.encode()) % len(_MANNERS)]
        title, phone = ("", "") if is_free_mail else (person.title, person.phone)
        yield Member(address, person.name, title, phone, firm, person.country, manner)


def _user_member(user: SampleUser) -> Member:
    local = user.email.partition("@")[0]
    phone = "+52 55 5555 0150" if local == "marta" else "+34 910 555 100"
    return Member(
        user.email, user.name, _TITLES[local], phone, WORKSPACE, "ES" if user.locale == "es" else "GB", "gmail"
    )


def _renamed(member: Member, address: str) -> Member:
    return Member(address, member.name, member.title, member.phone, member.firm, member.country, member.manner)
