"""Everything that goes wrong at Gmail or on the way to it, by name, seeded, as often as one asks.

A fault stands around a verb: it may refuse before the verb runs, lose or spoil the answer after it ran (the change
then stands), or bend the answer. Each has happened to somebody: see the cases of sync and sending.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from random import Random
from threading import Lock

from backend.gmail.emulator import refusals
from backend.gmail.emulator.calls import Call, Json
from backend.gmail.emulator.refusals import Refusal, Wire
from backend.kit.clock import Clock
from backend.kit.errors import UserError

Run = Callable[[], Json]


@dataclass(frozen=True, slots=True)
class Shot:
    """A call that a fault may hit, and what the fault may use: `revoke` takes the mailbox's grant back."""

    call: Call
    random: Random
    clock: Clock
    sleep: Callable[[float], None]
    revoke: Callable[[], None]


Effect = Callable[[Shot, Run], Json]


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault by name: what it does, the verbs that it hits (patterns), and whether only inside a batch."""

    effect: Effect
    verbs: tuple[str, ...] = ("*",)
    only_in_batch: bool = False


@dataclass(slots=True)
class Armed:
    """A fault that was asked for. `times`: how often at most; `skip`: how many calls it first lets pass."""

    kind: Kind
    name: str
    verbs: tuple[str, ...]
    probability: float
    times: int | None
    skip: int
    address: str | None
    hits: int = 0

    def aims_at(self, shot: Shot) -> bool:
        """Whether the fault is meant for this call."""
        is_wanted = any(fnmatchcase(shot.call.verb, pattern) for pattern in self.verbs)
        is_theirs = self.address is None or self.address == shot.call.address
        return is_wanted and is_theirs and (shot.call.in_batch or not self.kind.only_in_batch)


@dataclass
class Faults:
    """The faults that are armed. Without any, calls go straight through."""

    clock: Clock
    seed: int = 0
    sleep: Callable[[float], None] = time.sleep
    armed: list[Armed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - faults are repeatable, not secret
        self._lock = Lock()

    def inject(
        self,
        name: str,
        *,
        probability: float = 1.0,
        times: int | None = None,
        skip: int = 0,
        verbs: tuple[str, ...] = (),
        address: str | None = None,
    ) -> Armed:
        """Arm a fault by its name, and return it: `hits` counts. Raises `UserError` for a name that there is not."""
        if name not in KINDS:
            raise UserError(f"There is no fault “{name}”. Choose from: {', '.join(sorted(KINDS))}.")
        kind = KINDS[name]
        armed = Armed(kind, name, verbs or kind.verbs, probability, times, skip, address)
        self.armed.append(armed)
        return armed

    def clear(self) -> None:
        """Disarm all."""
        self.armed.clear()

    def through(self, call: Call, run: Run, *, revoke: Callable[[], None]) -> Json:
        """Run a call through the first fault that hits it, if one does."""
        if not self.armed:
            return run()
        shot = Shot(call, self._random, self.clock, self.sleep, revoke)
        fault = self._draw(shot)
        return fault.effect(shot, run) if fault else run()

    def _draw(self, shot: Shot) -> Kind | None:
        with self._lock:
            for fault in self.armed:
                if fault.aims_at(shot) and (fault.times is None or fault.hits < fault.times):
                    if fault.skip > 0:
                        fault.skip -= 1
                    elif self._random.random() < fault.probability:
                        fault.hits += 1
                        return fault.kind
        return None


def _refuses(status: int, reason: str, message: str, retry_after_s: int | None = None) -> Effect:
    """Refuse before anything is done."""

    def effect(_: Shot, __: Run) -> Json:
        domain = "usageLimits" if status in {403, 429} else "global"
        raise Refusal(status, reason, message, retry_after_s=retry_after_s, domain=domain)

    return effect


def _loses(status: int, wire: Wire) -> Effect:
    """Do what was asked, and let the answer be lost or spoilt."""

    def effect(_: Shot, run: Run) -> Json:
        raise Refusal(status, "backendError", "Backend Error", wire=wire, answer=run())

    return effect


def _html_page(_: Shot, __: Run) -> Json:
    raise Refusal(502, "badGateway", "Bad Gateway", wire=Wire.HTML)


def _retry_after_in_text(shot: Shot, _: Run) -> Json:
    until = (shot.clock.now() + timedelta(seconds=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise Refusal(429, "rateLimitExceeded", f"User-rate limit exceeded.  Retry after {until}", domain="usageLimits")


def _slow(shot: Shot, run: Run) -> Json:
    shot.sleep(1.0)
    return run()


def _gone(_: Shot, __: Run) -> Json:
    raise refusals.not_found()


def _unauthorized(_: Shot, __: Run) -> Json:
    raise refusals.unauthorized()


def _revoked_grant(shot: Shot, _: Run) -> Json:
    shot.revoke()
    raise refusals.unauthorized()


# Given as pageToken, it leads to the first page.
EMPTY_PAGE_TOKEN = "c2FtZSBwYWdl"  # noqa: S105 - a page token, no secret


def _page_without_history(shot: Shot, run: Run) -> Json:
    """Answer an empty page with a token that leads to the real one."""
    if shot.call.text("pageToken"):
        return run()
    history_id = run()["historyId"]
    return {"historyId": history_id, "nextPageToken": EMPTY_PAGE_TOKEN}


def _late_history(shot: Shot, run: Run) -> Json:
    """Answer as a replica that has not heard of the latest changes yet."""
    answer = run()
    if shot.call.text("pageToken") or "nextPageToken" in answer:
        return answer
    return {"historyId": shot.call.text("startHistoryId")}


def _shuffled(shot: Shot, run: Run) -> Json:
    answer = run()
    for listed in answer.values():
        if isinstance(listed, list):
            shot.random.shuffle(listed)
    return answer


_LISTS = ("messages.list", "threads.list", "history.list")
_SENDS = ("messages.send", "drafts.send")
_RATE_WORDS = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'."

KINDS: dict[str, Kind] = {
    "rate-limit-429": Kind(_refuses(429, "rateLimitExceeded", _RATE_WORDS, retry_after_s=2)),
    "rate-limit-429-silent": Kind(_refuses(429, "rateLimitExceeded", _RATE_WORDS)),
    "rate-limit-429-text": Kind(_retry_after_in_text),
    "rate-limit-429-concurrent": Kind(_refuses(429, "rateLimitExceeded", "Too many concurrent requests for user.")),
    "rate-limit-403": Kind(_refuses(403, "rateLimitExceeded", "Rate Limit Exceeded")),
    "user-rate-limit-403": Kind(_refuses(403, "userRateLimitExceeded", "User Rate Limit Exceeded")),
    "quota-403": Kind(_refuses(403, "dailyLimitExceeded", "Daily Limit Exceeded")),
    "rate-limit-in-batch": Kind(
        _refuses(429, "rateLimitExceeded", "Too many concurrent requests for user."), only_in_batch=True
    ),
    "sending-limit-403": Kind(_refuses(403, "dailyLimitExceeded", "Daily user sending limit exceeded."), _SENDS),
    "sending-limit-429": Kind(_refuses(429, "rateLimitExceeded", "User-rate limit exceeded.  (Mail sending)"), _SENDS),
    "bad-request-batch": Kind(_refuses(400, "badRequest", "The batch request could not be processed."), ("batch",)),
    "permission-denied": Kind(_refuses(403, "insufficientPermissions", "Insufficient Permission")),
    "server-error-500": Kind(_refuses(500, "backendError", "Backend Error")),
    "server-error-502": Kind(_refuses(502, "badGateway", "Bad Gateway")),
    "server-error-503": Kind(_refuses(503, "backendError", "The service is currently unavailable.")),
    "server-error-504": Kind(_refuses(504, "gatewayTimeout", "Deadline expired before operation could complete.")),
    "html-page": Kind(_html_page),
    "cut": Kind(_loses(200, Wire.CUT)),
    "truncated-json": Kind(_loses(200, Wire.TRUNCATED)),
    "slow": Kind(_slow),
    "lost-answer": Kind(_loses(200, Wire.SILENT)),
    "accepted-503": Kind(_loses(503, Wire.JSON)),
    "expired-history": Kind(_gone, ("history.list",)),
    "revoked-grant": Kind(_revoked_grant),
    "unauthorized": Kind(_unauthorized),
    "unauthorized-in-batch": Kind(_unauthorized, only_in_batch=True),
    "page-without-history": Kind(_page_without_history, ("history.list",)),
    "late-history": Kind(_late_history, ("history.list",)),
    "unordered-lists": Kind(_shuffled, _LISTS),
    "gone-on-get": Kind(_gone, ("messages.get", "threads.get")),
}
