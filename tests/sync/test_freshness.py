"""New mail beside imports, as `bench/freshness.py` measures it, in small."""

from __future__ import annotations

from pathlib import Path

from bench.freshness import BAR_S, deliver_to
from bench.town import Town


def test_new_mail_is_in_the_timeline_within_90_seconds_while_others_import(tmp_path: Path) -> None:
    town = Town(tmp_path, 12, per_user=600, per_project=1_200_000)
    waits_s = deliver_to(town, deliveries=20, minutes=1, importing=2, mails=80)
    refused = town.emulator.quota.refused
    town.close()
    assert len(waits_s) == 20
    assert max(waits_s) <= BAR_S
    assert refused == 0
