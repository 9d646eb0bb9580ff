"""Enlace: the CRM that lives in Gmail.

A Gmail change flows from `sync` through `mail` and `linking` to `timeline`, and from there to the add-on's `card` and
the web app. A due step flows from `sequences` through `outbox` back to Gmail. Each room can be read alone; its
docstring says what flows in and what flows out. The order of imports stands in `pyproject.toml`.
"""

__version__ = "0.1.0"
