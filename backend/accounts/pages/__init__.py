"""The pages of accounts: signing in and out, and connecting mailboxes."""

from __future__ import annotations

from flask import Flask

from backend.accounts.pages import mailboxes, settings, sign_in, team


def register_pages(app: Flask) -> None:
    """Add the pages to `app`, after `guards.install_guards` and `web.frame.make_web`."""
    app.register_blueprint(sign_in.blueprint)
    app.register_blueprint(mailboxes.blueprint)
    app.register_blueprint(team.blueprint)
    app.register_blueprint(settings.blueprint)
