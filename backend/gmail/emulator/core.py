"""The emulator: its mailboxes, and the one way in which both doors call a verb."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.gmail.emulator import push, refusals
from backend.gmail.emulator.calls import Call, Json
from backend.gmail.emulator.delivery import ARRIVED, Outside, PostOffice
from backend.gmail.emulator.faults import EMPTY_PAGE_TOKEN, Faults
from backend.gmail.emulator.listing import expire_history
from backend.gmail.emulator.mailbox import Mailbox, Stored, open_mailbox
from backend.gmail.emulator.quota import Quota
from backend.gmail.emulator.render import masked
from backend.gmail.emulator.signing import Signer
from backend.gmail.emulator.store import Store
from backend.gmail.emulator.verbs.request import Request
from backend.gmail.emulator.verbs.table import VERBS, Verb
from backend.kit.clock import Clock, SystemClock
from backend.kit.errors import UserError


class Emulator:
    """A Gmail with several mailboxes. Safe to share between threads.

    `path`: a file that keeps the state over restarts; None for a temporary one. The same seed, clock and sequence of
    calls give the same ids.
    """

    def __init__(self, path: Path | None = None, *, clock: Clock | None = None, seed: int = 0) -> None:
        self.clock = clock or SystemClock()
        self.store = Store(path, clock=self.clock, seed=seed)
        self.post = PostOffice(self.store)
        self.quota = Quota(self.clock)
        self.faults = Faults(self.clock, seed)
        self.signer = Signer(self.clock)
        self.on_notices: Callable[[], None] = lambda: None

    def close(self) -> None:
        """Close the state."""
        self.store.close()

    def add_mailbox(self, address: str, *, display_name: str = "", aliases: Iterable[str] = ()) -> Mailbox:
        """Return the mailbox of that address, made where there is none, with its aliases. Raises `UserError`."""
        if "@" not in address.strip("@ "):
            raise UserError(f"“{address}” is no address. Name the mailbox's owner in full, such as ana@example.com.")
        mailbox = open_mailbox(self.store, address, display_name=display_name)
        with self.store.transaction():
            for alias in aliases:
                mailbox.add_alias(alias)
        return mailbox

    def addresses(self) -> list[str]:
        """Return the primary address of every mailbox."""
        return [address for (address,) in self.store.rows("SELECT address FROM mailbox ORDER BY id")]

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox of a primary address. Raises a 404."""
        found = self.store.row("SELECT id, address FROM mailbox WHERE address = ?", address.strip().lower())
        if found is None:
            raise refusals.not_found()
        return Mailbox(self.store, *found)

    # The one way in

    def call(self, call: Call) -> Json:
        """Answer a verb with Gmail's JSON, or raise a `Refusal`.

        What a fault does to an answer that was given comes after the change is kept, as in life.
        """
        verb = VERBS[call.verb]
        mailbox = self._entered(call.address)
        self.quota.charge(call.address, call.verb, verb.units)
        request = _request(call, mailbox, self.post)
        answer = self.faults.through(call, lambda: self._run(verb, request), revoke=lambda: self.revoke(call.address))
        return dict(masked(answer, call.text("fields")))

    def around_batch(self, address: str, run: Callable[[], None]) -> None:
        """Run the parts of a batch; a fault on the verb "batch" may refuse or lose it as a whole."""

        def all_parts() -> Json:
            run()
            return {}

        self.faults.through(Call(address, "batch"), all_parts, revoke=lambda: self.revoke(address))

    def _entered(self, address: str) -> Mailbox:
        """Return the mailbox that a call is for. Raises a 401 where the grant was taken back, else a 404."""
        sql = """SELECT b.id, b.address, r.address FROM mailbox b LEFT JOIN revoked r ON r.address = b.address
            WHERE b.address = ?"""
        found = self.store.row(sql, address.strip().lower())
        if found is None:
            raise refusals.not_found()
        if found[2] is not None:
            raise refusals.unauthorized()
        return Mailbox(self.store, *found[:2])

    def _run(self, verb: Verb, request: Request) -> Json:
        with self.changing() if verb.changes else self.store.reading():
            return verb.run(request)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep everything that the block changes, or nothing; then tell the watchers."""
        with self.store.transaction():
            yield
            changed, self.store.changed = self.store.changed, {}
            has_notices = push.publish(self.store, changed) > 0
        if has_notices:
            self.on_notices()

    # What happens outside the API

    def deliver(self, raw: bytes, recipients: Iterable[str] = (), labels: Iterable[str] = ARRIVED) -> list[Stored]:
        """Let mail arrive from outside, at the recipients given, else at all whom it names that live here."""
        with self.changing():
            return self.post.deliver(raw, recipients, labels)

    def answer_outside(self, outside: Outside | None) -> None:
        """Set who answers mail to addresses that live elsewhere: `outside(sender, recipient, raw)` → mail or None."""
        self.post.outside = outside

    def expire_history(self, address: str) -> None:
        """Forget a mailbox's history: every historyId before the present one answers 404 from now on."""
        with self.store.transaction():
            expire_history(self.mailbox(address))

    def revoke(self, address: str) -> None:
        """Take back every grant to a mailbox: 401, and `invalid_grant` at refresh, until it is granted anew."""
        with self.store.transaction():
            self.store.execute("INSERT OR IGNORE INTO revoked VALUES (?)", address.lower())
            self.store.execute("DELETE FROM access_token WHERE address = ?", address.lower())
            self.store.execute("DELETE FROM grant_given WHERE address = ?", address.lower())

    def grant(self, address: str) -> None:
        """Let the mailbox be entered again."""
        self.store.execute("DELETE FROM revoked WHERE address = ?", address.lower())

    def is_revoked(self, address: str) -> bool:
        """Whether the grant to the mailbox was taken back."""
        return self.store.row("SELECT 1 FROM revoked WHERE address = ?", address.lower()) is not None


def _request(call: Call, mailbox: Mailbox, post: PostOffice) -> Request:
    query = {name: [x for x in values if x != EMPTY_PAGE_TOKEN] for name, values in call.query.items()}
    return Request(mailbox, post, call.ids, query, call.body, call.media)
