"""A server for the door: HTTP/1.1 with connections that are kept, a thread each, and answers that it can spoil.

werkzeug's own server closes each connection after one answer; real clients keep theirs, and so must be tested with it.
"""

from __future__ import annotations

import io
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

from backend.gmail.emulator.core import Emulator
from backend.gmail.emulator.http import Door
from backend.gmail.emulator.pusher import Pusher
from backend.gmail.emulator.refusals import Wire
from backend.kit.errors import UserError


class EmulatorServer:
    """Serves an emulator on loopback, as a context manager or with `start` and `close`. Port 0 takes a free one."""

    def __init__(self, emulator: Emulator, *, port: int = 0, host: str = "127.0.0.1", any_bearer: bool = False) -> None:
        """Bind the port. Raises `UserError` where it is taken."""
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as error:
            raise UserError(f"Port {port} on {host} cannot be used ({error}). Choose another with --port.") from error
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self._server.door = Door(emulator, base_url=self.url, any_bearer=any_bearer)
        self.pusher = Pusher(emulator)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> None:
        """Serve, in threads of its own."""
        self._thread.start()
        self.pusher.start()

    def close(self) -> None:
        """Stop serving and close every kept connection."""
        self.pusher.close()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.close_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    door: Door

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connections: set[socket.socket] = set()

    def close_connections(self) -> None:
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was quicker
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "GmailEmulator"
    # Head and body leave in one write, at once: else each answer waits for the other side's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:  # the client left before the answer was out
            self.close_connection = True

    def answer(self) -> None:
        """Run the WSGI door and send what it answers, whole or as its wire leaves it."""
        if "Transfer-Encoding" in self.headers or not self.headers.get("Content-Length", "0").isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            self.close_connection = True
            return
        environ = self._environ()
        started: list[Any] = []
        body = b"".join(self.server.door(environ, lambda *given: started.extend(given)))
        self._send(int(started[0].split()[0]), started[1], body, environ["emulator.wire"])

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        environ = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "wsgi.input": io.BytesIO(self.rfile.read(length)),
            "CONTENT_LENGTH": str(length),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
        }
        named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return named | environ

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes, wire: Wire) -> None:
        if wire is Wire.SILENT:
            self.close_connection = True
            return
        half = body[: len(body) // 2]
        self.send_response(status)
        for name, value in headers:
            is_length = name == "Content-Length"
            self.send_header(name, str(len(half)) if is_length and wire is Wire.TRUNCATED else value)
        self.end_headers()
        self.wfile.write(body if wire in {Wire.JSON, Wire.HTML} else half)
        self.wfile.flush()
        if wire is Wire.CUT:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Stay silent: mail addresses stand in paths."""
