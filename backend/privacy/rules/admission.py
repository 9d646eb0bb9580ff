"""What of a mailbox comes in: policies narrowed down to rules, and rules asked about a mail.

Each mail is judged before a word of it is stored. The first reason counts, the cheapest first: age, labels, people.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import blake2b

from backend.mail.addresses import domain_of, registrable_domain
from backend.privacy.shapes import ExclusionKind, ImportPolicy, ImportRules, MailFacts, Refusal, Refused

MARGIN = timedelta(days=1)  # Gmail's list goes by its own day; the mails of that day are judged one by one


def narrowed(
    own: ImportPolicy,
    bounds: ImportPolicy,
    connected_at: datetime,
    excluded: Iterable[tuple[ExclusionKind, str]] = (),
) -> ImportRules:
    """What holds for a mailbox: its own choice (or the team's default), never more than the bounds let in."""
    kinds: dict[ExclusionKind, set[str]] = {}
    for kind, value in excluded:
        kinds.setdefault(kind, set()).add(value)
    return ImportRules(
        since=max((s for p in (own, bounds) for s in beginnings(p, connected_at)), default=None),
        labels_in=_names(own.labels_in),
        labels_out=_names(own.labels_out) | _names(bounds.labels_out),
        is_known_only=own.is_known_only or bounds.is_known_only,
        keeps_internal=own.keeps_internal and bounds.keeps_internal,
        excluded={kind: frozenset(values) for kind, values in kinds.items()},
    )


def beginnings(policy: ImportPolicy, connected_at: datetime) -> list[datetime]:
    """The moments before which a policy takes nothing in."""
    back = None if policy.months is None else months_before(connected_at, policy.months)
    return [moment for moment in (policy.since, back) if moment is not None]


def months_before(moment: datetime, months: int) -> datetime:
    """The same day so many months earlier, or that month's last."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _names(labels: Iterable[str]) -> frozenset[str]:
    return frozenset(label.strip().casefold() for label in labels if label.strip())


def refusal(mail: MailFacts, rules: ImportRules) -> Refused | None:
    """Why a mail stays out; None where it comes in."""
    if rules.since is not None and mail.sent_at < rules.since:
        return Refused(Refusal.WINDOW, f"{mail.sent_at:%Y-%m-%d}")
    by_label = label_refusal(mail.label_names, rules)
    if by_label is not None:
        return by_label
    if mail.has_people and not mail.others and not rules.keeps_internal:
        return Refused(Refusal.INTERNAL)
    by_exclusion = excluded_value(mail.sender_key, mail.others, rules.excluded)
    if by_exclusion is not None:
        return Refused(Refusal.EXCLUDED, by_exclusion)
    if rules.is_known_only and mail.others and mail.knows is False:
        return Refused(Refusal.UNKNOWN, marks_of(mail.others))
    return None


def label_refusal(label_names: Collection[str], rules: ImportRules) -> Refused | None:
    """Why labels (in small letters) keep a mail out."""
    out = sorted(rules.labels_out.intersection(label_names))
    if out:
        return Refused(Refusal.LABEL, out[0])
    if rules.labels_in and rules.labels_in.isdisjoint(label_names):
        return Refused(Refusal.LABEL)
    return None


def excluded_value(
    sender_key: str, others: Collection[str], excluded: Mapping[ExclusionKind, frozenset[str]]
) -> str | None:
    """The address or domain that keeps a mail out: its sender's, or one of the outsiders' where all are excluded."""
    if not any(excluded.values()):
        return None
    if sender_key and (value := _excluding(sender_key, excluded)):
        return value
    values = [_excluding(key, excluded) for key in others]
    return values[0] if values and all(values) else None


def _excluding(key: str, excluded: Mapping[ExclusionKind, frozenset[str]]) -> str | None:
    if key in excluded.get(ExclusionKind.ADDRESS, ()):
        return key
    domain = registrable_domain(domain_of(key))
    return domain if domain and domain in excluded.get(ExclusionKind.DOMAIN, ()) else None


def marks_of(keys: Collection[str], most: int = 20) -> str:
    """Short digests of addresses: enough to find a skipped mail again once one is a contact, and no address kept."""
    return " ".join(sorted(mark_of(key) for key in list(keys)[:most]))


def mark_of(key: str) -> str:
    """The digest of one address."""
    return blake2b(key.encode(), digest_size=6).hexdigest()


def still_refused(why: Refusal, detail: str, rules: ImportRules) -> bool:
    """Whether a mail that was refused so would be refused again, as far as that can be told without its content."""
    if why is Refusal.WINDOW:
        return rules.since is not None and detail < f"{rules.since:%Y-%m-%d}"
    if why is Refusal.LABEL:
        return detail in rules.labels_out if detail else bool(rules.labels_in)
    if why is Refusal.INTERNAL:
        return not rules.keeps_internal
    if why is Refusal.EXCLUDED:
        return any(detail in values for values in rules.excluded.values())
    return rules.is_known_only


def list_query(rules: ImportRules) -> str | None:
    """The rules as Gmail's search has them, so that what they rule out is not even listed; None: everything.

    Gmail's list may name a day's mails too many (`MARGIN`): `refusal` judges those. Dashes stand for blanks in labels.
    """
    words = []
    if rules.since is not None:
        words.append(f"after:{int((rules.since - MARGIN).timestamp())}")
    if rules.labels_in:
        words.append("{" + " ".join(map(_label, sorted(rules.labels_in))) + "}")
    words += [f"-{_label(name)}" for name in sorted(rules.labels_out)]
    return " ".join(words) or None


def _label(name: str) -> str:
    category = name.removeprefix("category_")
    return (
        "label:" + "".join("-" if c in ' /(){}"' else c for c in name) if category == name else f"category:{category}"
    )


def digest(rules: ImportRules) -> str:
    """Rules in 32 hex digits; the same rules give the same digits on every machine."""
    plain = asdict(rules) | {"excluded": sorted((k.value, sorted(v)) for k, v in rules.excluded.items())}
    text = json.dumps(plain, sort_keys=True, default=_plain)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else sorted(value)  # type: ignore[call-overload]  # a set
