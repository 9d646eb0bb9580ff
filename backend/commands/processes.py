"""`enlace serve` and `enlace worker`: the two processes of an installation."""

from __future__ import annotations

from typing import Any

import click
from gunicorn.app.base import BaseApplication
from werkzeug.middleware.proxy_fix import ProxyFix

from backend.app import make_app
from backend.commands.context import installation
from backend.installation import open_installation
from backend.migrations import require_current
from backend.settings import read_settings
from backend.worker import run_until_signalled


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Threads in each.")
def serve(bind: str, workers: int, threads: int) -> None:
    """Serve the web app, the API and the add-on's endpoints. Put a reverse proxy with TLS before it."""
    with installation() as here:
        require_current(here.db)
    options = {"bind": bind, "workers": workers, "threads": threads, "worker_class": "gthread", "timeout": 60}
    _Server(options | {"control_socket_disable": True}).run()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn under our own command; each of its processes opens the installation for itself.

    One reverse proxy stands before it: its word counts on who asks, or all people would share one limit on sign-ins.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> ProxyFix:
        return ProxyFix(make_app(open_installation(read_settings())), x_for=1, x_proto=1)


@click.command()
def worker() -> None:
    """Sync mailboxes, send what is due, renew push notices. One beside SQLite, any number beside PostgreSQL."""
    with installation() as here:
        require_current(here.db)
        run_until_signalled(here)
