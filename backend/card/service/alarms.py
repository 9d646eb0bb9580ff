"""Whether mail of the reader's own mailboxes is missing."""

from __future__ import annotations

from backend.card import facts
from backend.card.service.visit import Visit
from backend.sync.ledger import rules, words
from backend.sync.ledger.service import look_at


def alarm_of(visit: Visit) -> facts.Alarm | None:
    """The gravest trouble of the reader's own mailboxes, as the ledger has it; None where all is well."""
    boxes = look_at(
        visit.session, visit.now, visit.workspace_id, user_id=visit.actor.user_id, is_with_totals=False
    )  # fmt: skip
    worst = rules.worst(box.verdict for box in boxes)
    if worst is None or not worst.is_alarm:
        return None
    said = words.say(worst, visit.words.gettext, visit.words.ngettext)
    box = next(box.standing for box in boxes if box.verdict is worst)
    return facts.Alarm(box.address, said.sentence, said.remedy, visit.url(f"/settings/mailboxes/{box.mailbox_id}"))
