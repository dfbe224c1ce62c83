"""How fast a ranking comes over HTTP: beside the trees alone, and beside the service that anybody would write first.

python -m benchmarks.latency [--json OUT] [--release DIR --snapshot DIR]

(a) the sum of `Booster.predict` of the return, fit and order models on the ready matrix of 200 offers, one thread, nothing else;
(b) `benchmarks.plain_service` with as many workers. All of it in one run: rounds of each in turn, so that a busy moment hits all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from benchmarks.loading import HOST, Load, loaded, request
from benchmarks.shops import demo_release
from serving.launch import free_port, serve
from serving.settings import load_serving, overruled
from serving.state import Serving
from serving.wire import Offer, RankRequest
from serving.worker import Places

ROOT = Path(__file__).parent.parent
KINDS = ("return", "fit", "order")
OFFERS, CUSTOMERS = 200, 50
ROUNDS, PER_ROUND, CONNECTIONS = 8, 60, 4


@dataclass
class Measured:
    """Milliseconds by what was measured."""

    trees: list[float] = field(default_factory=list)
    ours: dict[int, list[float]] = field(default_factory=dict)
    plain: list[float] = field(default_factory=list)
    per_second: dict[str, list[float]] = field(default_factory=dict)


def main() -> None:
    """Measure, print, and write the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", type=Path, help="write the figures there as well")
    arguments.add_argument("--release", type=Path, help="a release's folder; by default one is trained on the demo shop")
    arguments.add_argument("--snapshot", type=Path, help="its snapshot's folder")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        folder = Path(scratch)
        release, snapshot = (given.release, given.snapshot) if given.release else demo_release(folder)
        serving = Serving.load(release, snapshot)
        ports = {workers: running.enter_context(_ours(release, snapshot, workers, folder)) for workers in (1, 2)}
        plain = running.enter_context(_plain(release, serving, folder))
        measured = _measured(serving, ports, plain)
        growth = {offers: _growth(ports[1], serving, offers) for offers in (10, 50, 100, 200, 350, 500)}
        phases = _phases(ports[1])
    figures = _figures(measured, growth, phases)
    _show(figures)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n")


