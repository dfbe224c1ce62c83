"""Kills a worker, then the whole service, while 1,000 events a second are told: what was acknowledged is there once, whatever was killed.

python -m benchmarks.kill RELEASE SNAPSHOT [--runs 10]
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks.loading import HOST
from benchmarks.processes import children, workers
from serving.launch import free_port, serve
from serving.online.opening import open_existing
from serving.settings import load_serving, overruled
from serving.worker import Places

SENDERS, BATCH, PAUSE_SECONDS = 4, 25, 0.1
"""1,000 events a second."""

_BEFORE_SECONDS, _AFTER_SECONDS = 1.0, 1.0
_BACK_WITHIN_SECONDS = 120.0
_BEGUN = "Service keeprank initialized"
"""What BentoML writes when a worker is ready."""

SETTINGS = Path(__file__).parent.parent / "config" / "serving.toml"


@dataclass
class Sender:
    """One of the shop's programs: it tells a batch, and tells it again under the same ids until it is acknowledged.

    Attributes:
        name: its customer.
        connection: to the service; it stays open.
        acknowledged: ids of events.
        duplicates: events that the service said to know already.
        broken: requests that got no reply.
        refused: replies that were no acknowledgement.
    """

    name: str
    connection: http.client.HTTPConnection
    acknowledged: set[str] = field(default_factory=set)
    duplicates: int = 0
    broken: int = 0
    refused: list[str] = field(default_factory=list)

    def run(self, stop: Event) -> None:
        """Tell batches until `stop` is set; the one under way is told to its end."""
        number = 0
        while not stop.wait(PAUSE_SECONDS):
            self._tell(self._batch(number))
            number += 1
        self.connection.close()

    def _batch(self, number: int) -> list[dict[str, Any]]:
        at = dt.datetime.now(dt.UTC).isoformat()
        kind = {"type": "event", "customer_id": self.name, "kind": "view", "at": at}
        return [{**kind, "id": f"{self.name}-{number}-{place}"} for place in range(BATCH)]

    def _tell(self, batch: list[dict[str, Any]]) -> None:
        body, until = json.dumps(batch).encode(), time.monotonic() + _BACK_WITHIN_SECONDS
        while time.monotonic() < until:
            try:
                self.connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
                reply = self.connection.getresponse()
                status, said = reply.status, json.loads(reply.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.connection.close()  # the next request opens it anew
                self.broken += 1
                time.sleep(0.05)
                continue
            if status == 200 and said["accepted"] + said["duplicate"] == len(batch):
                self.acknowledged |= {str(fact["id"]) for fact in batch}
                self.duplicates += said["duplicate"]
                return
            self.refused.append(f"{status}: {said}")
            time.sleep(0.05)


@dataclass(frozen=True)
class Outcome:
    """What became of what was told.

    Attributes:
        acknowledged: events.
        lost: acknowledged events that are not in the state.
        twice: events that are there more than once.
        duplicates: events that were told again after they had been taken.
        broken: requests that got no reply.
        refused: replies that were no acknowledgement.
        back_seconds: from the kill until as many workers answered again.
    """

    acknowledged: int
    lost: int
    twice: int
    duplicates: int
    broken: int
    refused: list[str]
    back_seconds: float

    @property
    def well(self) -> bool:
        """Whether everything that was acknowledged is there, once."""
        return self.acknowledged > 0 and not (self.lost or self.twice or self.refused)


class Tellers:
    """All senders, each in a thread."""

    def __init__(self, port: int, run: str) -> None:
        self.senders = [Sender(f"{run}-{number}", http.client.HTTPConnection(HOST, port, timeout=20)) for number in range(SENDERS)]
        self._stop = Event()
        self._threads = [Thread(target=one.run, args=(self._stop,)) for one in self.senders]

    def start(self) -> None:
        """Begin to tell."""
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Tell what is under way to its end, and no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


@dataclass
class Service:
    """A service with two workers that can be killed, and started again on the same state and port; nobody needs a key.

    Attributes:
        places: what serves, and where the state is.
        port: where it listens.
        first: its first process.
    """

    places: Places
    port: int = field(default_factory=free_port)
    first: int = 0
    _begun: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """The service, while the block runs."""
        settings = overruled(load_serving(SETTINGS), workers=2, authentication=False)
        with serve(self.places, settings, port=self.port, echo=self._hear) as running:
            self.first = running.process.pid
            _wait(lambda: self._begun >= 2)
            yield
        self._begun = 0

    def _hear(self, line: str) -> None:
        self._begun += _BEGUN in line

    def kill_worker(self) -> float:
        """Kill one; returns after how many seconds another one answers in its place."""
        began, before = time.monotonic(), self._begun
        os.kill(workers(self.first)[0], signal.SIGKILL)
        _wait(lambda: self._begun > before)
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill all of it at once."""
        for pid in [self.first, *children(self.first)]:
            os.kill(pid, signal.SIGKILL)


def worker_killed(places: Places, run: str) -> Outcome:
    """Tell events while a worker is killed."""
    service = Service(places)
    tellers = Tellers(service.port, run)
    with service.running():
        tellers.start()
        time.sleep(_BEFORE_SECONDS)
        back = service.kill_worker()
        time.sleep(_AFTER_SECONDS)
        tellers.finish()
    return _outcome(places.state, tellers.senders, back)


def service_killed(places: Places, run: str) -> Outcome:
    """Tell events while the whole service is killed, and started again."""
    service = Service(places)
    tellers = Tellers(service.port, run)
    with service.running():
        tellers.start()
        time.sleep(_BEFORE_SECONDS)
        service.kill()
        began = time.monotonic()
    with service.running():
        back = time.monotonic() - began
        time.sleep(_AFTER_SECONDS)
        tellers.finish()
    return _outcome(places.state, tellers.senders, back)


def _wait(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + _BACK_WITHIN_SECONDS
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError("the service did not come back")
        time.sleep(0.05)


def _outcome(folder: Path, senders: Sequence[Sender], back_seconds: float) -> Outcome:
    lost = twice = 0
    with closing(open_existing(folder)) as state:
        for sender in senders:
            held = Counter(fact.id for fact in state.known(sender.name).facts)
            lost += len(sender.acknowledged - set(held))
            twice += sum(count > 1 for count in held.values())
    return Outcome(
        sum(len(sender.acknowledged) for sender in senders),
        lost,
        twice,
        sum(sender.duplicates for sender in senders),
        sum(sender.broken for sender in senders),
        [said for sender in senders for said in sender.refused],
        back_seconds,
    )


def main() -> None:
    """Kill, and print what became of it; exits with 1 if anything was lost, doubled or refused."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("release", type=Path)
    arguments.add_argument("snapshot", type=Path, help="of today: what happened before it is refused")
    arguments.add_argument("--runs", type=int, default=10)
    given = arguments.parse_args()
    print("| killed | acknowledged | lost | twice | told again | broken requests | refused | back after, s |")
    print("|---|---|---|---|---|---|---|---|")
    well = True
    with tempfile.TemporaryDirectory() as folder:
        places = Places(state=Path(folder) / "state", release=given.release, snapshot=given.snapshot)
        for number in range(given.runs):
            for what, killed in (("a worker", worker_killed), ("all of it", service_killed)):
                one = killed(places, f"{killed.__name__}-{number}")
                print(f"| {what} | {one.acknowledged:,} | {one.lost} | {one.twice} | {one.duplicates} | {one.broken} ", end="")
                print(f"| {len(one.refused)} | {one.back_seconds:.1f} |", flush=True)
                well &= one.well
    sys.exit(not well)


if __name__ == "__main__":
    main()
