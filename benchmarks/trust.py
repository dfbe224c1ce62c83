"""What letting in, limiting, counting and logging cost a request, and whether the time of a refusal tells why.

Run: `python -m benchmarks.trust`. Times are medians in microseconds, one thread; metrics as with several workers, in mapped files.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="keeprank-metrics-")  # it is read when the metrics are imported

from scipy.stats import ks_2samp

from serving import measures
from serving.key_file import Scope, create_key, revoke_key
from serving.keys import Keys
from serving.limits import depth
from serving.request_lines import RequestLines
from serving.wire import ExcludedOffer, RankReply

NOW = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
ROUNDS = 20_000


def microseconds(work: Callable[[], object]) -> float:
    """The median of many."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - began)
    return statistics.median(times) / 1_000


def observed() -> None:
    """All that one ranking counts."""
    measures.asked_by("0f3a5bb21c9d")
    measures.inside(1)
    for name in get_args(measures.Phase):
        measures.phase(name, 0.01)
    measures.ranked(_REPLY)
    measures.answered("/v1/rank", 200, 0.02)
    measures.logged(waiting=1, committed=1, denied=0, lost=0, failed_commits=0)
    measures.inside(0)


_REPLY = RankReply(
    request_id="r",
    as_of=NOW,
    release="release",
    snapshot="snapshot",
    snapshot_at=NOW,
    policy="policy",
    country=None,
    vat_rate=0.19,
    currency="EUR",
    per="order",
    fallback="none",
    intervals=None,
    objective="kept_margin",
    order_bonus=0,
    offers=[],
    excluded=[ExcludedOffer(sku="b", reason="out_of_stock")],
    unknown_offers=["a"],
    cut_by_limit=3,
    stale_seconds=0,
)


def costs() -> None:
    """What each step costs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "keys.json"
        shown = create_key(file, "shop", [Scope.STOREFRONT], now=NOW)[1]
        keys, lines = Keys(file), RequestLines(io.StringIO())
        body = json.dumps({"offers": [{"sku": f"sku-{number:06d}", "price": 4999, "p_order": 0.01} for number in range(200)]}).encode()
        print(f"let in               {microseconds(lambda: keys.authorise(f'Bearer {shown}', Scope.STOREFRONT)):6.1f}")
        print(f"depth of 200 offers  {microseconds(lambda: depth(body)):6.1f}")
        print(f"all metrics of one   {microseconds(observed):6.1f}")
        print(f"its line in the log  {microseconds(lambda: _answered(lines)):6.1f}")
        began = time.perf_counter()
        measures.page()
        print(f"the metrics' page    {1e6 * (time.perf_counter() - began):6.1f}")


def _answered(lines: RequestLines) -> None:
    lines.answered(request_id="r", route="/v1/rank", status=200, milliseconds=20.5, key_id="0f3a5bb21c9d", release="abc", settings="v")


def refusals() -> None:
    """How long each refusal takes, drawn in turn so that the machine's moods fall on all alike; and how far their times are apart."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "keys.json"
        shown, revoked = (create_key(file, "shop", [Scope.STOREFRONT], now=NOW)[1] for _ in range(2))
        revoke_key(file, revoked.split("_")[1], now=NOW)
        keys = Keys(file)
        last = "0" if shown[-1] != "0" else "1"
        headers = {
            "last digit wrong": f"Bearer {shown[:-1]}{last}",
            "first digit wrong": f"Bearer {shown[:-64]}{'0' if shown[-64] != '0' else '1'}{shown[-63:]}",
            "revoked": f"Bearer {revoked}",
            "unknown id": f"Bearer kr_{'0' * 12}_{shown[-64:]}",
            "cut off": f"Bearer {shown[:-1]}",
            "missing": None,
        }
        times: dict[str, list[int]] = {name: [] for name in headers}
        drawn = random.Random(1)  # noqa: S311  (the order of measuring is no secret)
        for _ in range(ROUNDS):
            for name in drawn.sample(list(headers), len(headers)):
                began = time.perf_counter_ns()
                keys.authorise(headers[name], Scope.STOREFRONT)
                times[name].append(time.perf_counter_ns() - began)
    first = next(iter(times))
    print(f"\n{'refused':20} {'median us':>9}  Kolmogorov-Smirnov distance from {first!r}")
    for name, taken in times.items():
        print(f"{name:20} {statistics.median(taken) / 1_000:9.2f}  {ks_2samp(taken, times[first]).statistic:.3f}")


if __name__ == "__main__":
    costs()
    refusals()
