"""What one ranking spends its time on, in process: phases, growth with the offers, and the ratio to the trees in LightGBM alone.

python -m benchmarks.ranking --release DIR --snapshot DIR
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from serving.facts import Moved, OfCustomer
from serving.ranked import PHASES
from serving.state import Serving
from serving.wire import Offer, RankRequest
from training.model import Model

OFFERS = 200
GROWTH = (10, 50, 100, 200, 500)
TIMES = 100
_SHOPPERS = ("nobody", "known", "busy")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", type=Path, required=True)
    parser.add_argument("--snapshot", type=Path, required=True)
    told = parser.parse_args()
    serving = Serving.load(told.release, told.snapshot)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {dt.date.today():%Y-%m-%d}")
    print(f"milliseconds, median (least) of {TIMES}; least is what the machine can, the median what it did beside its other work\n")
    print(f"| shopper, {OFFERS} offers | {' | '.join(PHASES)} | whole |\n|---|{'---|' * (len(PHASES) + 1)}")
    for shopper in _SHOPPERS:
        print(f"| {shopper} | {' | '.join(map(_told, _phases(serving, *_asked(serving, OFFERS, shopper))))} |")
    print("\n| offers | nobody | known | busy |\n|---|---|---|---|")
    for offers in GROWTH:
        print(f"| {offers} | {' | '.join(_told(_phases(serving, *_asked(serving, offers, one))[-1]) for one in _SHOPPERS)} |")
    trees = _of(lambda: [model.booster.predict(_rows(len(model.columns)), num_threads=1) for model in _models(serving)])
    print(f"\nBooster.predict of the {len(_models(serving))} models that a ranking asks, {OFFERS} rows: {_told(trees)}")


def _asked(serving: Serving, offers: int, shopper: str) -> tuple[RankRequest, Sequence[OfCustomer]]:
    """A request for skus from all over the assortment, by somebody who did nothing today, or viewed 30 of them, or by nobody."""
    skus = np.random.default_rng(1).permutation(list(serving.products))[:offers].tolist()
    at = serving.snapshot.at.to_pydatetime() + dt.timedelta(hours=12)
    who = None if shopper == "nobody" else next(name for name in _names() if serving.snapshot.knows_customer(name))
    views = [
        Moved(id=f"e{number}", customer_id=str(who), kind="view", sku=skus[number % len(skus)], at=at - dt.timedelta(minutes=number + 1))
        for number in range(30)
    ]
    return RankRequest(offers=[Offer(sku=sku) for sku in skus], customer_id=who, country="DE", at=at), views if shopper == "busy" else ()


def _names() -> Sequence[str]:
    """How a demo shop names its customers."""
    return [f"c{number:06d}" for number in range(10**6)]


def _phases(serving: Serving, request: RankRequest, facts: Sequence[OfCustomer]) -> list[tuple[float, float]]:
    """Median and least milliseconds of each phase, and of the whole."""
    taken: list[list[float]] = []
    for _ in range(TIMES):
        start = time.perf_counter()
        phases = serving.ranked(request, request_id="benchmark", facts=facts).phases
        taken.append([*phases.values(), time.perf_counter() - start])
    return [(1e3 * statistics.median(one), 1e3 * min(one)) for one in zip(*taken[1:], strict=True)]


def _of(work: Callable[[], object]) -> tuple[float, float]:
    work()
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken), min(taken)


def _models(serving: Serving) -> list[Model]:
    return [model for kind, model in serving.release.models.items() if kind != "reason"]


def _rows(columns: int) -> np.ndarray:
    return np.random.default_rng(2).random((OFFERS, columns))


def _told(milliseconds: tuple[float, float]) -> str:
    median, least = milliseconds
    return f"{median:.2f} ({least:.2f})"


if __name__ == "__main__":
    main()
