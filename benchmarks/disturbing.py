"""What happens to a service in a bad hour: another release and another snapshot every half minute, a Redis that ends and comes back."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import redis

from features.sealed import MANIFEST
from serving.deployment import Deployment
from serving.wire_releases import Appointed, Named

_COMES_UP_SECONDS = 30.0


class Redis:
    """A Redis that loses nothing, on a Unix socket."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._socket = folder, folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        folder.mkdir()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        where = ("--port", "0", "--unixsocket", str(self._socket), "--dir", str(self._folder))
        durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--loglevel", "warning")
        self._process = subprocess.Popen(["redis-server", *where, *durable], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603, S607
        until = time.monotonic() + _COMES_UP_SECONDS
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            while not _answers(client):
                if time.monotonic() > until:
                    raise TimeoutError("the Redis does not come up")
                time.sleep(0.02)

    def restart(self) -> None:
        """End it without warning, and start it again a second later."""
        self.stop()
        time.sleep(1.0)
        self.start()
        self.restarts += 1

    def stop(self) -> None:
        """End it without warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


class Switching:
    """A deployment folder in which two releases and two snapshots take turns; they differ in their seals only."""

    def __init__(self, home: Path, release: Path, snapshot: Path) -> None:
        self.deployment = Deployment(home)
        self._releases = [self.deployment.releases.add(_naming(release, name)) for name in "ab"]
        self._snapshots = [self.deployment.snapshots.add(_naming(snapshot, name)) for name in "ab"]
        self.switches = 0
        self._appoint()

    def switch(self) -> None:
        """Let the other release serve; every second time, the other snapshot too."""
        self.switches += 1
        self._appoint()

    def _appoint(self) -> None:
        release, snapshot = self._releases[self.switches % 2], self._snapshots[self.switches // 2 % 2]
        named = Named(release=release, snapshot=snapshot, version=None, since=dt.datetime.now(dt.UTC))
        self.deployment.appoint(Appointed(champion=named))


def _naming(folder: Path, name: str) -> Callable[[Path], object]:
    """Copies a folder under a seal of its own."""
    return lambda copy: _named(folder, copy, name)


def _named(source: Path, copy: Path, name: str) -> None:
    """A copy whose manifest, and so its seal, says something more."""
    shutil.copytree(source, copy)
    manifest = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps(manifest | {"copy": name}, indent=1, sort_keys=True) + "\n")


@contextmanager
def disturbed(switching: Switching, store: Redis, *, switch_seconds: float, restart_seconds: float) -> Iterator[None]:
    """Switch and restart every so many seconds, while the block runs."""
    stop = Event()

    def every(seconds: float, what: str) -> None:
        while not stop.wait(seconds):
            switching.switch() if what == "switch" else store.restart()

    threads = [Thread(target=every, args=args) for args in ((switch_seconds, "switch"), (restart_seconds, "restart"))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
