"""How fast, as a ratio within one run: a ranking against the trees alone. Histories: `python -m benchmarks.features`.

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

import pandas as pd

from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings, generate
from features.build import FEATURE_SET_HASH
from features.shop import Shop
from features.taking import take_snapshot
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


def main() -> None:
    """Measure and print."""
    policy = (ROOT / "config/policy.toml").read_text()
    parsed = parse_policy(policy)
    shop = Shop.of(generate(ShopSettings()).tables, parsed.window_days, zone=parsed.time_zone)
    with tempfile.TemporaryDirectory() as scratch:
        whole, trees = ranking(shop, policy, Path(scratch))
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {pd.Timestamp.now():%Y-%m-%d}\n")
    print("| work | ms | against | ms | ratio |\n|---|---|---|---|---|")
    print(f"| rank {OFFERS} offers in process | {whole:.1f} | Booster.predict of both models alone | {trees:.1f} | {whole / trees:.2f} |")


if __name__ == "__main__":
    main()
