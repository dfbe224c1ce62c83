"""How fast, as ratios within one run: a ranking against the trees alone, and histories in SQL against plain pandas.

python -m benchmarks.speed
"""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings, generate
from features.build import FEATURE_SET_HASH
from features.clock import days
from features.entities import ENTITIES
from features.facts import KEYS, facts, subjects
from features.histories import run
from features.shop import Shop
from features.snapshot import take_snapshot
from serving.state import Serving
from serving.wire import Offer, RankRequest
from training.model import save
from training.pipeline import train
from training.settings import parse_settings

ROOT = Path(__file__).parent.parent
OFFERS = 200


def milliseconds(work: Callable[[], object], times: int) -> float:
    """The median of some runs, after one to warm up."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken)


def ranking(shop: Shop, policy: str, folder: Path) -> tuple[float, float]:
    """Milliseconds to rank 200 offers in process, and of LightGBM's predict in it."""
    training = train(shop, parse_settings((ROOT / "config/training.toml").read_text()))
    save(
        {kind: one.model for kind, one in training.trained.items()},
        folder / "release",
        feature_set=FEATURE_SET_HASH,
        policy=policy,
        about={},
    )
    take_snapshot(shop, folder / "snapshot")
    serving = Serving.load(folder / "release", folder / "snapshot")
    skus = shop.tables["products"]["sku"].iloc[:OFFERS]
    customer = shop.tables["order_lines"]["customer_id"].iloc[-1]
    request = RankRequest(offers=[Offer(sku=sku) for sku in skus], customer_id=customer)
    whole = milliseconds(lambda: serving.rank(request, request_id="benchmark"), 50)
    inputs = [(one.model, one.inputs.iloc[:OFFERS]) for one in training.trained.values()]
    trees = milliseconds(lambda: [model.booster.predict(rows.to_numpy(), num_threads=1) for model, rows in inputs], 50)
    return whole, trees


def history(shop: Shop) -> tuple[float, float]:
    """Milliseconds for the customers' histories of every order line: our SQL, and one sum of them by pandas' rolling windows."""
    lines = shop.tables["order_lines"]
    about = subjects(shop.tables, lines["customer_id"], lines["sku"], lines["ordered_at"], lines["country"])
    spine = about[list(KEYS)].assign(day=days(lines["ordered_at"]), row_number=np.arange(len(lines)))
    happened = facts(shop)
    customer = next(entity for entity in ENTITIES if entity.name == "customer")
    with duckdb.connect() as connection:
        connection.register("facts", happened)
        connection.register("asked", spine)
        ours = milliseconds(lambda: run(customer, connection), 5)
    daily = happened.groupby(["customer_id", "day"])["ordered_lines"].sum().reset_index()
    dated = daily.assign(at=pd.to_datetime(daily["day"], unit="D")).sort_values("at")
    plain = milliseconds(lambda: dated.groupby("customer_id").rolling("90D", on="at", closed="left")["ordered_lines"].sum(), 2)
    return ours, plain


def main() -> None:
    """Measure and print."""
    policy = (ROOT / "config/policy.toml").read_text()
    shop = Shop.of(generate(ShopSettings()).tables, parse_policy(policy).window_days)
    with tempfile.TemporaryDirectory() as scratch:
        whole, trees = ranking(shop, policy, Path(scratch))
    ours, plain = history(shop)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {pd.Timestamp.now():%Y-%m-%d}\n")
    print("| work | ms | against | ms | ratio |\n|---|---|---|---|---|")
    print(f"| rank {OFFERS} offers in process | {whole:.1f} | Booster.predict of both models alone | {trees:.1f} | {whole / trees:.2f} |")
    print(
        f"| {len(shop.tables['order_lines']):,} lines: all histories of the customer in SQL | {ours:.0f} "
        f"| one 90-day sum by pandas rolling | {plain:.0f} | {ours / plain:.2f} |"
    )


if __name__ == "__main__":
    main()
