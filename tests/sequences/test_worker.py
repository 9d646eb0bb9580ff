"""The real worker's tick takes people on and sends what is due."""

from __future__ import annotations

import time

from backend.installation import open_installation
from backend.sequences.shapes import EnrolmentState
from backend.settings import read_settings
from backend.worker import Worker
from tests.cast import KEY
from tests.sequences.line import Line, definition, mail


def test_the_worker_sends_what_an_enrolment_orders(line: Line) -> None:
    enrolment = line.enrol(line.make(definition(mail())))
    settings = read_settings(
        {"ENLACE_DATABASE_URL": line.office.db.url, "ENLACE_SECRET_KEY": "s" * 32, "ENLACE_TOKEN_KEYS": KEY}
    )
    here = open_installation(settings, clock=line.office.clock, emulator=line.office.emulator)
    worker = Worker(here)
    worker.runner.start()
    deadline = time.monotonic() + 30
    while line.stand(enrolment)[0] is not EnrolmentState.FINISHED and time.monotonic() < deadline:
        worker.tick()
        time.sleep(0.02)
    worker.runner.stop()
    here.close()
    assert (line.deliveries(), line.stand(enrolment)[0]) == (1, EnrolmentState.FINISHED)
