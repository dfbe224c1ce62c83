"""Names the likeliest few hundred skus of a whole assortment for a shopper: a release's retrieval, laid over a snapshot once a night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.snapshot import Snapshot
from serving.assortment import Product
from serving.facts import Moved, OfCustomer, Ordered
from serving.since import micros_of
from serving.wire_recommend import RecommendRequest
from training.model import Release
from training.retrieval.goods import Flags, Goods
from training.retrieval.remembered import FOLDER, Deed, Remembered
from training.retrieval.retriever import Candidates, Retriever
from training.retrieval.shopper import BASKET, PENDING, VIEWED, WISHED

_DEEDS = {"view": VIEWED, "wishlist": WISHED, "basket": BASKET}


@dataclass(frozen=True, eq=False)
class Recommender:
    """A release's retrieval over a snapshot's assortment.

    Attributes:
        retriever: names candidates.
        remembered: what shoppers did before the snapshot's midnight; None where the snapshot does not hold it.
        stock: units by sku at the snapshot's moment; a sku that is not there is not counted.
        categories: the category of each sku of the assortment, "" where it has none.
    """

    retriever: Retriever
    remembered: Remembered | None
    stock: pd.Series
    categories: tuple[str, ...]

    @classmethod
    def of(cls, release: Release, snapshot: Snapshot, folder: Path, products: Mapping[str, Product]) -> Recommender | None:
        """Lay the release's retrieval over the assortment; None where the release has none.

        Args:
            release: the release.
            snapshot: the snapshot.
            folder: where the snapshot lies: what shoppers did is beside it.
            products: its assortment by sku.
        """
        if release.retrieval is None:
            return None
        goods = Goods.of(snapshot.products)
        shoppers = folder / FOLDER
        return cls(
            Retriever.of(release.retrieval, goods),
            Remembered.load(shoppers) if shoppers.is_dir() else None,
            pd.Series(snapshot.stock, dtype="int64"),
            tuple(products[sku].category or "" for sku in goods.skus.tolist()),
        )

    def candidates(self, request: RecommendRequest, at_us: int, facts: Sequence[OfCustomer], *, most: int) -> tuple[Candidates, bool]:
        """The likeliest skus of those that are sold and wanted, and whether anything is known of the shopper.

        Args:
            request: what was asked; its customer is one whose history may be used, or None.
            at_us: when, UTC microseconds.
            facts: what the shopper did since the snapshot's moment.
            most: how many.
        """
        goods = self.retriever.goods
        remembered = self.remembered or _NOTHING
        shopper = remembered.shopper(request.customer_id, at_us, goods, list(_deeds(facts)), market=request.country)
        found = self.retriever.candidates(shopper, at_us, self._wanted(request, at_us), most=most)
        return found, bool(len(shopper.sku))

    def _wanted(self, request: RecommendRequest, at_us: int) -> Flags:
        goods = self.retriever.goods
        wanted = goods.sold(at_us, self.stock)
        if request.categories:
            wanted &= np.isin(self.categories, request.categories)
        if unwanted := [*request.without, *(line.sku for line in request.basket)]:
            wanted &= ~np.isin(goods.skus, unwanted)
        return wanted


def _deeds(facts: Sequence[OfCustomer]) -> Iterator[Deed]:
    """What speaks for skus among a shopper's facts."""
    for fact in facts:
        at_us = micros_of(fact.at)
        if isinstance(fact, Ordered):
            yield Deed(fact.sku, at_us, PENDING)
        elif isinstance(fact, Moved) and fact.sku is not None and fact.kind in _DEEDS:
            yield Deed(fact.sku, at_us, _DEEDS[fact.kind])


_NOTHING = Remembered(*(np.empty(0, dtype="uint64"), np.zeros(1, dtype="int64")), *(np.empty(0, dtype="int64"),) * 4, ())
