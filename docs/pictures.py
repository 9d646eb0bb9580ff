"""The pictures of README and docs, taken from the running demo: `make pictures`.

It starts `enlace demo` in a folder of its own on a free port, signs in as a sample user, and writes the PNG files.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from backend.web.i18n import LANGUAGE_COOKIE

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
LARGEST_BYTES = 300_000
COLLEAGUE = "marta@lumbrera.example"
MANAGER = "ines@lumbrera.example"
DEAL = "Nordwind – 40 seats"  # noqa: RUF001 - as the sample calls it

Visit = Callable[[Page, str], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's name, its height at a width of 1280 pixels, and the way to what it shows."""

    name: str
    height: int
    visit: Visit


def main() -> None:
    """Take every picture anew."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _demo(folder) as (address, login), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        context = browser.new_context(locale="en-GB")
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": address}])
        page = context.new_page()
        _sign_in(page, address, *login)
        for picture in PICTURES:
            _take(page, address, picture)
        for name, visit in CARDS.items():
            _take_card(page, address, name, visit)
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "es", "url": address}])
        _take_card(page, address, "contact-es", CARDS["contact"])
        _take_locked(browser.new_context(locale="en-GB"), page, address, login[1])
        _take_for_manager(browser.new_context(locale="en-GB"), address, login[1])
        browser.close()


@contextmanager
def _demo(folder: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Run the demo; gives its address and one of the logins that it prints."""
    command = [sys.executable, "-m", "backend", "demo", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command line
        command, cwd=folder, env={"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    ) as demo:
        try:
            yield _greeting(demo)
        finally:
            demo.terminate()


def _greeting(demo: subprocess.Popen[str]) -> tuple[str, tuple[str, str]]:
    said = ""
    for line in demo.stdout or ():
        said += line
        address = re.search(r"http://127\.0\.0\.1:\d+", said)
        login = re.search(r"(tom@\S+)\s+password: (\S+)", said)  # he reads English
        if address and login:
            return address[0], (login[1], login[2])
    raise RuntimeError(f"the demo ended before it was ready:\n{said}")


def _sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_load_state("networkidle")


def _take(page: Page, address: str, picture: Picture) -> None:
    page.set_viewport_size({"width": 1280, "height": picture.height})
    picture.visit(page, address)
    page.wait_for_load_state("networkidle")
    file = TARGET / f"{picture.name}.png"
    page.screenshot(path=str(file), animations="disabled", caret="hide")
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        raise RuntimeError(f"{file.name} has {size} bytes; make it smaller than {LARGEST_BYTES}")
    print(f"{file.relative_to(ROOT)}  {size // 1024} kB")  # noqa: T201 - a script that tells what it made


def _take_card(page: Page, address: str, name: str, visit: Visit) -> None:
    """The card alone, as wide as Gmail's side panel."""
    page.set_viewport_size({"width": 1280, "height": 1400})
    visit(page, address)
    page.wait_for_load_state("networkidle")
    (TARGET / "cards").mkdir(exist_ok=True)
    page.locator(".gcard").first.screenshot(path=str(TARGET / "cards" / f"{name}.png"), animations="disabled")
    print(f"docs/pictures/cards/{name}.png")  # noqa: T201 - the same


def _take_locked(context: BrowserContext, reader: Page, address: str, password: str) -> None:
    """A colleague keeps a conversation private, and the reader comes upon it and asks; then what the colleague sees."""
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": address}])
    reader.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": address}])
    colleague = context.new_page()
    _sign_in(colleague, address, COLLEAGUE, password)
    _take_card(colleague, address, "kept", _beside("linked", "Keep this conversation private"))
    _take_card(reader, address, "locked", _beside("locked"))
    _beside("locked", "Request access")(reader, address)
    _take_card(colleague, address, "asked", _home)


def _take_for_manager(context: BrowserContext, address: str, password: str) -> None:
    """What spans the team, as who leads it sees it; last, so that the sample's sequence has sent its first mails."""
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": address}])
    page = context.new_page()
    _sign_in(page, address, MANAGER, password)
    for picture in MANAGERS_PICTURES:
        _take(page, address, picture)


def _timeline(page: Page, address: str) -> None:
    page.goto(f"{address}/timeline")


def _pipeline(page: Page, address: str) -> None:
    page.goto(f"{address}/pipeline")


def _deal(page: Page, address: str) -> None:
    """A deal's page, with the receipt of its newest mail open."""
    page.goto(f"{address}/pipeline")
    page.get_by_role("link", name=DEAL, exact=True).click()
    page.locator("[hx-get$='/receipt'] > summary").first.click()
    page.wait_for_selector(".receipt")


def _sequence(page: Page, address: str) -> None:
    """The sample's sequence and the people on their way through it."""
    page.goto(f"{address}/sequences")
    page.locator("tbody a").first.click()


def _rehearsal(page: Page, address: str) -> None:
    """The same sequence, rehearsed with invented people of whom some answer, bounce or are away."""
    _sequence(page, address)
    page.get_by_role("link", name="Rehearse").click()
    for field, value in {"invented": 40, "replies": 20, "bounces": 5, "away": 10}.items():
        page.fill(f"#{field}", str(value))
    page.get_by_role("button", name="Play").click()
    page.wait_for_selector(".rehearsal-calendar", timeout=60_000)


def _card(page: Page, address: str) -> None:
    page.goto(f"{address}/preview")
    page.get_by_text("Ana Ruiz", exact=True).first.click()


def _beside(show: str, *clicks: str) -> Visit:
    """The card beside the first mail of a kind, and where clicks on it lead."""

    def visit(page: Page, address: str) -> None:
        page.goto(f"{address}/preview?show={show}")
        page.locator(".preview-line").first.click()
        for click in clicks:
            if page.locator(".gcard-menu", has_text=click).count():
                page.locator(".gcard-menu summary").click()
            page.locator(".gcard").get_by_role("button", name=click).first.click()
            page.wait_for_load_state("networkidle")

    return visit


def _home(page: Page, address: str) -> None:
    page.goto(f"{address}/preview/home")


def _settings(page: Page, address: str) -> None:
    _home(page, address)
    page.locator(".gcard-menu summary").click()
    page.get_by_role("button", name="Settings").click()
    page.wait_for_load_state("networkidle")


def _deal_card(page: Page, address: str) -> None:
    _card(page, address)
    page.locator(".gcard").get_by_role("button", name=DEAL).first.click()
    page.wait_for_load_state("networkidle")


def _several(page: Page, address: str) -> None:
    """The first mail among the latest whose card asks for whom."""
    page.goto(f"{address}/preview?show=all")
    for link in [line.get_attribute("href") for line in page.locator(".preview-line").all()]:
        page.goto(f"{address}{link}")
        if page.locator(".gcard-title", has_text="people in this mail").count():
            return
    raise RuntimeError("no mail of the sample has a card for several people")


def _compose(page: Page, address: str) -> None:
    """Beside a reply to the buyer of the deal; a template is written where there is none."""
    page.goto(f"{address}/templates")
    if not page.get_by_text("Follow-up", exact=True).count():
        page.goto(f"{address}/templates/new")
        page.fill("[name=name]", "Follow-up")
        page.fill("[name=subject]", "{{ deal.name }}: shall we talk?")
        page.fill("[name=body]", "Hi {{ contact.first_name }},\n\nshall we talk about {{ deal.name }} this week?")
        page.get_by_role("button", name="Save", exact=True).click()
    _card(page, address)
    page.locator(".preview-mail").get_by_role("link", name="Reply", exact=True).click()


def _enrolled(page: Page, address: str) -> None:
    _beside("linked", "Enrol", "Start")(page, address)
    _beside("linked")(page, address)


def _trouble(page: Page, address: str) -> None:
    page.goto(f"{address}/preview/trouble")


CARDS: dict[str, Visit] = {
    "contact": _card,
    "unknown": _beside("strangers"),
    "left-out": _beside("aside"),
    "internal": _beside("internal"),
    "home": _home,
    "settings": _settings,
    "receipt": _beside("linked", "Why is this linked?"),
    "note": _beside("linked", "Note"),
    "task": _beside("linked", "Task"),
    "call": _beside("linked", "Log call"),
    "search": _beside("linked", "Link to another deal"),
    "new-deal": _beside("linked", "New deal"),
    "edit-contact": _beside("linked", "Edit contact"),
    "deal": _deal_card,
    "several": _several,
    "compose": _compose,
    "trouble": _trouble,
    "enrol": _beside("linked", "Enrol"),
    "sequence-state": _enrolled,
    "sequence": _beside("linked", "Sequence"),
    "new-contact": _beside("strangers", "Create contact with details"),
}
PICTURES = (
    Picture("card", 700, _card),
    Picture("timeline", 860, _timeline),
    Picture("pipeline", 760, _pipeline),
    Picture("deal", 860, _deal),
)
MANAGERS_PICTURES = (
    Picture("sequence", 760, _sequence),
    Picture("rehearsal", 1100, _rehearsal),
)

if __name__ == "__main__":
    main()
