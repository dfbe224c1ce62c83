"""Keeps a service busy at 70 % of what it can take, disturbs it all the while, and tells what shoppers noticed and how it grew.

python -m benchmarks.soak RELEASE SNAPSHOT [--minutes 10]

Rankings, events, sizes, recommendations, baskets and customers; 1 % of the requests are spoilt. Every 30 seconds another release serves,
every 60 another snapshot, every 45 the Redis of the customer state ends and comes back. Exits with 1 on any failure or broken connection.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from benchmarks.disturbing import Redis, Switching, disturbed
from benchmarks.fuzz import DELIBERATE, kind_of, valid_requests
from benchmarks.loading import HOST, loaded, reply, request
from benchmarks.mutations import CLOSES, spoilt
from benchmarks.processes import memory_mb, workers
from features.snapshot import load_snapshot
from serving.launch import free_port, serve
from serving.settings import Settings, load_serving, overruled
from serving.worker import Places

SHARES = {"rank": 80, "events": 8, "size": 4, "recommend": 2, "basket": 2, "customer": 2, "preferences": 1, "spoilt": 1}
OFFERS, CUSTOMERS, CONNECTIONS = 200, 500, 32
LOAD, MEASURE_SECONDS, WATCH_SECONDS, WARM_UP = 0.7, 5.0, 5.0, 0.3
MEMORIES = 30
"""Of each worker are printed."""

URL_FROM = "KEEPRANK_REDIS_URL"


@dataclass
class Heard:
    """What came back.

    Attributes:
        milliseconds: by call.
        statuses: by call and status; 0 is a connection that broke.
        deadlines: rankings in the caller's own order, for want of time.
        wrong: failures that were not deliberate.
        memory: seconds since the start and megabytes, by worker.
        late: requests that waited for a connection.
    """

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    deadlines: int = 0
    wrong: list[str] = field(default_factory=list)
    memory: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    late: int = 0

    def note(self, call: str, status: int, body: bytes, milliseconds: float) -> None:
        """Count a reply."""
        self.milliseconds[call].append(milliseconds)
        self.statuses[call, status] += 1
        self.deadlines += b'"fallback":"deadline"' in body
        if status == 0 or (status >= 500 and not (status == 503 and kind_of(body) in DELIBERATE)):
            self.wrong.append(f"{call}: {status} {body[:200]!r}")


class Requests:
    """Draws what is asked next."""

    def __init__(self, snapshot: Path) -> None:
        products = load_snapshot(snapshot).products
        self._skus, styles = [str(sku) for sku in products["sku"]], [str(style) for style in products["style_id"]]
        self._draw, self._number = random.Random(5), 0  # noqa: S311  (no secret hangs on it)
        valid = valid_requests(self._skus, styles, dt.datetime.now(dt.UTC))
        self._valid = {one.path.rsplit("/", 1)[1]: one for one in valid}
        self._spoilt = (one for one in spoilt(valid, 10**9, seed=3) if one.how not in CLOSES)

    def next(self) -> tuple[str, bytes]:
        """A call's name and the request."""
        (call,) = self._draw.choices(list(SHARES), list(SHARES.values()))
        return call, self.rank() if call == "rank" else self._spoil() if call == "spoilt" else self._other(call)

    def rank(self) -> bytes:
        """A ranking of so many offers for one of so many customers."""
        offers = [{"sku": sku} for sku in self._draw.sample(self._skus, min(OFFERS, len(self._skus)))]
        return request("/v1/rank", json.dumps({"customer_id": self._customer(), "country": "DE", "offers": offers}).encode())

    def _other(self, call: str) -> bytes:
        if call == "customer":
            return request(f"/v1/customers/{self._customer()}", method="GET")
        if call == "events":
            return request("/v1/events", json.dumps([self._fact() for _ in range(5)]).encode())
        one = self._valid[call]
        body = {"preferences": [{"attribute": "height_cm", "value": "172"}]} if call == "preferences" else one.body
        return request(one.path, json.dumps(body).encode(), method=one.method)

    def _fact(self) -> dict[str, object]:
        self._number += 1
        at, sku = dt.datetime.now(dt.UTC).isoformat(), self._draw.choice(self._skus)
        if self._draw.random() < 0.2:
            return {
                "type": "price",
                "id": f"s{self._number}",
                "sku": sku,
                "price": self._draw.randrange(999, 9_999),
                "currency": "EUR",
                "at": at,
            }
        return {"type": "event", "id": f"s{self._number}", "customer_id": self._customer(), "kind": "view", "sku": sku, "at": at}

    def _spoil(self) -> bytes:
        one = next(self._spoilt)
        lines = [f"{one.method} {one.path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in one.headers), "", ""]
        return "\r\n".join(lines).encode() + one.body

    def _customer(self) -> str:
        return f"c{self._draw.randrange(1, CUSTOMERS):06d}"


async def soaked(port: int, requests: Requests, per_second: float, seconds: float, first: int) -> Heard:
    """Send so many requests a second, whatever the service answers."""
    heard, started = Heard(), time.monotonic()
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await Connection.open(port))
    watching = asyncio.ensure_future(_watch(first, heard, started))
    under_way: set[asyncio.Task[None]] = set()
    for number in range(round(per_second * seconds)):
        await asyncio.sleep(max(0.0, started + number / per_second - time.monotonic()))
        heard.late += idle.empty()
        connection = await idle.get()
        task = asyncio.ensure_future(_one(connection, *requests.next(), heard, idle))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    watching.cancel()
    return heard


