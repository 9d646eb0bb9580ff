from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar

from backend.demo.sample.cast import FREE_MAIL, USERS, mailbox_of
from tests.demo.conftest import NOW
from tests.demo.sample.parsed import Read

_TOP_LEVELS = ("example", "test")


def test_there_is_about_as_much_mail_as_a_small_team_has(mails: list[Read]) -> None:
    assert 1300 <= len({mail.id for mail in mails}) <= 1800
    assert len({mail.id for mail in mails}) == len(mails)


def test_every_message_parses_without_a_defect(mails: list[Read]) -> None:
    for mail in mails:
        assert not [part.defects for part in mail.message.walk() if part.defects]
        assert not [name for name, value in mail.message.items() if getattr(value, "defects", ())]
        assert mail.sender
        assert mail.addresses - {mail.sender}


def test_no_mail_goes_out_with_a_hole_in_it(mails: list[Read]) -> None:
    for mail in mails:
        words = f"{mail.message['Subject']}\n{mail.text}"
        assert not re.search(r"[{}]|\[pdf|\bNone\b|(Hello|Hola) ?[,.]\n", words), words
        assert mail.text.strip()


def test_lines_end_in_crlf_and_nowhere_is_a_line_too_long_for_smtp(mails: list[Read]) -> None:
    for mail in mails:
        assert b"\n" not in mail.mail.raw.replace(b"\r\n", b"")
        assert max(map(len, mail.mail.raw.split(b"\r\n"))) <= 998


def test_nothing_is_dated_after_now_and_nothing_before_the_quarter(mails: list[Read]) -> None:
    for mail in mails:
        assert mail.date == mail.mail.at
        assert NOW - timedelta(days=93) < mail.mail.at <= NOW
    assert [mail.mail.at for mail in mails] == sorted(mail.mail.at for mail in mails)


def test_an_answer_names_the_mail_it_answers_and_comes_after_it(mails: list[Read]) -> None:
    by_id = {mail.id: mail for mail in mails}
    answers = [mail for mail in mails if mail.references]
    assert len(answers) > 400
    for mail in answers:
        assert mail.message["In-Reply-To"] == mail.references[-1]
        earlier = [by_id[reference] for reference in mail.references]
        assert [each.mail.at for each in earlier] == sorted(each.mail.at for each in earlier)
        assert earlier[-1].mail.at <= mail.mail.at
        assert earlier[-1].references == mail.references[:-1]


def test_what_is_quoted_is_the_mail_that_is_answered(mails: list[Read]) -> None:
    by_id = {mail.id: mail for mail in mails}
    head = re.compile(r"^(?:On|El) .+<(\S+)>\)? (?:wrote|escribió):\n> (.+)$", re.MULTILINE)
    in_gmail = [mail for mail in mails if mail.references and "\n____" not in mail.text]
    quoting = [(mail, found) for mail in in_gmail if (found := head.search(mail.text))]
    assert len(quoting) > 150
    for mail, found in quoting:
        answered = by_id[mail.references[-1]]
        assert found[1] == answered.sender
        assert answered.text.startswith(found[2])


def test_a_message_lies_in_the_mailboxes_of_those_who_sent_or_received_it(mails: list[Read]) -> None:
    for mail in mails:
        ours = {owner for address in mail.addresses if (owner := mailbox_of(address))}
        boxes = dict(mail.mail.mailboxes)
        assert set(boxes) == ours
        assert ours
        for owner, labels in boxes.items():
            assert ("SENT" in labels) == (owner == mailbox_of(mail.sender))
            assert not {"INBOX", "SPAM"} <= set(labels)


def test_colleagues_share_conversations(mails: list[Read]) -> None:
    from_outside = [mail for mail in mails if mailbox_of(mail.sender) is None and len(mail.mail.mailboxes) > 1]
    assert len(from_outside) >= 5
    reps = {user.email for user in USERS if user.role == "rep"}
    assert any(len(reps & dict(mail.mail.mailboxes).keys()) > 1 for mail in from_outside)


def test_no_address_belongs_to_anybody_real(mails: list[Read]) -> None:
    free = set()
    for mail in mails:
        for address in mail.addresses:
            domain = address.rpartition("@")[2]
            if domain in FREE_MAIL:
                free.add(address)
            else:
                assert domain.rpartition(".")[2] in _TOP_LEVELS, address
        every = set(
            re.findall(
                r"[\w.+-]+@([\w-]+\.[\w.-]*\w)", mail.mail.raw.decode().replace("=\r\n", "").replace("\r\n ", "")
            )
        )
        assert {host for host in every if host.rpartition(".")[2] not in _TOP_LEVELS} <= {*FREE_MAIL, "mail.gmail.com"}
    assert all(".demo@" in address for address in free)
    assert 2 <= len(free) <= 5


