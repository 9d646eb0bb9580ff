"""Whether a fetched mail comes in: privacy's rules, asked before a word of it is stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from backend.accounts.tables import Mailbox
from backend.gmail.shapes import Label
from backend.kit.clock import from_epoch_ms
from backend.mail.shapes import Kind, Participant
from backend.mail.store import Incoming
from backend.privacy.rules.admission import label_refusal, list_query, refusal
from backend.privacy.shapes import ImportRules, MailFacts, Refused
from backend.privacy.store.policies import rules_for
from backend.records.store.lookup import addresses_taken
from backend.sync.shapes import SkipReason

Skipped = dict[tuple[str, str], tuple[SkipReason, str]]


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules of one mailbox, with what they need to be asked. `label_names` are in small letters, by Gmail's id."""

    workspace_id: int = 0
    rules: ImportRules = field(default_factory=ImportRules)
    label_names: Mapping[str, str] = field(default_factory=dict)
    is_ours: Callable[[str], bool] = bool

    @property
    def query(self) -> str | None:
        """What Gmail's list is asked for; None: everything."""
        return list_query(self.rules)

    def judge(self, session: Session, incoming: Sequence[Incoming]) -> tuple[tuple[Incoming, ...], Skipped]:
        """Divide fetched mail into what comes in and what is skipped."""
        if self.rules.is_open:
            return tuple(incoming), {}
        facts = [self._facts_of(item) for item in incoming]
        refusals = self.refusals(session, facts)
        admitted = [item for item, refused in zip(incoming, refusals, strict=True) if refused is None]
        skipped = {
            (item.gmail.id, item.gmail.thread_id): skip_of(refused)
            for item, refused in zip(incoming, refusals, strict=True)
            if refused is not None
        }
        return tuple(admitted), skipped

    def _facts_of(self, item: Incoming) -> MailFacts:
        sender, sent_at = item.mail.sender, from_epoch_ms(item.gmail.internal_date_ms)
        return self.facts(
            item.mail.kind, item.mail.participants, sender.key if sender else "", item.gmail.label_ids, sent_at
        )

    def facts(
        self, kind: Kind, people: Iterable[Participant], sender_key: str, label_ids: Iterable[str], sent_at: datetime
    ) -> MailFacts:
        """What rules ask of a mail. A delivery report is about mail of ours, so its people count as known."""
        keys = list(dict.fromkeys(p.address.key for p in people))
        return MailFacts(
            sent_at=sent_at,
            label_names=self.names(label_ids),
            sender_key=sender_key,
            others=tuple(key for key in keys if not self.is_ours(key)),
            has_people=bool(keys),
            knows=True if kind is Kind.BOUNCE else None,
        )

    def refusals(self, session: Session, mails: Sequence[MailFacts]) -> list[Refused | None]:
        """Why each mail stays out; None where it comes in."""
        contacts: Collection[str] = ()
        if self.rules.is_known_only:
            contacts = addresses_taken(session, self.workspace_id, {key for m in mails for key in m.others})
        return [refusal(_with_known(m, contacts), self.rules) for m in mails]

    def label_refusal(self, label_ids: Iterable[str]) -> Refused | None:
        """Why these labels keep a mail out."""
        return label_refusal(self.names(label_ids), self.rules)

    def names(self, label_ids: Iterable[str]) -> frozenset[str]:
        """Labels as rules name them."""
        return frozenset(self.label_names.get(i, i.casefold()) for i in label_ids)


def _with_known(mail: MailFacts, contacts: Collection[str]) -> MailFacts:
    return mail if mail.knows else replace(mail, knows=any(key in contacts for key in mail.others))


def skip_of(refused: Refused) -> tuple[SkipReason, str]:
    """A refusal as the queue notes it."""
    return SkipReason(refused.why.value), refused.detail


def admission_of(
    session: Session, mailbox: Mailbox, labels: Iterable[Label], is_ours: Callable[[str], bool]
) -> Admission:
    """What holds for a mailbox now."""
    names = {label.id: label.name.strip().casefold() for label in labels}
    return Admission(mailbox.workspace_id, rules_for(session, mailbox), names, is_ours)
