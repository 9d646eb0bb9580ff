"""Judgements on a running installation: facts in, findings out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.doctor.shapes import Finding, MailboxFacts, QueueFacts, State, TeamFacts
from backend.sync.ledger.shapes import Light, Mailbox
from backend.sync.ledger.words import say

OLDEST_POSTGRESQL = 13  # what Procrastinate, the job queue, asks for
SKEW_WARNING = timedelta(seconds=5)
SKEW_WRONG = timedelta(seconds=60)  # identity tokens are refused beyond it
OVERDUE = timedelta(minutes=2)  # a worker takes what is due within a second
LATE = timedelta(minutes=15)  # a quiet mailbox is drained to its end each minute
FAILURES_WRONG = 3

START_WORKER = "Start it: enlace worker (systemctl start enlace-worker), and look at its log."


def wrong(area: str, subject: str, error: str) -> Finding:
    """Turn an error's sentence, worded "what; remedy" as ours are, into a finding."""
    said, _, remedy = error.rstrip(".").partition("; ")
    return Finding(area, subject, State.WRONG, f"{said}.", f"{remedy[:1].upper()}{remedy[1:]}")


def judge_skew(other: str, ahead: timedelta) -> Finding:
    """Judge how far the clock of `other` is ahead of ours (negative: behind)."""
    seconds = abs(ahead.total_seconds())
    state = State.OK if abs(ahead) <= SKEW_WARNING else State.WARNING if abs(ahead) <= SKEW_WRONG else State.WRONG
    word = "ahead of" if ahead > timedelta(0) else "behind"
    said = "The clocks agree." if state is State.OK else f"Its clock is {seconds:.0f} s {word} this machine's."
    remedy = "" if state is State.OK else "Let NTP set both clocks, as in: timedatectl set-ntp true"
    return Finding("clock", other, state, said, remedy)


def judge_postgresql(major: int) -> Finding:
    """Judge the server's version."""
    if major < OLDEST_POSTGRESQL:
        said = f"PostgreSQL {major} is too old for the job queue."
        remedy = f"Move to PostgreSQL {OLDEST_POSTGRESQL} or newer; Enlace is tested with 18."
        return Finding("database", "server", State.WRONG, said, remedy)
    return Finding("database", "server", State.OK, f"PostgreSQL {major}.")


def judge_journal(mode: str) -> Finding:
    """Judge SQLite's journal mode: without WAL, readers and the writer block each other."""
    if mode == "wal":
        return Finding("database", "journal", State.OK, "SQLite in WAL mode.")
    said = f"SQLite is in {mode} mode instead of WAL, so pages wait for the worker."
    remedy = "Keep the file on a local disk: network file systems do not support WAL."
    return Finding("database", "journal", State.WRONG, said, remedy)


def judge_team(team: TeamFacts) -> Finding:
    """Judge whether anybody can sign in, and set policy."""
    if not team.users:
        remedy = "Make the first: enlace user create --email YOU@EXAMPLE.COM --role admin"
        return Finding("team", "users", State.WRONG, "Nobody can sign in.", remedy)
    if not team.admins:
        remedy = "Make one: enlace user create --email YOU@EXAMPLE.COM --role admin"
        return Finding("team", "users", State.WARNING, f"{team.users} can sign in, none of them as an admin.", remedy)
    return Finding("team", "users", State.OK, f"{team.users} can sign in, {team.admins} of them as an admin.")


def judge_mailbox(box: MailboxFacts, now: datetime) -> Finding:
    """Judge one mailbox by the first thing that keeps it from being read."""
    state, said, remedy = _off_duty(box) or _locked(box) or _failing(box) or _late(box, now) or _well(box, now)
    return Finding("mailbox", box.address, state, said, remedy)


def judge_ledger(box: Mailbox) -> Finding:
    """Judge what is said of a mailbox everywhere else: its light, with the books that it rests on."""
    states = {Light.GREEN: State.OK, Light.OFF: State.OFF, Light.AMBER: State.WARNING, Light.RED: State.WRONG}
    said = say(box.verdict, english, english_plural)
    booked = f"{box.totals.seen} seen, {box.totals.stored} stored, {box.standing.pending} waiting"
    return Finding("ledger", box.standing.address, states[box.verdict.light], f"{said.sentence} {booked}.", said.remedy)


def english(sentence: str, **facts: object) -> str:
    """Say a sentence in the language that it is written in."""
    return sentence % facts if facts else sentence


