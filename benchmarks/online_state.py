"""What the customer state costs, from a thousand customers in it to a million: telling, asking, following prices, erasing.

python -m benchmarks.online_state [--customers 1000 10000 100000] [--json FILE]   the SQLite file, in a folder of its own
python -m benchmarks.online_state --redis unix:///tmp/redis.sock                  a Redis that holds nothing else; it is emptied

Each size is measured in a process of its own: medians of calls one after the other, as one worker makes them, with facts on the disk
before they are acknowledged. `one fsync` is what the disk itself takes to keep 4 KiB: no store that keeps its word is faster.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measured import Clock, Measured, machine, measure, say
from features.today import LATEST
from serving.facts import Fact, Moved, PriceChanged, StockChanged
from serving.online.opening import open_state
from serving.online.port import CustomerState

MIDNIGHT = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
FACTS_EACH, AT_ONCE, THREADS, CALLS = 5, 1_000, 8, 200
SKUS = [f"sku-{number}" for number in range(200)]


def work(clock: Clock, *, customers: int, folder: str, redis_url: str | None) -> dict[str, Any]:
    """Fill a state, and measure it."""
    with clock.phase("filling"):
        if redis_url is not None:
            _empty(redis_url)
        filling = open_state(Path(folder), redis_url=redis_url, power_cut_safe=redis_url is not None)
        for first in range(0, customers * FACTS_EACH, AT_ONCE):
            filling.add([_view(number, f"customer-{number % customers}") for number in range(first, first + AT_ONCE)])
        filling.add([_view(-number, "keen") for number in range(1, LATEST + 1)])
        filling.add(
            [PriceChanged(id=f"p-{sku}", sku=sku, price=1990, currency="EUR", at=MIDNIGHT + dt.timedelta(hours=1)) for sku in SKUS[:20]]
        )
        filling.close()
    state = open_state(Path(folder), redis_url=redis_url)
    found = {"one fsync": _fsync_us(Path(folder))} | _calls(state)
    with clock.phase("telling from 8 threads"):
        found["facts a second, told one by one from 8 threads"] = _told_a_second(state)
    with clock.phase("erasing"):
        erasing = count()
        found["erase"] = _median_us(lambda: state.erase(f"customer-{next(erasing)}", now=MIDNIGHT), 10)
    found["MB on the disk"] = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
    state.close()
    return found


def _calls(state: CustomerState) -> dict[str, float]:
    told = count(10**9)
    some = [f"customer-{number}" for number in range(100)]

    def changed() -> None:
        state.add([StockChanged(id=f"s-{next(told)}", sku="sku-1", available=1, at=MIDNIGHT)])
        state.shelf(SKUS, since=MIDNIGHT)

    with_change = _median_us(changed, CALLS)
    return {
        "add 1 fact": _median_us(lambda: state.add([_view(next(told), "customer-1")]), CALLS),
        "add 100 facts": _median_us(lambda: state.add([_view(next(told), who) for who in some]), CALLS // 4),
        "of_customer, 200 moves": _median_us(lambda: state.of_customer("keen", since=MIDNIGHT), CALLS),
        "of_customer, 5 moves": _median_us(lambda: state.of_customer("customer-7", since=MIDNIGHT), CALLS),
        "of_customer, nobody": _median_us(lambda: state.of_customer("nobody", since=MIDNIGHT), CALLS),
        "is_erased": _median_us(lambda: state.is_erased("nobody", since=MIDNIGHT), CALLS),
        "shelf of 200 skus, nothing changed": _median_us(lambda: state.shelf(SKUS, since=MIDNIGHT), CALLS * 10),
        "add 1 stock, then shelf": with_change,
    }


def _told_a_second(state: CustomerState) -> float:
    numbers = iter(range(2 * 10**9, 2 * 10**9 + THREADS * CALLS))
    facts: list[list[Fact]] = [[_view(number, f"customer-{number % 97}")] for number in numbers]
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(state.add, facts))
    return len(facts) / (time.perf_counter() - began)


def _view(number: int, customer_id: str) -> Moved:
    at = MIDNIGHT + dt.timedelta(seconds=number % 86_400)
    return Moved(id=f"event-{number}", customer_id=customer_id, kind="view", sku=f"sku-{number % 1000}", at=at)


def _median_us(call: Callable[[], object], calls: int) -> float:
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def _fsync_us(folder: Path) -> float:
    file = os.open(folder / "probe", os.O_CREAT | os.O_WRONLY)

    def kept() -> None:
        os.pwrite(file, bytes(4096), 0)
        os.fsync(file)

    try:
        return _median_us(kept, CALLS)
    finally:
        os.close(file)
        (folder / "probe").unlink()


def _empty(redis_url: str) -> None:
    from redis import Redis

    with Redis.from_url(redis_url) as client:
        client.flushall()


def main() -> None:
    """Measure every size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--redis", help="measure this Redis instead; it is emptied")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    measured: dict[int, Measured] = {}
    for customers in arguments.customers:
        say(f"{customers:,} customers")
        with tempfile.TemporaryDirectory(prefix="keeprank-") as folder:
            given = {"customers": customers, "folder": folder, "redis_url": arguments.redis}
            measured[customers] = measure("benchmarks.online_state:work", given)
    _print(measured)
    if arguments.json is not None:
        found = {"machine": machine(), "sizes": {str(size): one.to_json() for size, one in measured.items()}}
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


def _print(measured: dict[int, Measured]) -> None:
    table = Table("microseconds, where nothing else is said", *(f"{size:,} customers" for size in measured), title=str(machine()))
    for name in next(iter(measured.values())).found:
        table.add_row(name, *(f"{one.found[name]:,.0f}" if one.found else one.died for one in measured.values()))
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
