"""Contacts, companies, deals and pipelines over HTTP, under /api/v1."""

from backend.records.api import companies, contacts, deals, folders
from backend.records.api.doors import blueprint

__all__ = ["blueprint", "companies", "contacts", "deals", "folders"]