def test_both_languages_have_their_share(mails: list[Read]) -> None:
    written = [mail for mail in mails if not mail.is_from_a_machine]
    spanish = sum(
        bool(re.search(r"[¿¡ñ]|\b(el|los|una|para|gracias)\b", mail.text.split("\n> ")[0])) for mail in written
    )
    assert 0.3 < spanish / len(written) < 0.75


def test_every_kind_of_mail_occurs(mails: list[Read]) -> None:
    found: Counter[str] = Counter()
    for mail in mails:
        kinds, headers = mail.kinds, mail.message
        found["newsletter"] += "List-Id" in headers
        found["notification"] += headers["Auto-Submitted"] == "auto-generated"
        found["out of office"] += headers["Auto-Submitted"] == "auto-replied" and "multipart/report" not in kinds
        found["bounce"] += "message/delivery-status" in kinds
        found["html"] += "text/html" in kinds
        found["pdf"] += "application/pdf" in kinds
        found["forwarded"] += "Forwarded message" in mail.text
        found["plus address"] += any("+" in address for address in mail.addresses)
        found["internal"] += all(mailbox_of(address) for address in mail.addresses)
        found["reference"] += "[D-1042]" in str(headers["Subject"])
        found["spam"] += any("SPAM" in labels for _, labels in mail.mail.mailboxes)
        found["own label"] += any(label.startswith("label:") for _, box in mail.mail.mailboxes for label in box)
        found["quoted"] += bool(re.search(r"^(On|El) .+(wrote|escribió):$", mail.text, re.MULTILINE))
    assert min(found.values()) > 0, found
    assert found["newsletter"] > 100
    assert found["notification"] > 100
    assert found["out of office"] > 10


def test_people_are_away_in_several_languages(mails: list[Read]) -> None:
    notes = " ".join(mail.text for mail in mails if mail.message["Auto-Submitted"] == "auto-replied")
    words = ("out of the office", "fuera de la oficina", "nicht im Büro", "fuori ufficio", "absente", "Jag är")
    assert sum(word in notes for word in words) >= 4


def test_invitations_and_their_answers_speak_of_the_same_meeting(mails: list[Read]) -> None:
    events: dict[str, set[str]] = {}
    for mail in mails:
        for part in mail.message.walk():
            if part.get_content_type() == "text/calendar":
                calendar = Calendar.from_ical(part.get_content())
                assert calendar["METHOD"] == part.get_param("method")
                events.setdefault(str(calendar.events[0]["UID"]), set()).add(str(calendar["METHOD"]))
    assert len(events) >= 4
    assert all(methods == {"REQUEST", "REPLY"} for methods in events.values())


def test_meetings_wait_tomorrow_or_on_monday(mails: list[Read]) -> None:
    starts = [
        Calendar.from_ical(part.get_content()).events[0].start
        for mail in mails
        for part in mail.message.walk()
        if part.get_content_type() == "text/calendar"
    ]
    assert any(NOW < start < NOW + timedelta(days=4) for start in starts)


def test_today_several_customers_wait_for_an_answer(mails: list[Read]) -> None:
    answered = {mail.references[-1] for mail in mails if mail.references}
    waiting = [
        mail
        for mail in mails
        if mail.mail.at > NOW - timedelta(hours=8)
        and not mail.is_from_a_machine
        and mailbox_of(mail.sender) is None
        and mail.id not in answered
    ]
    assert len(waiting) >= 8
    assert all("UNREAD" in labels for mail in waiting for _, labels in mail.mail.mailboxes)


def test_people_write_on_working_days_and_by_daylight(mails: list[Read]) -> None:
    written = [mail for mail in mails if not mail.is_from_a_machine and mail.mail.at < NOW - timedelta(days=2)]
    madrid = [mail.mail.at.astimezone(ZoneInfo("Europe/Madrid")) for mail in written if mail.sender.startswith("lucia")]
    assert all(moment.weekday() < 5 for moment in madrid)
    assert sum(8 <= moment.hour < 19 for moment in madrid) > 0.95 * len(madrid)
