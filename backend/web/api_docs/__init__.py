"""The API described: /api/v1/openapi.json (OpenAPI 3.1), and /api/v1/docs, a page drawn from it.

In: the doors of all rooms as APIFlask saw them. Out: one true specification, with what doors say by `web.marks` and
the problems of RFC 9457 added, and a page that needs neither a script nor another host.
"""

from backend.web.api_docs.page import blueprint
from backend.web.api_docs.spec import describe_api

__all__ = ["blueprint", "describe_api"]
