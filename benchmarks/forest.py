"""What a compiled forest costs, as a ratio within one run: against LightGBM's predict of the same rows on one core.

    python -m benchmarks.forest
    python -m benchmarks.forest --release build/release --snapshot build/snapshot

Forty requests, each of one customer for 200 skus drawn from the assortment, take turns: a processor that is asked the same thing again
and again guesses every branch right, and a service is not asked so. "Mixed" are as many rows, each of another request.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings, generate
from features.build import FEATURE_SET_HASH
from features.native import native
from features.shop import Shop
from features.taking import take_snapshot
from serving.state import Serving
from serving.wire import Offer, RankRequest
from training.compiled import CompiledForest, compile_forest
from training.model import Floats, Model, save
from training.pipeline import train
from training.settings import parse_settings
from training.walk import Bytes, Numbers, Packed, left_open, sort_into_bins, walk

ROOT = Path(__file__).parent.parent
OFFERS, REQUESTS, ROUNDS = 200, 40, 10


@dataclass(frozen=True)
class Taken:
    """Microseconds of this thread for some rows: medians.

    Attributes:
        predict: LightGBM's predict.
        compiled: the same from the compiled forest.
        score: the whole of `Model.score`: that, calibrated.
    """

    predict: float
    compiled: float
    score: float


def microseconds(works: Sequence[Sequence[Callable[[], object]]]) -> list[float]:
    """The median of each way to do some works; the ways take turns at each work, the works in each round."""
    taken: list[list[float]] = [[] for _ in works[0]]
    for number in range(ROUNDS + 1):
        for ways in works:
            for way, times in zip(ways, taken, strict=True):
                start = time.thread_time_ns()
                way()
                if number:  # the first round warms up
                    times.append((time.thread_time_ns() - start) / 1_000)
    return [statistics.median(times) for times in taken]


def compiled(model: Model) -> CompiledForest:
    """As `Model.score` uses it.

    Raises:
        RuntimeError: it does not.
    """
    found = compile_forest(model.booster.model_to_string(), dict(enumerate(model.fixed.values(), start=len(model.features))))
    if not isinstance(found, CompiledForest):
        raise RuntimeError(f"the {model.kind} model is not compiled: {found.reason}")
    return found


def taken(model: Model, requests: Iterable[Floats]) -> Taken:
    """What a model's scores of some requests' rows cost."""
    forest = compiled(model)

    def ways(rows: Floats) -> list[Callable[[], object]]:
        held = np.broadcast_to(np.array(list(model.fixed.values())), (len(rows), len(model.fixed)))
        whole = np.ascontiguousarray(np.hstack([rows, held]))
        return [
            lambda: model.booster.predict(whole, num_threads=1),
            lambda: forest.probabilities(rows),
            lambda: model.score(rows),
        ]

    return Taken(*microseconds([ways(rows) for rows in requests]))


@native()
def _opened(forest: Packed, low: Bytes, high: Bytes, told: Numbers, splits: Numbers) -> int:
    found = 0
    for tree in range(forest.first_split.size - 1):
        found += left_open(forest, tree, low, high, told, splits)
    return found


def stages(model: Model, requests: Sequence[Floats]) -> tuple[list[float], float]:
    """Microseconds for 200 rows of: bins, finding the splits left open, the whole walk; and the share of splits that is left open."""
    forest = compiled(model)
    packed, rows = forest.packed, len(requests[0])
    most = int(np.diff(packed.first_leaf).max())
    told, splits = np.empty(2 * most, "int64"), np.empty((most, 4), "int64")
    told[:most] = np.arange(most)[::-1]
    totals = np.zeros((forest.sums, rows))
    shares = []

    def ways(inputs: Floats) -> list[Callable[[], object]]:
        low, high, bins = (np.empty(shape, "uint8") for shape in (len(packed.feature), len(packed.feature), (len(packed.feature), rows)))
        sort_into_bins(inputs, 0, rows, packed, bins, low, high)
        shares.append(_opened(packed, low, high, told, splits) / len(packed.column))
        return [
            lambda: sort_into_bins(inputs, 0, rows, packed, bins, low, high),
            lambda: _opened(packed, low, high, told, splits),
            lambda: walk(inputs, packed, totals),
        ]

    return microseconds([ways(np.ascontiguousarray(one.T)) for one in requests]), statistics.mean(shares)


def demo_shop(folder: Path) -> tuple[Path, Path]:
    """A release and a snapshot of the demo shop, made there."""
    policy = (ROOT / "config/policy.toml").read_text()
    parsed = parse_policy(policy)
    shop = Shop.of(generate(ShopSettings()).tables, parsed.window_days, zone=parsed.time_zone)
    trained = train(shop, parse_settings((ROOT / "config/training.toml").read_text())).trained
    models = {kind: one.model for kind, one in trained.items()}
    save(models, folder / "release", feature_set=FEATURE_SET_HASH, policy=policy, about={})
    take_snapshot(shop, folder / "snapshot")
    return folder / "release", folder / "snapshot"


def asked(serving: Serving) -> list[pd.DataFrame]:
    """The features of forty requests."""
    rng = np.random.default_rng(1)
    skus = serving.snapshot.products["sku"].to_numpy()
    drawn = [rng.choice(skus, min(OFFERS, len(skus)), replace=False).tolist() for _ in range(REQUESTS)]
    customers = [f"c{number:06d}" for number in rng.integers(1, 2_000, REQUESTS)]
    pairs = zip(drawn, customers, strict=True)
    return [serving.inputs(RankRequest(offers=[Offer(sku=sku) for sku in of], customer_id=customer)) for of, customer in pairs]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", type=Path, help="a release's folder; the demo shop's is made if there is none")
    parser.add_argument("--snapshot", type=Path, help="of the same shop")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = (given.release, given.snapshot) if given.release else demo_shop(Path(scratch))
        serving = Serving.load(*folders)
    frames = asked(serving)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {pd.Timestamp.now():%Y-%m-%d}\n")
    print(f"| {OFFERS} rows | trees | of | Booster.predict, us | compiled | ratio | calibrated too | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for name, rows in (("one customer", frames), ("mixed", _mixed(frames))):
        found = {kind: taken(model, _numbers(model, rows)) for kind, model in serving.release.models.items()}
        for kind, one in found.items():
            _print_line(name, f"{serving.release.models[kind].booster.num_trees()}", kind, one)
        ranking = [one for kind, one in found.items() if kind != "reason"]
        whole = Taken(*(sum(part) for part in zip(*((one.predict, one.compiled, one.score) for one in ranking), strict=True)))
        _print_line(name, "", "all that a ranking asks", whole)
    print("\n| of one customer, us | bins | which splits are open | answers and sums | open, % |\n|---|---|---|---|---|")
    for kind, model in serving.release.models.items():
        (bins, opened, walked), share = stages(model, _numbers(model, frames))
        print(f"| {kind} | {bins:.0f} | {opened:.0f} | {walked - bins - opened:.0f} | {100 * share:.0f} |")


def _numbers(model: Model, frames: Iterable[pd.DataFrame]) -> list[Floats]:
    return [np.asfortranarray(frame[list(model.features)].to_numpy(dtype="float64")) for frame in frames]


def _mixed(frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """As many rows of all requests as a request has, as often as there are requests."""
    every = pd.concat(frames, ignore_index=True)
    return [every.iloc[number :: len(frames)] for number in range(len(frames))]


def _print_line(rows: str, trees: str, kind: str, one: Taken) -> None:
    ratios = f"{one.compiled:.0f} | {one.compiled / one.predict:.3f} | {one.score:.0f} | {one.score / one.predict:.3f}"
    print(f"| {rows} | {trees} | {kind} | {one.predict:.0f} | {ratios} |")


if __name__ == "__main__":
    main()
