"""Messages for the tests, written as mail programs write them and turned into Gmail's payload."""

from __future__ import annotations

from typing import Any

from backend.gmail.payload import payload_of

PEOPLE = {"From": "Dora Lane <dora@north.example>", "To": "Alice <alice@acme.example>", "Subject": "Your offer"}


def letter(text: str = "Hello Alice.", **headers: str) -> dict[str, Any]:
    """A plain letter from dora to alice; keyword `Auto_Submitted` becomes the header Auto-Submitted, "" removes one."""
    return raw_letter(text.encode(), {"Content-Type": "text/plain; charset=utf-8", **_named(headers)})


def raw_letter(body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """A message of the given headers and body, both as they go over the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**PEOPLE, **headers}.items() if value)
    return payload_of(lines.encode("utf-8", "surrogateescape") + b"\r\n" + body)


def mixed(*parts: tuple[str, str], subtype: str = "mixed", **headers: str) -> dict[str, Any]:
    """A multipart message; each part is its header lines and its body."""
    body = "".join(f"--edge\r\n{head}\r\n\r\n{text}\r\n" for head, text in parts) + "--edge--\r\n"
    return raw_letter(body.encode(), {"Content-Type": f'multipart/{subtype}; boundary="edge"', **_named(headers)})


def delivery_report(fields: str, words: str = "It did not work.", **headers: str) -> dict[str, Any]:
    """A report by RFC 3464 with the given fields of its recipients."""
    return mixed(
        ("Content-Type: text/plain", words),
        ("Content-Type: message/delivery-status", f"Reporting-MTA: dns; mx.acme.example\r\n\r\n{fields}"),
        subtype="report; report-type=delivery-status",
        **{"From": "Mail Delivery System <mailer-daemon@mx.acme.example>", "Subject": "Undelivered", **headers},
    )


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
