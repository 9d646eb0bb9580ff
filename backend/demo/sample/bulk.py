"""Mail that no person wrote to anybody in particular: newsletters, notifications of programs, spam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from backend.demo.sample import prose
from backend.demo.sample.cast import Cast, Member
from backend.demo.sample.copies import deliver
from backend.demo.sample.ledger import rep_for
from backend.demo.sample.letter import Letter
from backend.demo.sample.moments import Moments
from backend.demo.sample.script import Ago, read_text, rows
from backend.demo.sample.shapes import SampleMail

DAYS = 90
_MORNING = (5.6, 8.2)
_SPAM_EACH = 11


@dataclass(frozen=True, slots=True)
class Source:
    """One newsletter or one program that notifies. `number`: days between issues, or notices for each reader."""

    sender: Member
    language: str
    readers: tuple[str, ...]
    number: int
    pieces: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Press:
    """Prints bulk mail, drawing from `rng`; notifications name the companies of `customers`."""

    cast: Cast
    moments: Moments
    rng: Random
    customers: Sequence[Member]

    def newsletters(self) -> Iterator[SampleMail]:
        """Yield every issue of the last 90 days, the newest first, once for each reader."""
        for source in _sources("machines/newsletters.txt", number_at=3, readers_at=4):
            last = self.rng.randrange(source.number)
            for issue, days in enumerate(range(last, DAYS, source.number)):
                for reader in source.readers:
                    yield self._issue(source, issue, days, self.cast.find(reader))

    def notices(self) -> Iterator[SampleMail]:
        """Yield the notifications, spread over the 90 days."""
        for source in _sources("machines/notices.txt", number_at=4, readers_at=3):
            for reader in source.readers:
                for _ in range(source.number):
                    yield self._notice(source, self.cast.find(reader))

    def spam(self) -> Iterator[SampleMail]:
        """Yield what Gmail put into the spam folder: it keeps 30 days."""
        letters = list(rows("machines/spam.txt"))
        for reader in ("lucia", "tom", "marta", "elena"):
            for name, address, subject, text in self.rng.sample(letters, _SPAM_EACH):
                sender = _machine(name, address, "en")
                yield self._post(
                    sender, self.cast.find(reader), subject, text, days=self.rng.randrange(1, 30), labels=("SPAM",)
                )

    def _issue(self, source: Source, issue: int, days: int, reader: Member) -> SampleMail:
        pieces = [source.pieces[-(1 + issue + shift) % len(source.pieces)] for shift in range(4)]
        (headline, teaser), *others = pieces
        also = "\n\n".join(f"{title}\n{words}" for title, words in others)
        leave = f"https://{source.sender.domain}/leave/{self.rng.getrandbits(48):012x}"
        headers = {
            "List-Id": f"{source.sender.name} <{source.sender.address.replace('@', '.')}>",
            "List-Unsubscribe": f"<{leave}>, <mailto:leave@{source.sender.domain}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Precedence": "bulk",
        }
        text = f"{headline}\n\n{teaser}\n\n{also}\n\n--\n{leave}"
        return self._post(
            source.sender, reader, headline, text, days=days, labels=("CATEGORY_PROMOTIONS",), headers=headers
        )

    def _notice(self, source: Source, reader: Member) -> SampleMail:
        days = self.rng.randrange(DAYS)
        words = self._words(reader)
        subject, text = (
            self.moments.fill(piece, source.language, self.moments.now, words)
            for piece in self.rng.choice(source.pieces)
        )
        headers = {"Auto-Submitted": "auto-generated"}
        return self._post(
            source.sender, reader, subject, text, days=days, labels=("CATEGORY_UPDATES",), headers=headers
        )

    def _words(self, reader: Member) -> dict[str, str]:
        theirs = [person for person in self.customers if self.cast.find(rep_for(person)) == reader]
        return {
            "company": self.rng.choice(theirs or self.customers).firm,
            "euros": f"{self.rng.randrange(300, 9900):,}".replace(",", "."),
            "n": str(self.rng.randrange(11, 89)),
            "invoice": f"L-{self.rng.randrange(1100, 1999)}",
        }

    def _post(
        self,
        sender: Member,
        reader: Member,
        subject: str,
        text: str,
        *,
        days: int,
        labels: tuple[str, ...],
        headers: Mapping[str, str] | None = None,
    ) -> SampleMail:
        at = self.moments.past(Ago(days), reader.zone, self.rng, _MORNING).replace(microsecond=0)
        number = f"{self.rng.getrandbits(96):024x}"
        letter = Letter(
            message_id=f"<{number}@{sender.domain}>",
            at=at,
            sender=sender,
            to=(reader,),
            subject=subject,
            text=text,
            html=prose.as_html(text, "") if headers else None,
            headers=headers or {},
        )
        return deliver(letter, self.moments.now, self.rng, labels)


def _sources(path: str, *, number_at: int, readers_at: int) -> Iterator[Source]:
    for block in read_text(path).split("\n= ")[1:]:
        head, *lines = block.strip().splitlines()
        cells = [cell.strip() for cell in head.split("|")]
        yield Source(
            sender=_machine(cells[0], cells[1], cells[2]),
            language=cells[2],
            readers=tuple(cells[readers_at].split(", ")),
            number=int(cells[number_at]),
            pieces=tuple(_piece(line.split(" | ")) for line in lines if line),
        )


def _piece(cells: Sequence[str]) -> tuple[str, str]:
    title, text = cells
    return title, text


def _machine(name: str, address: str, language: str) -> Member:
    return Member(address, name, "", "", "", "ES" if language == "es" else "GB", "plain")
