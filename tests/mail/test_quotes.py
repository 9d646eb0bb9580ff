"""What was written now, and what was there before."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.mail.quotes import split_reply

ATTRIBUTIONS = [
    "On Mon, Jan 5, 2026 at 9:00 AM Bob Stone <bob@x.example> wrote:",
    "On Mon, Jan 5, 2026 at 9:00 AM Bob Stone <\nbob@x.example> wrote:",
    "On 5 January 2026, at 09:00,\nBob Stone <bob@x.example>\nwrote:",
    "El lun, 5 ene 2026 a las 9:00, Bob Stone (<bob@x.example>) escribió:",
    "Le lun. 5 janv. 2026 à 09:00, Bob Stone <bob@x.example> a écrit :",
    "Am Mo., 5. Jan. 2026 um 09:00 Uhr schrieb Bob Stone <bob@x.example>:",
    "Bob Stone <bob@x.example> schrieb am Mo., 5. Jan. 2026,\n09:00:",
    "Il giorno lun 5 gen 2026 alle ore 09:00 Bob Stone <bob@x.example> ha scritto:",
    "Em seg., 5 de jan. de 2026 às 09:00, Bob Stone <bob@x.example> escreveu:",
    "Op ma 5 jan 2026 om 09:00 schreef Bob Stone <bob@x.example>:",
    "pon., 5 sty 2026 o 09:00 Bob Stone <bob@x.example> napisał(a):",
    "Den mån 5 jan. 2026 kl 09:00 skrev Bob Stone <bob@x.example>:",
    "man. 5. jan. 2026 kl. 09.00 skrev Bob Stone <bob@x.example>:",
    "ma 5. tammik. 2026 klo 9.00 Bob Stone <bob@x.example> kirjoitti:",
    "пн, 5 янв. 2026 г. в 09:00, Bob Stone <bob@x.example>:",
    "пн, 5 січ. 2026 р. о 09:00 Bob Stone <bob@x.example> пише:",
    "po 5. 1. 2026 v 9:00 odesílatel Bob Stone <bob@x.example> napsal:",
    "5 Oca 2026 Pzt, 09:00 tarihinde Bob Stone <bob@x.example> şunu yazdı:",
    "Bob Stone <bob@x.example> 于2026年1月5日周一 09:00写道：",
    "2026年1月5日(月) 9:00 Bob Stone <bob@x.example>:",
    "2026년 1월 5일 (월) 오전 9:00, Bob Stone <bob@x.example>님이 작성:",
    "2026-01-05 9:00 GMT+01:00 Bob Stone",
    "---- On Mon, 05 Jan 2026 09:00:00 +0100 bob@x.example wrote ----",
]
HEADER_BLOCKS = [
    "From: Bob Stone <bob@x.example>\nSent: Monday, January 5, 2026 9:00\nTo: Alice\nSubject: Offer",
    "*From:* Bob Stone\n*Sent:* Monday\n*To:* Alice\n*Subject:* Offer",
    "De: Bob Stone\nEnviado el: lunes, 5 de enero de 2026 9:00\nPara: Alice\nAsunto: Oferta",
    "De : Bob Stone\nEnvoyé le : lundi 5 janvier 2026\nÀ : Alice\nObjet : Offre",
    "Von: Bob Stone\nGesendet: Montag, 5. Januar 2026\nAn: Alice\nBetreff: Angebot",
    "Da: Bob Stone\nInviato: lunedì 5 gennaio 2026\nA: Alice\nOggetto: Offerta",
    "От: Bob Stone\nОтправлено: 5 января 2026\nКому: Alice",
    "发件人: Bob Stone\n发送时间: 2026年1月5日\n收件人: Alice\n主题: 报价",
    "-----Original Message-----",
    "-------- Mensaje original --------",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("quoted", ["> Old words.", "\n> Old words.\n>\n> More.", "\nOld words, unmarked."])
def test_the_line_above_the_quote_is_known_in_many_languages(attribution: str, quoted: str) -> None:
    reply = split_reply(f"Fine with us.\n\nDora\n\n{attribution}\n{quoted}\n")
    assert reply.text == "Fine with us.\n\nDora"
    assert "Old words" in reply.quoted


@pytest.mark.parametrize("block", HEADER_BLOCKS)
def test_an_earlier_message_below_its_headers_is_quoted(block: str) -> None:
    reply = split_reply(f"Fine with us.\n\n{block}\n\nOld words.")
    assert reply.text == "Fine with us."
    assert reply.quoted.endswith("Old words.")


@pytest.mark.parametrize("block", HEADER_BLOCKS)
def test_a_mail_that_only_forwards_says_what_it_forwards(block: str) -> None:
    assert "News." in split_reply(f"{block}\n\nNews.").text


@pytest.mark.parametrize(
    "text",
    [
        "On the other hand, we could start on Monday.\nOn average it works.",
        "On Thursday.",
        "On Thursday:\n\nwe meet.",
        "From: Paris\nTo: Lyon\nDate: May 5\n\nPlease quote a price for this transport.",
        "Sent from my desk, this takes a while.",
        "Points:\n-- one\n-- two\n\nThanks!",
        "## Plan\n----\n\n1. Start\n\n----\n\nThat is all.",
        "These times suit us:\n\n2026-01-05 14:30\n05.01.2026 14:30",
        "?",
        "He wrote:\n\n- yes\n- no",
        "At 12:30 we talk about what Bob wrote:",
        "Hello.\n\nAt 12:30 Bob wrote:\n\n- yes\n- no",
        "Hello.\n\nSent from my desk, this takes a while.",
        "Please write:\n\nTo: sales@x.example\nSubject: order\nDate: today",
    ],
)
def test_new_text_that_looks_like_a_quote_stays(text: str) -> None:
    assert split_reply(text).text == text


def test_a_short_answer_above_a_quoted_attribution_stays() -> None:
    text = "On Thursday.\n\n> On Jan 5, 2026, at 9:00, Bob Stone <bob@x.example> wrote:\n>\n> When?"
    assert split_reply(text).text == "On Thursday."


def test_a_quote_that_starts_with_its_attribution_takes_nothing_from_above() -> None:
    reply = split_reply("Fine.\n\nThanks,\nDora\n> On 05.01.2026 9:00, Bob Stone wrote:\n\n> When?")
    assert reply.text == "Fine.\n\nThanks,\nDora"


def test_an_attribution_does_not_reach_over_an_empty_line() -> None:
    assert split_reply("On Thursday 5.12.2024.\n\nBob wrote:\n> When?").text == "On Thursday 5.12.2024.\n\nBob wrote:"


def test_an_answer_below_the_quote_is_the_new_text() -> None:
    reply = split_reply("On Mon, Jan 5, 2026 at 9:00 AM Bob <bob@x.example> wrote:\n> When?\n\nOn Friday.")
    assert reply.text == "On Friday."
    assert "When?" in reply.quoted


def test_answers_between_quotes_keep_them_as_context() -> None:
    reply = split_reply("> When?\nOn Friday.\n> Where?\nHere.\n> Bye")
    assert reply.text == "On Friday.\n> Where?\nHere."
    assert reply.quoted == "> When?\n> Bye"


def test_a_reply_without_a_word_of_its_own_is_empty() -> None:
    assert split_reply("On Mon, Jan 5, 2026 at 9:00 AM Bob <bob@x.example> wrote:\n> When?").text == ""


@pytest.mark.parametrize(
    "signature",
    ["-- \nDora Lane\nNorth Ltd", "--\nDora Lane", "—\nDora", "Sent from my iPhone", "Enviado desde mi iPhone",
     "Get Outlook for iOS<https://aka.example/x>", "Von meinem iPhone gesendet", "Envoyé de mon iPhone"],
)  # fmt: skip
def test_signatures_are_set_apart(signature: str) -> None:
    for rest in ("", "\n\nOn Mon, Jan 5, 2026 at 9:00 AM Bob <bob@x.example> wrote:\n> When?"):
        reply = split_reply(f"On Friday.\n\n{signature}{rest}")
        assert reply.text == "On Friday."
        assert reply.signature == signature


def test_a_signature_too_long_to_be_one_stays_in_the_text() -> None:
    assert "line 39" in split_reply("Hi\n--\n" + "\n".join(f"line {n}" for n in range(40))).text


def test_a_paragraph_below_two_dashes_stays_in_the_text() -> None:
    assert "and so on" in split_reply("Hi\n--\n" + "and so on, " * 100).text


WORDS = st.text(alphabet="abcdefg ", min_size=1, max_size=30).map(str.strip).filter(bool)


@given(new=st.lists(WORDS, min_size=1, max_size=6), old=st.lists(WORDS, max_size=6), line=st.sampled_from(ATTRIBUTIONS))
def test_no_new_line_is_ever_lost(new: list[str], old: list[str], line: str) -> None:
    text = "\n".join([*new, "", line, *(f"> {words}" for words in old)])
    assert split_reply(text).text.split("\n") == new


@given(st.text(alphabet="a >\n-:@<OnFrom1.", max_size=200))
def test_nothing_is_lost_altogether(text: str) -> None:
    reply = split_reply(text)
    kept = f"{reply.text}{reply.quoted}{reply.signature}"
    for character in "aO@1":
        assert kept.count(character) >= text.count(character)


@pytest.mark.parametrize(
    "unit",
    [">", ">\n", "On ", "On 1:\n", "On 1 a@b\n", "From:\n", "--\n", "-- \nx\n> q\n", "- ", "On 2024 a@b wrote:\n",
     "On 2024 a@b wrote:\n> x\n", "Sent from my\n", "--aaa" + "-" * 400 + "b\n", "\n", " \n"],
)  # fmt: skip
def test_a_long_text_of_anything_takes_linear_time(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    started = time.process_time()
    split_reply(text)
    assert time.process_time() - started < 6
