"""Was it among the candidates? Learn from what was known before a day, and see how much of what was then ordered and kept was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from experiments.rankings import KEEPRANK, Rankings
from features.clock import micros
from features.shop import Shop
from training.bootstrap import Interval, ratios
from training.pipeline import Progress, silent
from training.retrieval.retriever import CANDIDATES
from training.retrieval.settings import RetrievalSettings
from training.retrieval.shopper import OF_ORDERS, Shopper, is_order
from training.retrieval.train import Ready, train_retrieval
from training.retrieval.weighing import KeptOrders

AT = (20, 50, CANDIDATES)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Recalled:
    """How much was found of some kept order lines.

    Attributes:
        lines: how many there were.
        recall: by ranking and number of candidates, the share of them found.
        times: how many times as much each other ranking's found is found by Keeprank among all candidates, by ranking.
    """

    lines: int
    recall: Mapping[str, Mapping[int, Interval]]
    times: Mapping[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "lines": self.lines,
            "recall": {name: {str(at): one.to_json() for at, one in found.items()} for name, found in self.recall.items()},
            "times": {name: one.to_json() for name, one in self.times.items()},
        }


@dataclass(frozen=True)
class Recall:
    """What a look back at the candidates found.

    Attributes:
        cut: the day, as ISO 8601.
        days: orders of so many days after it were looked at.
        skus, customers: how many the shop has.
        weights: how much each input counts.
        all: over all lines.
        slices: over some of them.
    """

    cut: str
    days: int
    skus: int
    customers: int
    weights: Mapping[str, float]
    all: Recalled
    slices: Mapping[str, Recalled]

    def to_json(self) -> dict[str, Any]:
        """The stable form that other tools read."""
        head = {name: getattr(self, name) for name in ("cut", "days", "skus", "customers")}
        slices = {name: one.to_json() for name, one in self.slices.items()}
        return {**head, "weights": dict(self.weights), "all": self.all.to_json(), "slices": slices}


def recall_by_time(
    shop: Shop,
    cut: pd.Timestamp,
    settings: RetrievalSettings,
    *,
    days: int = 28,
    most: int = 3_000,
    seed: int = 1,
    threads: int = 1,
    progress: Progress = silent,
) -> Recall:
    """Learn from what was known before a day, and judge by what was ordered in the days after it and is known to be kept.

    Candidates are asked for an hour before each order, with what was then known of the shopper, of launches and of stock, and the
    numbers learned before the day.

    Args:
        shop: the shop, with all that it knows now.
        cut: the day.
        settings: how to learn.
        days: how many days after it are looked at.
        most: at most so many kept lines, drawn at random.
        seed: of the draws.
        threads: of `implicit`.
        progress: wraps loops, to show progress.

    Raises:
        NotEnoughData: too little is known before the day, or nothing is known to be kept after it.
    """
    ready = Ready.of(shop)
    learned = train_retrieval(ready, cut, settings, seed=seed, threads=threads, progress=progress)
    cut_us = int(micros(pd.Series([cut]))[0])
    until_us, now_us = int(micros(pd.Series([cut + pd.Timedelta(days=days)]))[0]), int(micros(pd.Series([pd.Timestamp(shop.now)]))[0])
    orders = KeptOrders.of(ready.deeds, cut_us, until_us, known_us=now_us).some(most, seed)
    if not len(orders):
        raise NotEnoughData(
            f"no line ordered in the {days} days from {cut:%Y-%m-%d} on is known to be kept", advice="choose an earlier cut"
        )
    rankings = Rankings.of(learned, ready, cut_us, seed)
    ranks, parts = _ranked(rankings, ready, orders, progress)
    customers = orders.customer
    return Recall(
        cut=cut.isoformat(),
        days=days,
        skus=len(ready.goods.skus),
        customers=len(ready.deeds.customers),
        weights=learned.weights,
        all=recalled(ranks, customers, seed),
        slices={
            name: recalled({one: rank[chosen] for one, rank in ranks.items()}, customers[chosen], seed)
            for name, chosen in parts.items()
            if chosen.any()
        },
    )


def _ranked(
    rankings: Rankings, ready: Ready, orders: KeptOrders, progress: Progress
) -> tuple[dict[str, npt.NDArray[np.int64]], dict[str, Flags]]:
    """The rank of every line by ranking, 0 where it is not among the candidates; and the slices."""
    ranks: dict[str, npt.NDArray[np.int64]] = {}
    parts: dict[str, Flags] = {}
    for lines in progress(orders.by_order(), "looking for what was kept"):
        first, at_us, sku = lines[0], int(orders.at_us[lines[0]]), orders.sku[lines]
        shopper = ready.deeds.shopper(int(orders.customer[first]), at_us, allowed=bool(orders.allowed[first]))
        for name, found in rankings.ranks(shopper, at_us, ready.sold(at_us), sku).items():
            ranks.setdefault(name, np.zeros(len(orders), dtype="int64"))[lines] = found
        for name, chosen in _parts(rankings, ready, shopper, allowed=bool(orders.allowed[first]), sku=sku).items():
            parts.setdefault(name, np.zeros(len(orders), dtype=bool))[lines] = chosen
    return ranks, parts


def _parts(rankings: Rankings, ready: Ready, shopper: Shopper, *, allowed: bool, sku: npt.NDArray[np.int64]) -> dict[str, Flags]:
    style = ready.goods.style
    looked = np.isin(style[sku], style[shopper.sku[shopper.what >= OF_ORDERS]])
    before = np.isin(style[sku], style[shopper.sku[is_order(shopper.what)]])
    new = np.full(len(sku), not is_order(shopper.what).any())
    return {
        "customer:known": ~new,
        "customer:new": new & allowed,
        "customer:no consent": np.full(len(sku), not allowed),
        "style:new": rankings.is_new[style[sku]],
        "style:looked at before": looked,
        "style:ordered before": before & ~looked,
        "style:neither": ~looked & ~before,
    }


def recalled(ranks: Mapping[str, npt.NDArray[np.int64]], customers: npt.NDArray[np.int64], seed: int) -> Recalled:
    """Recall with intervals over customers.

    Args:
        ranks: by ranking, the rank of each line, 0 where it was not among the candidates.
        customers: the customer of each line.
        seed: of the bootstrap.
    """
    hits = np.column_stack([(rank > 0) & (rank <= at) for rank in ranks.values() for at in AT]).astype("float64")
    found = iter(ratios(hits, 1.0, customers, seed=seed))
    recall = {name: {at: next(found) for at in AT} for name in ranks}
    last = np.column_stack([rank > 0 for rank in ranks.values()]).astype("float64")
    ours = last[:, [list(ranks).index(KEEPRANK)]]
    times = dict(zip(ranks, ratios(np.broadcast_to(ours, last.shape), last, customers, seed=seed), strict=True))
    return Recalled(len(hits), recall, {name: one for name, one in times.items() if name != KEEPRANK})
