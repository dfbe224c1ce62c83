"""The real service with two workers and keys, over a snapshot of today; and who of its workers answers which connection."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import workers
from serving.decision_log.reading import Entry, Where, entries, stored_at
from serving.key_file import NAME, Scope, create_key
from serving.launch import Running, free_port, serve
from serving.settings import Settings
from serving.worker import DECISIONS, Places
from tests.support.doors import patient

HOST = "127.0.0.1"
_CONNECTIONS = 200
_COMMITTED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """One connection that stays open, so that one and the same worker answers all of it."""

    def __init__(self, port: int, key: str | None) -> None:
        self._key = key
        self._connection = http.client.HTTPConnection(HOST, port, timeout=60)

    def __call__(
        self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None, key: str | None = None
    ) -> Reply:
        """Ask; a body that is no bytes is sent as JSON."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        shown = self._key if key is None else key
        told = {**({} if shown is None else {"Authorization": f"Bearer {shown}"}), "Content-Type": "application/json", **(headers or {})}
        self._connection.request(method, path, content, told)
        answer = self._connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    @property
    def port(self) -> int:
        """Of this end of the connection."""
        return int(self._connection.sock.getsockname()[1])

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Live:
    """A service that answers.

    Attributes:
        running: its first process.
        port: where it listens.
        state: its state folder.
        release: the release's folder.
        snapshot: the snapshot's.
        keys: one for each scope.
        said: what it wrote so far, line by line.
    """

    running: Running
    port: int
    state: Path
    release: Path
    snapshot: Path
    keys: Mapping[Scope, str]
    said: list[str] = field(default_factory=list)

    @contextmanager
    def caller(self, scope: Scope | None = Scope.ADMIN) -> Iterator[Caller]:
        """A new connection with a key of a scope, or without any."""
        with closing(Caller(self.port, None if scope is None else self.keys[scope])) as caller:
            yield caller

    @contextmanager
    def each_worker(self) -> Iterator[list[Caller]]:
        """One connection to each worker, with an admin's key."""
        wanted, found = self.workers(), dict[int, Caller]()
        with ExitStack() as connections:
            for _ in range(_CONNECTIONS):
                if set(found) == set(wanted):
                    break
                caller = connections.enter_context(self.caller())
                assert 200 == caller("GET", "/v1/releases").status
                found.setdefault(self._answers(caller.port, wanted), caller)
            assert set(found) == set(wanted), f"only {len(found)} workers took a connection"
            yield list(found.values())

    def workers(self) -> list[int]:
        """Processes that answer."""
        return workers(self.running.process.pid)

    def decided(self, request_ids: Collection[str], *, since: dt.datetime) -> dict[str, Entry]:
        """Decisions of these requests, once the log's writer has committed them all."""
        until = time.monotonic() + _COMMITTED_WITHIN_S
        while True:
            log = stored_at(str(self.state / DECISIONS), lambda: dt.datetime.now(dt.UTC))
            try:
                found = {str(one.request_id): one for one in entries(log, Where(begins=since)) if one.request_id in request_ids}
            finally:
                log.close()
            if len(found) == len(request_ids):
                return found
            assert time.monotonic() < until, f"{len(found)} of {len(request_ids)} decisions are in the log"
            time.sleep(0.1)

    def _answers(self, caller_port: int, pids: list[int]) -> int:
        inode = _server_side(self.port, caller_port)
        return next(pid for pid in pids if f"socket:[{inode}]" in _descriptors(pid))


@contextmanager
def live(release: Path, snapshot: Path, state: Path, *, settings: Settings | None = None, port: int | None = None) -> Iterator[Live]:
    """The service with two workers; it has keys unless the settings ask for none."""
    state.mkdir(parents=True, exist_ok=True)
    now = dt.datetime.now(dt.UTC)
    keys = {scope: create_key(state / NAME, scope.value, [scope], now=now)[1] for scope in Scope}
    places, where, said = Places(state=state, release=release, snapshot=snapshot), port or free_port(), list[str]()
    with serve(places, settings or patient(workers=2, authentication=True), port=where, echo=said.append) as running:
        yield Live(running, where, state, release, snapshot, keys, said)


def _server_side(server: int, caller: int) -> int:
    """The inode of the service's end of a connection."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, *rest = line.split()
        if (int(local.split(":")[1], 16), int(remote.split(":")[1], 16)) == (server, caller):
            return int(rest[6])
    raise AssertionError(f"nobody holds the connection from port {caller}")


def _descriptors(pid: int) -> set[str]:
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(os.readlink(one))  # noqa: PTH115  (a socket is no path)
        except OSError:  # it was closed meanwhile
            continue
    return found
