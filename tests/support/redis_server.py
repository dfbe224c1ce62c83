"""A Redis of a test's own: on a Unix socket in the test's folder, with a log of every write."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

_COMES_UP_S = 30.0


class RedisServer:
    """Can be stopped and started again on the same data."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self.folder, self._socket = folder, socket
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self._socket}"

    def start(self, *settings: str) -> None:
        """Start it, and wait until it answers."""
        durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--rdbcompression", "no")
        where = ("--port", "0", "--unixsocket", str(self._socket), "--dir", str(self.folder))
        self._process = subprocess.Popen(["redis-server", *where, *durable, *settings], stdout=subprocess.DEVNULL)
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            until = time.monotonic() + _COMES_UP_S
            while not _answers(client):
                assert self._process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.01)

    def kill(self) -> None:
        """End it as a power cut would end the process: nothing is said, nothing is finished."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A running Redis; skips the test where none is installed."""
    if shutil.which("redis-server") is None:
        reason = "redis-server is not installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder.mkdir()
    socket = Path(f"/tmp/keeprank-{os.getpid()}-{id(folder):x}.sock")  # noqa: S108  (a socket's path may have 107 characters at most)
    server = RedisServer(folder, socket)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        socket.unlink(missing_ok=True)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
