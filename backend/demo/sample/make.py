"""Makes the sample: plays the deals, the talk and the machines' mail, and sorts all of it by time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from backend.demo.sample.bulk import Press
from backend.demo.sample.cast import DOMAIN, USERS, WORKSPACE, Cast, Member, read_cast
from backend.demo.sample.conversation import Conversation, Part
from backend.demo.sample.ledger import activities_of, deal_of, odd_activities, rep_for
from backend.demo.sample.moments import Moments
from backend.demo.sample.postmaster import Absence, read_absences
from backend.demo.sample.script import Book, Script, read_book
from backend.demo.sample.shapes import Sample, SampleActivity, SampleDeal, SampleMail

_DEALS = ("spain_one", "spain_two", "europe", "america_en", "america_es")
_TALK = ("odd", "internal")
_PROSPECTING, _ABSENT, _AFTERSALES = 96, 18, 112  # how many of these small conversations are played
_BOUNCES = ("5.1.1", "5.1.1", "5.1.2", "5.1.1", "4.2.2", "5.1.1", "5.7.1", "5.1.1", "4.2.2", "5.4.5")
_GUESSED = {
    "en": (("energy", "Energy"), ("plant", "Plant"), ("manager", "Manager")),
    "es": (("energia", "Energía"), ("planta", "Planta"), ("gerencia", "Gerencia")),
}
_ODD_ACTIVITIES = 46
_FIRST_DAY = 88  # days ago
_OWN_LANGUAGE = {"DE": "de", "CH": "de", "FR": "fr", "PT": "pt", "IT": "it", "SE": "sv", "NL": "nl", "NO": "no"}


def make_sample(seed: int, now: datetime) -> Sample:
    """Return the invented workspace as it looks at `now` (aware). The same seed and `now` make the same bytes."""
    scripts = [script for name in _DEALS for script in read_book(f"deals/{name}.txt").scripts]
    maker = _Maker(read_cast(), Moments(now.astimezone(UTC)), seed)
    deals = tuple(maker.deals(scripts))
    return Sample(
        workspace_name=WORKSPACE,
        workspace_domain=DOMAIN,
        users=USERS,
        companies=maker.cast.companies,
        people=maker.cast.people,
        deals=deals,
        activities=tuple(sorted(maker.activities(scripts), key=lambda activity: activity.at)),
        mails=tuple(sorted(maker.mails(scripts, deals), key=lambda mail: mail.at)),
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    """Every story draws from its own `Random`, named after it: to rewrite one leaves the others as they are."""

    cast: Cast
    moments: Moments
    seed: int

    def deals(self, scripts: list[Script]) -> Iterator[SampleDeal]:
        for script in scripts:
            yield deal_of(script, self.cast, self.moments, self._random("deal", script.title))

    def activities(self, scripts: list[Script]) -> Iterator[SampleActivity]:
        for script in scripts:
            yield from activities_of(script, self.cast, self.moments, self._random("activities", script.title))
        rng = self._random("activities", "people")
        yield from odd_activities(rng.sample(self._people(), _ODD_ACTIVITIES), self.cast, self.moments, rng)

    def mails(self, scripts: list[Script], deals: Sequence[SampleDeal]) -> Iterator[SampleMail]:
        told = [*scripts, *(script for name in _TALK for script in read_book(f"talk/{name}.txt").scripts)]
        for script in told:
            yield from self._played(script, Part(), self._random("mail", script.title))
        customers, prospects = _sorted_out(self._people(), deals)
        yield from self._prospecting(read_book("talk/prospecting.txt"), prospects)
        yield from self._aftersales(read_book("talk/aftersales.txt"), customers)
        press = Press(self.cast, self.moments, self._random("press"), customers)
        for printed in (press.newsletters(), press.notices(), press.spam()):
            yield from printed

    def _prospecting(self, book: Book, prospects: Sequence[Member]) -> Iterator[SampleMail]:
        rng = self._random("prospecting")
        for script, person in _paired(book.scripts, prospects, _PROSPECTING, rng):
            yield from self._played(script, self._part(script, book, person, rng), rng)
        for script, person in _paired(tuple(filter(_is_unanswered, book.scripts)), prospects, _ABSENT, rng):
            absence = rng.choice(_notes_for(person))
            yield from self._played(script, self._part(script, book, person, rng, absence), rng)
        for status in _BOUNCES:
            yield from self._returned(book, rng.choice(prospects), status, rng)

    def _aftersales(self, book: Book, customers: Sequence[Member]) -> Iterator[SampleMail]:
        rng = self._random("aftersales")
        for script, person in _paired(book.scripts, customers, _AFTERSALES, rng):
            yield from self._played(script, self._part(script, book, person, rng), rng)

    def _returned(self, book: Book, known: Member, status: str, rng: Random) -> Iterator[SampleMail]:
        """Play a first mail to an address at `known`'s company that somebody guessed, and that refuses it."""
        local, name = rng.choice(_GUESSED[known.language])
        stranger = Member(f"{local}@{known.domain}", name, "", "", known.firm, known.country, "plain")
        script = rng.choice([script for script in book.scripts if script.language == known.language])
        first = _only_first(script, {"bounces": status})
        yield from self._played(first, self._part(first, book, stranger, rng), rng)

    def _part(self, script: Script, book: Book, person: Member, rng: Random, absence: Absence | None = None) -> Part:
        rep = self.cast.find(rep_for(person))
        words = {name: rng.choice(choices) for name, choices in book.pools[person.language].items()}
        words |= {"first": person.first, "company": person.firm, "rep": rep.first}
        lasts = -script.lines[-1].when.days
        return Part({"rep": rep, "customer": person}, words, rng.uniform(lasts + 1, _FIRST_DAY), absence)

    def _played(self, script: Script, part: Part, rng: Random) -> list[SampleMail]:
        return Conversation(script, self.cast, self.moments, rng, part).play()

    def _people(self) -> list[Member]:
        return [self.cast.members[person.address] for person in self.cast.people if person.company_domain]

    def _random(self, *names: str) -> Random:
        return Random("/".join((str(self.seed), *names)))


def _sorted_out(people: Sequence[Member], deals: Sequence[SampleDeal]) -> tuple[list[Member], list[Member]]:
    """Return those at companies that buy from us already, and those elsewhere whom no deal names."""
    bought = {deal.company_domain for deal in deals if deal.stage == "Won" or deal.source == "Existing customer"}
    named = {address for deal in deals for address in deal.people}
    customers = [person for person in people if person.domain in bought]
    return customers, [person for person in people if person.domain not in bought and person.address not in named]


def _paired(
    scripts: Sequence[Script], people: Sequence[Member], number: int, rng: Random
) -> list[tuple[Script, Member]]:
    """Draw conversations, never the same one twice with one person."""
    pairs = [(script, person) for script in scripts for person in people if script.language == person.language]
    return rng.sample(pairs, min(number, len(pairs)))


def _is_unanswered(script: Script) -> bool:
    return all(line.sender == "rep" for line in script.lines)


def _only_first(script: Script, options: Mapping[str, str]) -> Script:
    return replace(script, lines=(replace(script.lines[0], options=options),))


def _notes_for(person: Member) -> list[Absence]:
    language = _OWN_LANGUAGE.get(person.country, person.language)
    return [note for note in read_absences() if note.language == language]
