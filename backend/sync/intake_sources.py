"""What the doors on what comes in need besides: the effect of a change, and the next tick for the deed.

Gmail is asked for label names between transactions, and only where rules name labels at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from backend.accounts.guards import current_actor
from backend.accounts.shapes import MailboxStatus
from backend.accounts.tables import Mailbox
from backend.gmail.errors import GmailError
from backend.privacy.shapes import ImportPolicy, ImportRules, PolicyKind
from backend.privacy.store.policies import mailboxes_under, rules_for
from backend.sync.effects import Effect, effect_of
from backend.sync.store import make_due
from backend.web.house import house

RulesOf = Callable[[Session, Mailbox], ImportRules]


def effect_of_policy(kind: PolicyKind, mailbox_id: int | None, policy: ImportPolicy | None) -> Effect:
    """What choosing a policy would do to the mailbox, or to all of the team's."""
    return effect_of_rules(mailbox_id, lambda session, box: rules_for(session, box, proposed=(kind, policy)))


def effect_of_rules(mailbox_id: int | None, rules_of: RulesOf) -> Effect:
    """What other rules would do to the mailbox (None: all of the team's)."""
    actor = current_actor()
    with house().db.read() as session:
        boxes = mailboxes_under(session, actor.workspace_id, mailbox_id)
        rules = {box.id: rules_of(session, box) for box in boxes}
    names = {i: _label_names(i) for i, r in rules.items() if r.labels_in or r.labels_out}
    with house().db.read() as session:
        return effect_of(session, house().clock, actor, rules, names)


def _label_names(mailbox_id: int) -> Mapping[str, str]:
    """The mailbox's labels by Gmail's ids, in small letters; none where Gmail does not answer."""
    try:
        return {label.id: label.name.strip().casefold() for label in house().connect(mailbox_id).labels()}
    except GmailError:
        return {}


def settle_soon(session: Session, mailbox_id: int | None) -> tuple[str, ...]:
    """Let the mailbox (None: all of the team's) be brought into line at the next tick; returns who waits, as below."""
    for mailbox in mailboxes_under(session, current_actor().workspace_id, mailbox_id):
        make_due(session, mailbox.id, house().clock.now())
    return resting(session, mailbox_id)


def resting(session: Session, mailbox_id: int | None) -> tuple[str, ...]:
    """Addresses of mailboxes that are not being read: their stored mail follows the rules when they are again."""
    boxes = mailboxes_under(session, current_actor().workspace_id, mailbox_id)
    return tuple(box.address for box in boxes if box.status != MailboxStatus.ACTIVE)
