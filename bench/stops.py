"""What stops and what does not: labelled delivery reports, mail of people, automatic replies in many languages.

Counted by `tests.mail.measured`, as the tests do. The reports and the mail are not in the repository: without
`../shared/data` only the automatic replies are counted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from backend.mail.shapes import Kind
from bench.figure import Figure
from tests.conftest import DATA
from tests.mail.measured import AWAY, RETURN, count_stops, day_of_return, kinds_of_ham

LEAST_LANGUAGES = 10


def run() -> Iterator[Figure]:
    """Reports, mail, automatic replies."""
    if DATA.is_dir():
        yield from _reports()
        yield from _ham()
    else:
        print("../shared/data is not here: no reports and no mail to count, only automatic replies", file=sys.stderr)
    found = sum(day_of_return(language) == RETURN for language in AWAY)
    yield Figure("stops", "away_languages_with_date_found", found)
    yield Figure("stops", "away_languages_short_of_ten", max(LEAST_LANGUAGES - found, 0), 0)


def _reports() -> Iterator[Figure]:
    stops = count_stops(DATA)
    yield Figure("stops", "recipients_of_reports", stops.recipients)
    yield Figure("stops", "permanent_failures", stops.permanent)
    yield Figure("stops", "permanent_failures_that_stop", stops.stopped)
    yield Figure("stops", "share_of_permanent_failures_that_go_on", 1 - stops.stopped / stops.permanent, 0.03)
    yield Figure("stops", "temporary_failures_that_stop", stops.temporary, 0)
    yield Figure("stops", "other_failures_that_stop", stops.beyond)
    yield Figure("stops", "recipients_where_we_differ_from_the_label", stops.differing)


def _ham() -> Iterator[Figure]:
    kinds = kinds_of_ham(DATA)
    yield Figure("stops", "mails_of_people_and_lists", len(kinds))
    yield Figure("stops", "share_of_false_auto_replies", kinds.count(Kind.AUTO_REPLY) / len(kinds), 0.001)
