"""Gmail's REST methods, one module a resource: each reads a `Request` and answers with the JSON that Gmail answers."""
