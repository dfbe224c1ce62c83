"""A tiny HTTP server in this process that answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec

from serving.wire import Problem


@dataclass(frozen=True)
class Says:
    """One answer; `hangs_up` closes the connection afterwards without saying so."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs_up: bool = False


@dataclass(frozen=True)
class Heard:
    """One request, and over which connection it came."""

    method: str
    path: str
    body: bytes
    key: str | None
    connection: tuple[str, int]


@dataclass
class Server:
    """Answers in the order of `says`; the last one again and again."""

    url: str
    says: deque[Says]
    heard: list[Heard]


@contextmanager
def answering(*says: Says) -> Iterator[Server]:
    """The server, while the block runs."""
    waiting, heard = deque(says), list[Heard]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.append(Heard(self.command, self.path, body, self.headers.get("Authorization"), self.client_address))
            one = waiting.popleft() if len(waiting) > 1 else waiting[0]
            self.send_response(one.status)
            for name, value in {"Content-Length": str(len(one.body)), **one.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(one.body)
            self.close_connection = self.close_connection or one.hangs_up

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  (the base class calls them so)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{server.server_port}", waiting, heard)
        finally:
            server.shutdown()
            thread.join()


def refusal(status: int, code: str, **headers: str) -> Says:
    """A problem document as an answer."""
    problem = Problem(type=f"/problems/{code}", title="Refused", status=status, detail="for a test", errors=[], request_id="r1")
    return Says(status, msgspec.json.encode(problem), {name.replace("_", "-"): value for name, value in headers.items()})
