"""From a shop to the retrieval part of a release."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from domain.errors import NotEnoughData
from features.clock import micros
from features.shop import Shop
from training.retrieval.goods import Flags, Goods, in_stock
from training.retrieval.inputs import Inputs
from training.retrieval.learned import Learned
from training.retrieval.learning import Past, learn
from training.retrieval.settings import RetrievalSettings
from training.retrieval.shopper import KEPT, Deeds
from training.retrieval.weighing import KeptOrders, weigh

_DAY_US = 86_400_000_000

Progress = Callable[[Iterable[Any], str], Iterable[Any]]


class Sold:
    """Which skus are sold at a moment, with the stock as counted before its day (UTC) began; the latest day is remembered."""

    def __init__(self, goods: Goods, stock: pd.DataFrame | None) -> None:
        self._goods, self._stock = goods, stock
        self._day, self._units = -1, pd.Series(dtype="int64")

    def __call__(self, at_us: int) -> Flags:
        """(skus,)"""
        if at_us // _DAY_US != self._day:
            self._day = at_us // _DAY_US
            self._units = in_stock(self._stock, pd.Timestamp(self._day * _DAY_US, unit="us", tz="UTC"))
        return self._goods.sold(at_us, self._units)


@dataclass(frozen=True, eq=False)
class Ready:
    """A shop's tables as retrieval reads them.

    Attributes:
        goods: what can be recommended.
        deeds: what shoppers did.
        sold: which skus are sold at a moment.
    """

    goods: Goods
    deeds: Deeds
    sold: Sold

    @classmethod
    def of(cls, shop: Shop) -> Ready:
        """Read the tables once."""
        goods = Goods.of(shop.tables["products"])
        return cls(goods, Deeds.of(shop, goods), Sold(goods, shop.tables.get("stock")))


def train_retrieval(ready: Ready, at: pd.Timestamp, settings: RetrievalSettings, *, seed: int, threads: int, progress: Progress) -> Learned:
    """Learn from what was known before a moment.

    How much each input counts is learned from the newest orders whose outcome is known, with numbers learned from what was known before
    these orders; then the numbers are learned again from everything.

    Raises:
        NotEnoughData: too few lines were kept, or none of the newest.
    """
    at_us = int(micros(pd.Series([at]))[0])
    from_us, until_us = _newest_known(ready.deeds, at_us, settings)
    orders = KeptOrders.of(ready.deeds, from_us, until_us, known_us=at_us).some(settings.most_judged, seed)
    found = []
    for moment in progress((from_us, at_us), "learning who keeps what"):
        found.append(learn(ready.goods, Past.of(ready.deeds, moment), settings, seed=seed, threads=threads))
    early = Inputs.of(found[0], ready.goods)
    weights = weigh(early, ready.deeds, orders, ready.sold, seed=seed, track=lambda steps: progress(steps, "weighing the sources"))
    return replace(found[1], weights=weights)


def _newest_known(deeds: Deeds, at_us: int, settings: RetrievalSettings) -> tuple[int, int]:
    """The newest days of which it is known what was kept."""
    known = deeds.at_us[(deeds.what == KEPT) & (deeds.since_us < at_us)]
    if len(known) < settings.fewest_kept:
        raise NotEnoughData(f"{len(known):,} order lines are known to be kept", expected=f"at least {settings.fewest_kept:,}")
    until_us = int(known.max()) // _DAY_US * _DAY_US + _DAY_US
    from_us = until_us - settings.weigh_days * _DAY_US
    before, newest = int((known < from_us).sum()), int((known >= from_us).sum())
    if min(before, newest) < settings.fewest_kept // 10:
        raise NotEnoughData(
            f"{newest:,} kept lines in the newest {settings.weigh_days} days and {before:,} before them",
            expected=f"at least {settings.fewest_kept // 10:,} each",
        )
    return from_us, until_us
