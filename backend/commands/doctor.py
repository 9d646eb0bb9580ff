"""`enlace doctor`: is this installation well, and if not, what to do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backend.doctor.service import examine
from backend.doctor.shapes import Finding, State
from backend.kit.clock import SystemClock

COLOURS = {State.OK: "green", State.OFF: "dim", State.WARNING: "yellow", State.WRONG: "bold red"}


@click.command()
@click.option("--online", "is_online", is_flag=True, help="Also ask Google: its clock, and each mailbox's grant.")
@click.option("--addon", "is_addon", is_flag=True, help="Also ask this installation as the Gmail add-on would.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def doctor(*, is_online: bool, is_addon: bool, as_json: bool) -> None:
    """Check every setting, credential, clock, schema, mailbox and queue, and say how to mend what is wrong.

    It changes nothing. It exits with 1 where something is wrong, and with 0 where there are only warnings, or nothing.

    \b
    Examples:
      enlace doctor
      enlace doctor --online
      enlace doctor --addon
      enlace doctor --json | jq '.findings[] | select(.state == "wrong")'
    """  # noqa: D301 - click wants the character itself
    findings = list(examine(os.environ, SystemClock(), is_online=is_online, is_addon=is_addon))
    is_well = all(finding.state is not State.WRONG for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": is_well, "findings": [asdict(f) for f in findings]}, ensure_ascii=False))
    else:
        _print(findings)
    sys.exit(0 if is_well else 1)


def _print(findings: Sequence[Finding]) -> None:
    console = Console()
    table = Table("", "What", "Found, and what to do", box=None, pad_edge=False)
    for finding in findings:
        state = f"[{COLOURS[finding.state]}]{finding.state}[/]"
        remedy = f"\n→ {finding.remedy}" if finding.remedy and finding.state is not State.OK else ""
        table.add_row(state, escape(f"{finding.area}: {finding.subject}"), escape(f"{finding.said}{remedy}"))
    console.print(table)
    console.print(f"\n{_verdict(findings)}")


def _verdict(findings: Sequence[Finding]) -> str:
    wrong, warnings = (sum(f.state is state for f in findings) for state in (State.WRONG, State.WARNING))
    if not wrong and not warnings:
        return "All is well."
    return f"{wrong} wrong, {warnings} to look at, {len(findings)} checked."
