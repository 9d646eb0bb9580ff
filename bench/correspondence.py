"""Invented correspondence behind a Gmail in a process of its own, so that its CPU and memory are nobody's."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

OWNER = "ana@acme.example"
PEOPLE, COMPANIES = 400, 60
WORDS = ["the", "offer", "price", "seats", "warehouse", "kit", "energy", "meter", "factory", "contract", "tomorrow"]


def write_mbox(path: Path, messages: int, lines: int = 25) -> None:
    """Write mails of 400 people, with threads of up to eight, quotes, some newsletters; 25 lines make about 3 kB."""
    chance = random.Random(11)
    with path.open("wb") as file:
        for number in range(messages):
            file.write(
                b"From x@y Mon Jan  5 09:00:00 2026\n"
                + _mail(number, lines, chance).replace(b"\nFrom ", b"\n>From ")
                + b"\n"
            )


def _mail(number: int, lines: int, chance: random.Random) -> bytes:
    who = chance.randrange(PEOPLE)
    person = f"p{who}@c{who % COMPANIES}.example"
    sender, to = (OWNER, person) if number % 3 == 0 else (person, OWNER)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, f"{chance.choice(WORDS)} {number % 700}"
    mail["Date"] = f"{number % 28 + 1:02} Jan 2026 {number % 24:02}:{number % 60:02}:00 +0000"
    mail["Message-ID"] = f"<{number}@mail.example>"
    if number % 2 and number // 700 % 8:
        mail["In-Reply-To"] = mail["References"] = f"<{number - 700}@mail.example>"
    if number % 8 == 0:
        mail["List-Id"] = "<news.shop.example>"
    text = "\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(lines))
    mail.set_content(f"{text}\n\nOn Monday somebody wrote:\n> " + text.replace("\n", "\n> ")[:800])
    return mail.as_bytes()


@contextmanager
def emulator(mbox: Path) -> Iterator[str]:
    """The URL of a Gmail that holds these mails."""
    command = [sys.executable, "-m", "backend", "emulator", "--port", "0", "--owner", OWNER, "--mbox", str(mbox)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        try:
            yield url.rstrip("/.")
        finally:
            process.terminate()


@dataclass
class Bearer:
    """The emulator takes an address as access token."""

    address: str

    def token(self) -> str:
        """The token."""
        return self.address

    def renew(self) -> None:
        """It never goes stale."""