def _measured(serving: Serving, ports: dict[int, int], plain: int) -> Measured:
    measured = Measured(ours={workers: [] for workers in ports}, per_second={"ours": [], "plain": []})
    ours, theirs = _requests(serving, OFFERS), _plain_requests(serving)
    matrices = _matrices(serving)
    for port in (*ports.values(), plain):
        loaded(port, (ours if port != plain else theirs)[:20])
    for _ in range(ROUNDS):
        measured.trees += [_trees(serving, one) for one in matrices for _ in range(2)]
        for workers, port in ports.items():
            measured.ours[workers] += _all_well(loaded(port, ours[:PER_ROUND])).milliseconds
        measured.plain += _all_well(loaded(plain, theirs[: PER_ROUND // 4])).milliseconds
        measured.per_second["ours"].append(_all_well(loaded(ports[2], ours, connections=CONNECTIONS, seconds=2.0)).per_second)
        measured.per_second["plain"].append(_all_well(loaded(plain, theirs, connections=CONNECTIONS, seconds=2.0)).per_second)
    return measured


def _figures(measured: Measured, growth: dict[int, float], phases: dict[str, float]) -> dict[str, Any]:
    one, two = measured.ours[1], measured.ours[2]
    return {
        "machine": f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores",
        "offers": OFFERS,
        "p50_ratio": _percentile(one, 50) / _percentile(measured.trees, 50),
        "p99_ratio": _percentile(one, 99) / _percentile(measured.trees, 99),
        "throughput_ratio": float(np.median(measured.per_second["ours"]) / np.median(measured.per_second["plain"])),
        "trees_ms": _spread(measured.trees),
        "ours_1_worker_ms": _spread(one),
        "ours_2_workers_ms": _spread(two),
        "plain_2_workers_ms": _spread(measured.plain),
        "per_second": {name: float(np.median(rates)) for name, rates in measured.per_second.items()},
        "p50_ms_by_offers": {str(offers): ms for offers, ms in growth.items()},
        "phases_ms": phases,
    }


def _show(figures: dict[str, Any]) -> None:
    print(f"{figures['machine']}, {pd.Timestamp.now():%Y-%m-%d}; {OFFERS} offers a request\n")
    print("| what | p50 ms | p99 ms |\n|---|---|---|")
    for name, told in (
        ("trees_ms", "(a) Booster.predict of the three models alone"),
        ("ours_1_worker_ms", "POST /v1/rank, 1 worker"),
        ("ours_2_workers_ms", "POST /v1/rank, 2 workers"),
        ("plain_2_workers_ms", "(b) the plain service"),
    ):
        print(f"| {told} | {figures[name]['p50']:.2f} | {figures[name]['p99']:.2f} |")
    print(f"\np50 {figures['p50_ratio']:.2f} x (a), p99 {figures['p99_ratio']:.2f} x (a); ", end="")
    rates = figures["per_second"]
    print(f"{rates['ours']:.0f} requests a second against {rates['plain']:.0f} of (b): {figures['throughput_ratio']:.1f} times\n")
    print("| step | mean ms |\n|---|---|")
    for phase, milliseconds in figures["phases_ms"].items():
        print(f"| {phase} | {milliseconds:.2f} |")
    print("\n| offers | p50 ms |\n|---|---|")
    for offers, milliseconds in figures["p50_ms_by_offers"].items():
        print(f"| {offers} | {milliseconds:.2f} |")


def _requests(serving: Serving, offers: int) -> list[bytes]:
    """Rankings of so many offers out of the whole assortment, for customers who are known."""
    return [request("/v1/rank", msgspec.json.encode(one)) for one in _asked(serving, offers)]


def _asked(serving: Serving, offers: int) -> list[RankRequest]:
    draw = np.random.default_rng(1)
    skus = serving.snapshot.products["sku"].to_numpy(dtype=object)
    known = [f"c{number:06d}" for number in range(1, 2_000) if serving.snapshot.knows_customer(f"c{number:06d}")]
    customers = draw.choice(known, CUSTOMERS)
    return [
        RankRequest(
            offers=[Offer(sku=sku) for sku in draw.choice(skus, offers, replace=False)],
            customer_id=str(customer),
            country="DE",
            at=serving.snapshot.at.to_pydatetime(),
        )
        for customer in customers
    ]


def _matrices(serving: Serving) -> list[dict[str, np.ndarray[Any, Any]]]:
    """What each model's trees read of some of the same requests."""
    found = []
    for one in _asked(serving, OFFERS)[:10]:
        inputs = serving.inputs(one)
        models = {kind: serving.release.models[kind] for kind in KINDS}
        held = {kind: inputs.assign(**model.fixed)[list(model.columns)] for kind, model in models.items()}
        found.append({kind: np.ascontiguousarray(rows.to_numpy(dtype="float64")) for kind, rows in held.items()})
    return found


def _trees(serving: Serving, matrices: dict[str, np.ndarray[Any, Any]]) -> float:
    started = time.perf_counter()
    for kind, rows in matrices.items():
        serving.release.models[kind].booster.predict(rows, num_threads=1)
    return 1e3 * (time.perf_counter() - started)


def _growth(port: int, serving: Serving, offers: int) -> float:
    return _all_well(loaded(port, _requests(serving, offers))).percentile(50)


def _all_well(load: Load) -> Load:
    if set(load.statuses) != {200}:
        raise SystemExit(f"replies of status {dict(load.statuses)}: {load.bodies}")
    return load


def _percentile(milliseconds: Sequence[float], share: float) -> float:
    return float(np.percentile(milliseconds, share))


def _spread(milliseconds: Sequence[float]) -> dict[str, float]:
    return {"p50": _percentile(milliseconds, 50), "p99": _percentile(milliseconds, 99), "mean": float(np.mean(milliseconds))}


def _phases(port: int) -> dict[str, float]:
    """Mean milliseconds of each step, as the service's own metrics tell them."""
    page = loaded(port, [request("/metrics", method="GET")]).bodies[200].decode()
    told: dict[str, dict[str, float]] = {}
    for line in page.splitlines():
        for part in ("sum", "count"):
            if line.startswith(f"keeprank_phase_seconds_{part}{{"):
                told.setdefault(line.split('"')[1], {})[part] = float(line.rsplit(" ", 1)[1])
    return {phase: 1e3 * both["sum"] / both["count"] for phase, both in told.items() if both["count"]}


@contextmanager
def _ours(release: Path, snapshot: Path, workers: int, folder: Path) -> Iterator[int]:
    port = free_port()
    settings = overruled(load_serving(ROOT / "config" / "serving.toml"), workers=workers, authentication=False)
    with serve(Places(folder / f"state-{workers}", release=release, snapshot=snapshot), settings, port=port):
        yield port


@contextmanager
def _plain(release: Path, serving: Serving, folder: Path) -> Iterator[int]:
    """The plain service with two workers over tables of its own."""
    tables, port = folder / "plain", free_port()
    _write_plain(serving, tables)
    environment = {**os.environ, "KEEPRANK_RELEASE": str(release), "KEEPRANK_PLAIN": str(tables), "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "benchmarks.plain_service:app",
        "--port",
        str(port),
        "--workers",
        "2",
        "--log-level",
        "error",
    ]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:  # noqa: S603
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()


def _write_plain(serving: Serving, tables: Path) -> None:
    """What a plain service joins: each product with the features of an offer to a stranger, each customer with her own."""
    tables.mkdir()
    products, about = serving.snapshot.products, [feature for feature in serving.snapshot.features if feature.kind == "customer"]
    skus = products["sku"].tolist()
    rows = [serving.inputs(_one(skus[start : start + 500], None)) for start in range(0, len(skus), 500)]
    listed = products[["sku", "price", "unit_cost"]].rename(columns={"price": "list_price"}).reset_index(drop=True)
    pd.concat([listed, pd.concat(rows, ignore_index=True)], axis=1).to_parquet(tables / "products.parquet")
    known = sorted({str(one.customer_id) for one in _asked(serving, OFFERS)})
    hers = [serving.inputs(_one(skus[:1], customer)) for customer in known]
    named = pd.concat(hers, ignore_index=True)[[feature.name for feature in about]]
    named.assign(customer_id=known).to_parquet(tables / "customers.parquet")


def _one(skus: Sequence[str], customer_id: str | None) -> RankRequest:
    """A request for skus at the snapshot's own moment."""
    return RankRequest(offers=[Offer(sku=sku) for sku in skus], customer_id=customer_id, country="DE")


def _plain_requests(serving: Serving) -> list[bytes]:
    bodies = ({"customer_id": one.customer_id, "offers": [{"sku": offer.sku} for offer in one.offers]} for one in _asked(serving, OFFERS))
    return [request("/rank", json.dumps(body).encode()) for body in bodies]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            loaded(port, [request("/docs", method="GET")])
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"nothing answers at {HOST}:{port}")


if __name__ == "__main__":
    main()
