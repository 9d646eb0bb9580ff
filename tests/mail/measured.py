"""What the reading of reports and automatic replies is measured by; the tests and `make bench ONLY=stops` count here.

The labelled reports and the ham are not in the repository (`tests.conftest.corpora`); the automatic replies are ours.
"""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import IO, Any, cast

from backend.gmail.emulator.mbox import read_mbox
from backend.gmail.payload import payload_of
from backend.mail.auto_replies import auto_reply_until
from backend.mail.bounces import read_bounce
from backend.mail.normalise import normalise
from backend.mail.shapes import BounceRecipient, Kind

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
RETURN = date(2026, 1, 20)
AWAY = {
    "English": ("Automatic reply: An offer", "I am out of the office until 20 January 2026."),
    "Spanish": ("Respuesta automática: Una oferta", "Estaré fuera de la oficina hasta el 20 de enero de 2026."),
    "German": ("Automatische Antwort: Ein Angebot", "Ich bin bis zum 20. Januar 2026 nicht im Büro."),
    "French": ("Réponse automatique : Une offre", "Je suis absente jusqu'au 20 janvier 2026."),
    "Italian": ("Risposta automatica: Un'offerta", "Sono fuori ufficio fino al 20 gennaio 2026."),
    "Portuguese": ("Resposta automática: Uma oferta", "Estou ausente até 20 de janeiro de 2026."),
    "Dutch": ("Automatisch antwoord: Een aanbod", "Ik ben afwezig tot 20 januari 2026."),
    "Polish": ("Odpowiedź automatyczna: Oferta", "Jestem nieobecny do 20 stycznia 2026."),
    "Swedish": ("Autosvar: Ett erbjudande", "Jag är inte på kontoret förrän den 20 januari 2026."),
    "Danish": ("Autosvar: Et tilbud", "Jeg er ikke på kontoret før den 20. januar 2026."),
    "Czech": ("Automatická odpověď: Nabídka", "Jsem mimo kancelář do 20. ledna 2026."),
    "Japanese": ("自動応答: ご提案", "2026年1月20日まで不在です。"),
}
"""Out of office until RETURN, in words alone: no header tells."""


@dataclass(frozen=True, slots=True)
class Stops:
    """Recipients of labelled reports. `permanent` by the label, of which `stopped` stop; `beyond` stop besides.

    `temporary` bear a temporary code, by the label or as we read it, and stop all the same.
    """

    recipients: int
    permanent: int
    stopped: int
    beyond: int
    temporary: int

    @property
    def differing(self) -> int:
        """Where we do otherwise than the label says; argued in docs/sending-cases.md."""
        return self.permanent - self.stopped + self.beyond


def count_stops(corpora: Path) -> Stops:
    """Read each report as sync does: only what is known for a report is read as one, and a hard row stops."""
    labels = json.loads((corpora / "bounces" / "expected.json").read_text())
    found = [_stops(labels[name], _rows(raw)) for name, raw in messages(corpora / "bounces" / "messages.tar.gz")]
    return Stops(*(sum(numbers) for numbers in zip(*found, strict=True)))


def _rows(raw: bytes) -> list[BounceRecipient]:
    payload = payload_of(raw)
    return list(read_bounce(payload)) if normalise(payload).kind is Kind.BOUNCE else []


def _stops(labels: list[dict[str, Any]], rows: list[BounceRecipient]) -> tuple[int, int, int, int, int]:
    """Recipients, permanent, stopped, beyond, temporary: of one report, whose rows the labels do not pair with ours."""
    permanent, hard = sum(row["hard"] for row in labels), sum(row.hard for row in rows)
    lasting = sum(row["hard"] or not _is_temporary(row) for row in labels)
    temporary = max(hard - lasting, 0) + sum(row.hard and row.status.startswith("4") for row in rows)
    return len(labels), permanent, min(hard, permanent), max(hard - permanent, 0), temporary


def _is_temporary(label: dict[str, Any]) -> bool:
    return "4" in (label["status"][:1], label["reply_code"][:1])


def kinds_of_ham(corpora: Path) -> list[Kind]:
    """What each message of people and lists is taken for."""
    return [normalise(payload_of(raw)).kind for raw in mbox(corpora / "ham.mbox.gz")]


def day_of_return(language: str) -> date | None:
    """The day that an automatic reply of AWAY is found to state; None where it is taken for something else."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "dora@nordwind.example", "alice@acme.example"
    mail["Subject"], text = AWAY[language]
    mail.set_content(text)
    read = normalise(payload_of(mail.as_bytes()))
    return auto_reply_until(read.text, read.subject, MONDAY) if read.kind is Kind.AUTO_REPLY else None


def messages(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The messages of a tar file, by name."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if (content := tar.extractfile(member)) is not None:
                yield Path(member.name).name, content.read()


def mbox(path: Path) -> Iterator[bytes]:
    """The messages of a gzipped mbox."""
    with gzip.open(path) as stream:
        yield from (entry.raw for entry in read_mbox(cast("IO[bytes]", stream), path.name))
