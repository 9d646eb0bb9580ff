"""Debian's chromium, and apps served on loopback for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from backend.web.frame import STATIC

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
# Layout hangs on the size and contrast on the scheme, hardly on both: two looks show each of the four once.
IN_BOTH_LOOKS = pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

Serve = Callable[[Flask], AbstractContextManager[str]]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"missing part: {CHROMIUM} is not here: the browser tests need Debian's chromium")
    if not (STATIC / "vendor" / "bootstrap.min.css").exists():
        pytest.skip("missing part: backend/web/static/vendor is empty: the browser tests need npm ci")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def serve() -> Serve:
    return _serve


@contextmanager
def _serve(app: Flask) -> Iterator[str]:
    """Serve `app` on a free port of loopback; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open an address at a size and in a colour scheme; whatever the page complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(address: str, size: str = "desk", scheme: Any = "light", **options: Any) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA: rule and element, one line each."""
    violations = Axe().run(page, options=AXE_RULES).response["violations"]
    return [
        f"{v['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for v in violations for node in v["nodes"]
    ]