def english_plural(one: str, many: str, num: int) -> str:
    """Say the form that fits a number."""
    return (one if num == 1 else many) % {"num": num}


def judge_worker(boxes: Sequence[MailboxFacts], now: datetime) -> Finding:
    """Judge by the oldest date that nobody kept whether a worker ticks."""
    dates = [box.next_sync_at or box.connected_at for box in boxes if box.status == "active"]
    if not dates:
        return Finding("queue", "worker", State.OFF, "No mailbox waits for it.")
    overdue = now - min(dates)
    if overdue > OVERDUE:
        said = f"A mailbox is due for {span(overdue)} and no worker has taken it."
        return Finding("queue", "worker", State.WRONG, said, START_WORKER)
    return Finding("queue", "worker", State.OK, "Whatever is due is taken.")


def judge_backlog(boxes: Sequence[MailboxFacts]) -> Finding:
    """Judge the messages that Gmail named and that are not stored yet."""
    waiting, stuck = sum(b.waiting for b in boxes), sum(b.stuck for b in boxes)
    if stuck:
        said = f"{waiting} messages wait to be read; {stuck} of them failed five times or more."
        remedy = "They are tried again by themselves; the worker's log names the error."
        return Finding("queue", "messages", State.WARNING, said, remedy)
    return Finding("queue", "messages", State.OK, f"{waiting} messages wait to be read.")


def judge_queue(queue: QueueFacts) -> list[Finding]:
    """Judge PostgreSQL's job queue: workers alive, workers that died, jobs that crashed."""
    return [_workers(queue), _jobs(queue)]


def span(length: timedelta) -> str:
    """Write a length of time in its largest unit: "3 h"."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


_Judgement = tuple[State, str, str]


def _off_duty(box: MailboxFacts) -> _Judgement | None:
    if box.status == "disconnected":
        return State.OFF, "Disconnected; its mail is kept.", ""
    if box.status == "paused":
        why = f" ({box.status_reason})" if box.status_reason else ""
        return State.OFF, f"Paused{why}.", f"{box.owner} can resume it on the page My mailboxes."
    if box.status == "reconnect_needed":
        return State.WRONG, f"Google no longer lets us in ({box.status_reason}).", _reconnect(box)
    return None


def _locked(box: MailboxFacts) -> _Judgement | None:
    if box.grant_problem:
        return State.WRONG, "Its grant cannot be opened.", box.grant_problem
    if box.next_sync_at is None:
        return State.WARNING, "No worker has seen it yet.", START_WORKER
    return None


def _failing(box: MailboxFacts) -> _Judgement | None:
    if not box.failures:
        return None
    said = f"The last {box.failures} tries failed ({box.last_error})."
    if box.failures < FAILURES_WRONG:
        return State.WARNING, said, "It is tried again by itself."
    return State.WRONG, said, f"See what Gmail says: enlace doctor --online. Or: {_reconnect(box)}"


def _late(box: MailboxFacts, now: datetime) -> _Judgement | None:
    since = now - (box.last_success_at or box.connected_at)
    is_importing = box.is_listing or box.waiting > 0
    if since <= LATE or is_importing:
        return None
    return State.WRONG, f"It has not been read for {span(since)}.", START_WORKER


def _well(box: MailboxFacts, now: datetime) -> _Judgement:
    if box.last_success_at is None or box.is_listing:
        return State.OK, f"Its mail is being read; {box.waiting} messages wait.", ""
    return State.OK, f"Read {span(now - box.last_success_at)} ago; {box.waiting} messages wait.", ""


def _reconnect(box: MailboxFacts) -> str:
    return f"Connect it anew: enlace mailbox connect --address {box.address} --user {box.owner}"


def _workers(queue: QueueFacts) -> Finding:
    if not queue.workers:
        return Finding("queue", "workers", State.WRONG, "No worker's heart beats.", START_WORKER)
    if queue.dead_workers:
        said = f"{queue.workers} alive, {queue.dead_workers} died at work."
        return Finding("queue", "workers", State.WARNING, said, "What they left is taken up by itself in a minute.")
    return Finding("queue", "workers", State.OK, f"{queue.workers} alive.")


def _jobs(queue: QueueFacts) -> Finding:
    said = f"{queue.waiting} wait, {queue.running} run, {queue.crashed} crashed."
    if queue.crashed:
        remedy = "A mailbox comes due again by itself; the worker's log has the traceback."
        return Finding("queue", "jobs", State.WARNING, said, remedy)
    return Finding("queue", "jobs", State.OK, said)
