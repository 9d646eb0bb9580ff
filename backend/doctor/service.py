"""The examination: everything once, in the order in which one would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backend.doctor.addon import examine_addon
from backend.doctor.configuration import examine_files, examine_settings
from backend.doctor.database import examine_database
from backend.doctor.google import examine_credentials, examine_online
from backend.doctor.rules import wrong
from backend.doctor.shapes import Finding
from backend.kit.clock import Clock
from backend.kit.errors import UserError
from backend.settings import parse_settings


def examine(
    environ: Mapping[str, str], clock: Clock, *, is_online: bool = False, is_addon: bool = False
) -> Iterator[Finding]:
    """Look at everything; `is_online` also asks Google, `is_addon` the installation as the Gmail add-on would.

    Settings that cannot be read end it at once.
    """
    try:
        settings = parse_settings(environ)
    except UserError as error:
        yield wrong("settings", "environment", str(error))
        return
    yield from examine_settings(settings, environ)
    yield from examine_files()
    yield from examine_database(settings, clock)
    yield from examine_credentials(settings)
    if is_online:
        yield from examine_online(settings, clock)
    if is_addon:
        yield from examine_addon(settings, clock)
