"""Which mail is correspondence, and which is not."""

from __future__ import annotations

import pytest

from backend.mail.normalise import normalise
from backend.mail.shapes import Kind
from tests.mail.letters import delivery_report, letter, mixed


def kind_of(**headers: str) -> Kind:
    return normalise(letter(**headers)).kind


@pytest.mark.parametrize(
    "subject",
    ["Your offer", "Re: Out of office", "RE: Automatic reply: offer", "Re: Undeliverable: offer",
     "AW: Abwesenheitsnotiz",
     "On vacation next week", "Undeliverable goods", "Failure notice of the engine",
     "Delivery report for May", "En congés"],
)  # fmt: skip
def test_a_person_stays_a_person_whatever_the_subject(subject: str) -> None:
    assert kind_of(Subject=subject) is Kind.PERSON


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Auto-Response-Suppress", "All"),
        ("Auto-Submitted", "no"),
        ("Auto-Submitted", "no (a person)"),
        ("Precedence", "first-class"),
    ],
)
def test_headers_that_mark_nothing_leave_a_person_a_person(name: str, value: str) -> None:
    assert kind_of(**{name: value}) is Kind.PERSON


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Auto-Submitted", "auto-replied"),
        ("Auto-Submitted", "auto-replied; owner-email=dora@north.example"),
        ("auto-submitted", "AUTO-NOTIFIED"),
        ("X-Autoreply", "yes"),
        ("X-Autorespond", "offer"),
        ("Precedence", "auto_reply"),
        ("Return-Path", "<>"),
    ],
)
def test_automatic_replies_are_told_by_their_headers(name: str, value: str) -> None:
    assert kind_of(**{name: value}) is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    ["Out of Office: offer", "Automatic reply: offer", "Respuesta automática: oferta", "Réponse automatique : offre",
     "Automatische Antwort: Angebot", "Abwesenheitsnotiz", "Risposta automatica: offerta",
     "Resposta automática: oferta",
     "Automatisch antwoord: offerte", "Autosvar: tilbud", "Automatiskt svar: offert", "Automaattinen vastaus: tarjous",
     "Automatyczna odpowiedź: oferta", "Автоответ: предложение", "自动回复: 报价", "自動返信: 見積",
     "Otomatik yanıt: teklif"],
)  # fmt: skip
def test_automatic_replies_are_told_by_their_subject_in_many_languages(subject: str) -> None:
    assert kind_of(Subject=subject) is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("List-Id", "News <news.north.example>"),
        ("List-Unsubscribe", "<mailto:leave@north.example>"),
        ("Precedence", "bulk"),
        ("Precedence", " List"),
        ("Auto-Submitted", "auto-generated"),
        ("Feedback-ID", "1:2:3:north"),
        ("From", "North <no-reply@north.example>"),
        ("From", "notifications@north.example"),
    ],
)
def test_lists_newsletters_and_notifications_are_bulk(name: str, value: str) -> None:
    assert kind_of(**{name: value}) is Kind.BULK


@pytest.mark.parametrize("method", ["REQUEST", "REPLY", "CANCEL"])
def test_invitations_and_their_answers_are_calendar_even_from_a_robot(method: str) -> None:
    invitation = mixed(
        ("Content-Type: text/plain", "Meet?"),
        (f"Content-Type: text/calendar; method={method}", "BEGIN:VCALENDAR"),
        From="Calendar <no-reply@north.example>",
    )
    assert normalise(invitation).kind is Kind.CALENDAR


def test_a_calendar_file_without_a_method_is_only_an_attachment() -> None:
    assert (
        normalise(mixed(("Content-Type: text/plain", "Hi"), ("Content-Type: text/calendar", "x"))).kind is Kind.PERSON
    )


def test_delivery_reports_are_bounces_although_auto_generated() -> None:
    report = delivery_report("Final-Recipient: rfc822; bob@x.example\r\n", Auto_Submitted="auto-generated")
    assert normalise(report).kind is Kind.BOUNCE


@pytest.mark.parametrize(
    "headers",
    [
        {"From": "MAILER-DAEMON@mx.example", "Subject": "hello"},
        {"X-Failed-Recipients": "bob@x.example"},
        {"From": "postmaster@x.example", "Subject": "Undeliverable: offer"},
        {"Return-Path": "<>", "Subject": "[SPAM?] Delivery Status Notification (Failure)"},
        {"Auto-Submitted": "auto-replied", "Subject": "Mail delivery failed: returning message to sender"},
        {"From": "", "Subject": "failure notice"},
        {"Return-Path": "<>", "Subject": "Non remis : offre"},
        {"Return-Path": "<>", "Subject": "Unzustellbar: Angebot"},
        {"Return-Path": "<>", "Subject": "No se puede entregar: oferta"},
    ],
)
def test_bounces_without_a_report_are_told_by_sender_and_subject(headers: dict[str, str]) -> None:
    assert kind_of(**headers) is Kind.BOUNCE


def test_complaints_and_receipts_are_no_correspondence() -> None:
    complaint = mixed(
        ("Content-Type: message/feedback-report", "Feedback-Type: abuse"), subtype="report; report-type=feedback-report"
    )
    receipt = mixed(
        ("Content-Type: message/disposition-notification", "Disposition: displayed"),
        subtype="report; report-type=disposition-notification",
    )
    assert normalise(complaint).kind is Kind.BOUNCE
    assert normalise(receipt).kind is Kind.AUTO_REPLY


def test_every_verdict_names_its_evidence() -> None:
    assert normalise(letter(**{"List-Id": "<news.north.example>"})).why == "list-id header"
    assert normalise(letter()).why


def test_the_postmaster_who_tells_of_a_mail_is_known_whatever_the_subject() -> None:
    assert kind_of(From="postmaster@north.example", Return_Path="<>", Subject="E") is Kind.BOUNCE
    assert kind_of(From="post_master@north.example", In_Reply_To="<1@acme.example>", Subject="Re: Hi") is Kind.BOUNCE
    assert kind_of(From="postmaster@north.example", Subject="Our new address") is Kind.BULK


@pytest.mark.parametrize("told", ['{"notificationType":"%s"}', '{"Message" : "{\\"notificationType\\":\\"%s\\"}"}'])
def test_amazon_tells_of_a_bounce_by_a_notification(told: str) -> None:
    for word, kind in (("Bounce", Kind.BOUNCE), ("Delivery", Kind.BULK)):
        mail = letter(told % word, From="no-reply@sns.amazonaws.com", **{"x-amz-sns-message-id": "1"})
        assert normalise(mail).kind is kind
