"""A server on loopback that answers exactly what a test says, byte by byte, and remembers what reached it."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO


@dataclass(frozen=True)
class Reached:
    """A request that arrived whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Plays `script` in order: bytes are written as they are; after an entry of `CUTS` the connection is closed."""

    url: str
    script: deque[bytes] = field(default_factory=deque)
    reached: list[Reached] = field(default_factory=list)
    has_hung_up: threading.Event = field(default_factory=threading.Event)

    def will_answer(self, *answers: bytes) -> None:
        self.script.extend(answers)


CUT = b""  # close without a word
KEEP_ALIVE_LIE = b"\x00"  # before an answer: close after it, though the answer did not say so


def answer(
    body: Any = None, status: int = 200, headers: Mapping[str, str] | None = None, *, kind: str = "application/json"
) -> bytes:
    """A whole answer; `body` is bytes or becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def refused(status: int, reason: str = "", message: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """A refusal in Gmail's JSON."""
    return answer(refusal_json(status, reason, message), status, headers)


def refusal_json(status: int, reason: str = "", message: str = "") -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "errors": [{"domain": "x", "reason": reason}]}}


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = ScriptedServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
    thread = threading.Thread(target=_accept, args=(listener, server), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _accept(listener: socket.socket, server: ScriptedServer) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, server), daemon=True).start()


def _serve(connection: socket.socket, server: ScriptedServer) -> None:
    with connection, connection.makefile("rb") as incoming:
        _converse(connection, incoming, server)
    server.has_hung_up.set()


def _converse(connection: socket.socket, incoming: BinaryIO, server: ScriptedServer) -> None:
    while request := _read(incoming):
        server.reached.append(request)
        reply = server.script.popleft() if server.script else CUT
        connection.sendall(reply.removeprefix(KEEP_ALIVE_LIE))
        if reply == CUT or reply.startswith(KEEP_ALIVE_LIE):
            return


def _read(incoming: BinaryIO) -> Reached | None:
    try:
        first = incoming.readline().decode().split()
        if not first:
            return None
        headers = dict(_headers(incoming))
        return Reached(first[0], first[1], headers, incoming.read(int(headers.get("content-length", 0))))
    except OSError:
        return None


def _headers(incoming: BinaryIO) -> Iterator[tuple[str, str]]:
    while line := incoming.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()
