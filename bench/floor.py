"""The least that any sync must do: list, batch get in full, decode JSON and base64, insert message and participants."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from backend.gmail.gateway import BATCH_LIMIT
from bench.correspondence import OWNER

BATCH = BATCH_LIMIT  # as large as those of the sync


def floor_ms(url: str, file: Path) -> float:
    """CPU milliseconds a message, with one `executemany` a batch for each table."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {OWNER}"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE message (id TEXT PRIMARY KEY, at INT, subject TEXT, body BLOB)")
        db.execute("CREATE TABLE participant (message TEXT, role TEXT, address TEXT)")
        started, count = time.process_time(), 0
        for ids in _listed(session, url):
            for start in range(0, len(ids), BATCH):
                count += _floor_batch(session, url, ids[start : start + BATCH], db)
        spent = time.process_time() - started
    db.close()
    return spent * 1000 / count


def _listed(session: requests.Session, url: str) -> Iterator[list[str]]:
    token = ""
    while True:
        page = session.get(f"{url}/gmail/v1/users/me/messages?maxResults=500&pageToken={token}", timeout=60).json()
        yield [m["id"] for m in page["messages"]]
        token = page.get("nextPageToken", "")
        if not token:
            return


def _floor_batch(session: requests.Session, url: str, ids: list[str], db: sqlite3.Connection) -> int:
    parts = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <{i}>\r\n\r\n"
        f"GET /gmail/v1/users/me/messages/{i}?format=full HTTP/1.1\r\n\r\n"
        for i in ids
    )
    answer = session.post(
        f"{url}/batch/gmail/v1",
        data=f"{parts}--b--",
        headers={"Content-Type": "multipart/mixed; boundary=b"},
        timeout=60,
    )
    boundary = b"--" + answer.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
    messages = [json.loads(part[part.index(b"{") :]) for part in answer.content.split(boundary) if b"{" in part]
    rows, people = [], []
    for message in messages:
        headers = {h["name"]: h["value"] for h in message["payload"]["headers"]}
        body = base64.urlsafe_b64decode(message["payload"]["body"].get("data", ""))
        rows.append((message["id"], int(message["internalDate"]), headers["Subject"], body))
        people += [(message["id"], role, headers[role]) for role in ("From", "To")]
    db.executemany("INSERT INTO message VALUES (?, ?, ?, ?)", rows)
    db.executemany("INSERT INTO participant VALUES (?, ?, ?)", people)
    db.commit()
    return len(messages)
