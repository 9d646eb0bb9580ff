"""Batches written and read, byte by byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.gmail.batch import BOUNDARY, read_batch, write_batch
from backend.gmail.errors import Transient

KIND = "multipart/mixed; boundary=batch_x"


def written(number: int, body: bytes, *, newline: bytes = b"\r\n", content_id: bytes = b"<response-%d>") -> bytes:
    outer = [b"--batch_x", b"Content-Type: application/http", b"Content-ID: " + content_id % number, b""]
    inner = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", b"Retry-After: 3", b"", body, b""]
    return newline.join([*outer, *inner])


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=40), max_size=3), max_size=8), st.randoms())
def test_whatever_bodies_come_in_whatever_order_each_is_found_by_its_number(
    bodies: list[dict[str, str]], random: object
) -> None:
    parts = [written(n, json.dumps(body).encode()) for n, body in enumerate(bodies)]
    random.shuffle(parts)  # type: ignore[attr-defined]  # hypothesis types its Random as object
    found = {p.number: json.loads(p.body) for p in read_batch(KIND, b"".join(parts) + b"--batch_x--\r\n")}
    assert found == dict(enumerate(bodies))


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reader(noise: bytes) -> None:
    parts = list(read_batch(KIND, noise + b"\r\n" + written(0, b"{}") + b"--batch_x--" + noise))
    assert parts[-1].number == 0 or b"--batch_x" in noise


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize("content_id", [b"<response-%d>", b"response-%d", b"<RESPONSE-%d> "])
def test_newlines_and_brackets_may_vary(newline: bytes, content_id: bytes) -> None:
    answer = written(4, b'{"a": 1}', newline=newline, content_id=content_id) + b"--batch_x--" + newline
    (part,) = read_batch('multipart/mixed; boundary="batch_x"', answer)
    assert (part.number, part.status, json.loads(part.body)) == (4, 200, {"a": 1})
    assert part.headers["retry-after"] == "3"


def test_a_part_without_its_number_or_status_is_left_out() -> None:
    nameless = written(1, b"{}").replace(b"Content-ID", b"X-Other")
    statusless = written(2, b"{}").replace(b"HTTP/1.1 200 OK", b"hello")
    answer = nameless + statusless + written(3, b"{}") + b"--batch_x--\r\n"
    assert [part.number for part in read_batch(KIND, answer)] == [3]


@pytest.mark.parametrize("kind", ["", "text/html", "application/json; boundary=x", "multipart/mixed"])
def test_what_is_no_batch_is_a_passing_failure(kind: str) -> None:
    with pytest.raises(Transient):
        list(read_batch(kind, b"{}"))


def test_requests_are_numbered_from_nought() -> None:
    body = write_batch(["/a", "/b"]).decode()
    assert body.count(f"--{BOUNDARY}\r\n") == 2
    assert "Content-ID: <0>\r\n\r\nGET /a\r\n" in body
    assert "Content-ID: <1>\r\n\r\nGET /b\r\n" in body
    assert body.endswith(f"--{BOUNDARY}--\r\n")
