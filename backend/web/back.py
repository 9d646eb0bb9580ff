"""The way back: where to send somebody after a form, never to another site; and the way on, for htmx too."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse


def way_back(default: str = "/") -> str:
    """Return the local path in `next`, else the page that the form stood on, else `default`."""
    wanted = request.values.get("next", "")
    return local_path(wanted) or _referring_path() or default


def leave_for(path: str) -> AnyResponse:
    """Go on to another page: a redirect, which htmx must be told of, since it would put that page into this one."""
    return Response(headers={"HX-Redirect": path}) if "HX-Request" in request.headers else redirect(path)


def local_path(address: str) -> str:
    """Return `address` where it is a path of this site, else "".

    Browsers read a backslash as a slash and skip control characters: both would lead to another site.
    """
    is_path = address.startswith("/") and not address.startswith("//")
    is_plain = "\\" not in address and address.isprintable()
    return address if is_path and is_plain else ""


def _referring_path() -> str:
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc != request.host:
        return ""
    return local_path(referrer.path + (f"?{referrer.query}" if referrer.query else ""))