@dataclass
class Connection:
    """One that stays open."""

    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int) -> Connection:
        """A new one."""
        return cls(port, *await asyncio.open_connection(HOST, port))


async def _one(connection: Connection, call: str, wanted: bytes, heard: Heard, idle: asyncio.Queue[Connection]) -> None:
    began = time.perf_counter()
    try:
        connection.writer.write(wanted)
        status, headers, body = await reply(connection.reader)
        closed = headers.get(b"connection") == b"close"
    except (ConnectionError, asyncio.IncompleteReadError):
        status, body, closed = 0, b"", True
    heard.note(call, status, body, 1e3 * (time.perf_counter() - began))
    if closed:
        connection.writer.close()
    idle.put_nowait(await Connection.open(connection.port) if closed else connection)


async def _watch(first: int, heard: Heard, started: float) -> None:
    while True:
        for pid in await asyncio.to_thread(workers, first):
            heard.memory[pid].append((time.monotonic() - started, await asyncio.to_thread(memory_mb, pid)))
        await asyncio.sleep(WATCH_SECONDS)


def slope(memory: Sequence[tuple[float, float]]) -> float:
    """Growth after the warm-up, megabytes an hour, by least squares.

    >>> round(slope([(60.0 * minute, 300.0 + minute) for minute in range(20)]), 6)
    60.0
    """
    after = [one for one in memory if one[0] >= WARM_UP * memory[-1][0]]
    if len(after) < 2:
        return 0.0
    seconds, megabytes = np.array(after).T
    return float(3_600 * np.polyfit(seconds, megabytes, 1)[0])


def show(heard: Heard, seconds: float) -> None:
    """Print the tables."""
    print("| call | requests | p50 ms | p99 ms | statuses |\n|---|---|---|---|---|")
    for call, took in sorted(heard.milliseconds.items()):
        statuses = ", ".join(f"{status or 'broken'}: {count}" for (of, status), count in sorted(heard.statuses.items()) if of == call)
        print(f"| {call} | {len(took)} | {np.percentile(took, 50):.1f} | {np.percentile(took, 99):.1f} | {statuses} |")
    print(f"\n{heard.deadlines} rankings past the deadline, {heard.late} requests waited for a connection, {seconds:.0f} s\n")
    print("| worker | MB over time | MB/h after the warm-up |\n|---|---|---|")
    for pid, memory in heard.memory.items():
        told = " ".join(f"{megabytes:.0f}" for _, megabytes in memory[:: max(1, len(memory) // MEMORIES)])
        print(f"| {pid} | {told} | {slope(memory):+.0f} |")
    for line in heard.wrong[:20]:
        print(line)


def _settings() -> Settings:
    settings = overruled(load_serving(Path(__file__).parent.parent / "config" / "serving.toml"), workers=2, authentication=False)
    return replace(settings, state=replace(settings.state, kind="redis", redis_url_from=URL_FROM))


def _capacity(port: int, requests: Requests) -> float:
    """Requests of the same mix a second, as fast as they are answered."""
    mixed = (requests.next() for _ in range(1_000))
    some = [wanted for call, wanted in mixed if call != "spoilt"]
    loaded(port, some[:100], connections=2)
    return loaded(port, some, connections=4, seconds=MEASURE_SECONDS).per_second


def main() -> None:
    """Soak, print, and exit with 1 if a shopper noticed anything."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("release", type=Path)
    arguments.add_argument("snapshot", type=Path, help="of today")
    arguments.add_argument("--minutes", type=float, default=10.0)
    given = arguments.parse_args()
    requests, port, said = Requests(given.snapshot), free_port(), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        switching, store = Switching(Path(folder) / "home", given.release, given.snapshot), Redis(Path(folder) / "redis")
        store.start()
        os.environ[URL_FROM] = store.url
        try:
            places = Places(state=Path(folder) / "state", home=switching.deployment.home)
            with serve(places, _settings(), port=port, echo=lambda line: said.extend(_kept(line))) as running:
                per_second = LOAD * _capacity(port, requests)
                said.clear()
                print(f"{per_second:.0f} requests a second, {LOAD:.0%} of what it can take, for {given.minutes:g} minutes\n", flush=True)
                with disturbed(switching, store, switch_seconds=30.0, restart_seconds=45.0):
                    heard = asyncio.run(soaked(port, requests, per_second, 60 * given.minutes, running.process.pid))
        finally:
            store.stop()
    show(heard, 60 * given.minutes)
    seen = sum('"switched"' in line for line in said)
    print(f"\n{switching.switches} switches, seen {seen} times by 2 workers; {store.restarts} restarts of the Redis")
    print("\n".join(line for line in said if '"switched"' not in line))
    sys.exit(bool(heard.wrong) or len(heard.memory) != 2)


def _kept(line: str) -> Iterator[str]:
    """Switches and errors; lines on requests are too many."""
    if '"event": "switched"' in line or '"level": "error"' in line or "Traceback" in line or "ERROR" in line:
        yield line


if __name__ == "__main__":
    main()
