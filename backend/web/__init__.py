"""Web: what all pages and APIs share and that knows no record: frame, errors, static files, languages, pagination.

In: a Flask app and the installation (`house.House`). Out: base templates, macros, problem+json, cursors and security
headers.
"""
