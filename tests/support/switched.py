"""The service as `keeprank serve` starts it, over a store of the test's own, and shoppers who ask all the time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import httpx

from serving.deployment import Deployment
from serving.launch import free_port
from tests.support.switching import seal_of
from training.registry import CHAMPION, SNAPSHOT, Registry, Version

ROOT = Path(__file__).parents[2]
_SOON_SECONDS = 90.0
"""How long a busy machine may take for what a quiet one does in a few."""


def register(registry: Registry, release: Path, snapshot: Path, folder: Path) -> Version:
    """Give a release the next version, with its snapshot, without the rest of a training."""
    run = registry.client.create_run(registry.experiment_id())
    registry.client.log_artifacts(run.info.run_id, str(snapshot), SNAPSHOT)
    home = folder / f"model-{run.info.run_id}"
    shutil.copytree(release, home / "data" / "release")
    return registry.register(home.as_uri(), run.info.run_id, seal_of(release))


@dataclass
class Heard:
    """What shoppers were answered.

    Attributes:
        releases: replies by the release that gave them.
        failures: whatever else came.
    """

    releases: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Switched:
    """A service that follows a store.

    Attributes:
        url: where it answers.
        process: `keeprank serve`.
        deployment: the folder between it and its workers.
        store: the folder of the store.
    """

    url: str
    process: subprocess.Popen[bytes]
    deployment: Deployment
    store: Path

    @property
    def registry(self) -> Registry:
        """The store."""
        return Registry(f"sqlite:///{self.store / 'mlflow.db'}", self.store / "mlruns")

    def name(self, version: Version) -> None:
        """Move the alias as MLflow's own pages do."""
        self.registry.set_alias(CHAMPION, version)

    def serves(self, version: Version) -> bool:
        """Whether every worker holds this release and no other."""
        return [{version.seal}] * 2 == self.held()

    def held(self) -> list[set[str]]:
        """The releases that each worker holds a copy of."""
        root = str(self.deployment.releases.root)
        found = [{Path(name).name for name in _open_files(pid) if name.startswith(root)} for pid in _below(self.process.pid)]
        return [seals for seals in found if seals]


@contextmanager
def serving_from(store: Path, *options: object) -> Iterator[Switched]:
    """Run `keeprank serve` over a store with two workers."""
    port = free_port()
    command = [sys.executable, "-m", "keeprank", "serve", "--store", store, "--port", port, "--workers", 2, "--keyless", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (store / "said.txt").open("ab") as said:
        process = subprocess.Popen(list(map(str, command)), cwd=store, env=environment, stdout=said, stderr=said)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: process.poll() is not None or _ready(url), lambda: (store / "said.txt").read_text())
        assert process.poll() is None, (store / "said.txt").read_text()
        yield Switched(url, process, Deployment(store / "build" / "serving"), store)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()


@contextmanager
def shoppers(url: str, request: dict[str, Any]) -> Iterator[Heard]:
    """Ask for a ranking all the time, each time over a connection of its own, while the block runs."""
    heard, stop, lock = Heard(), Event(), Lock()

    def ask() -> None:
        while not stop.is_set():
            try:
                release = str(httpx.post(f"{url}/v1/rank", json=request, timeout=30).raise_for_status().json()["release"])
            except (httpx.HTTPError, ValueError, KeyError) as error:
                heard.failures.append(repr(error))
            else:
                with lock:
                    heard.releases[release] += 1
            stop.wait(0.1)

    threads = [Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def until(happened: Callable[[], bool], told: Callable[[], object] = lambda: "it did not happen") -> None:
    """Wait for something that a quiet machine does within seconds."""
    deadline = time.monotonic() + _SOON_SECONDS
    while not happened():
        assert time.monotonic() < deadline, told()
        time.sleep(0.1)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _below(first: int) -> list[int]:
    """All processes that descend from one."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()
    children: dict[int, list[int]] = {}
    for line in listed:
        pid, parent = map(int, line.split())
        children.setdefault(parent, []).append(pid)
    found, todo = [], [first]
    while todo:
        todo += (below := children.get(todo.pop(), []))
        found += below
    return found


def _open_files(pid: int) -> list[str]:
    try:
        return [str(descriptor.readlink()) for descriptor in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:  # it ended meanwhile
        return []


def refused(switched: Switched, version: Version) -> str | None:
    """Why a version was refused; None where it was not."""
    return next((one.reason for one in switched.deployment.refused() if one.version == version.number), None)


def answered(switched: Switched) -> bool:
    """Whether the registry answered when it was asked last."""
    contact = switched.deployment.contact()
    return contact is not None and contact.error is None
