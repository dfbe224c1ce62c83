"""Recommends without being given offers: the likeliest few hundred skus of the whole assortment, ranked by what the shopper will keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from domain.errors import ReleaseRefused
from serving.assortment import Product, Shelf
from serving.facts import Moved, OfCustomer, Ordered
from serving.state import Serving
from serving.wire import Offer, RankReply, RankRequest
from serving.wire_recommend import CANDIDATES, Named, RecommendReply, RecommendRequest
from training.retrieval.goods import Flags, Goods
from training.retrieval.remembered import FOLDER, Deed, Remembered
from training.retrieval.retriever import Candidates, Retriever
from training.retrieval.shopper import BASKET, PENDING, VIEWED, WISHED

ShelfOf = Callable[[Sequence[str]], Mapping[str, Shelf]]
"""Prices and stock of skus that changed since the snapshot."""

_DEEDS = {"view": VIEWED, "wishlist": WISHED, "basket": BASKET}
_SPARE = 3
"""So many times more candidates are asked for where some of a style's are left out afterwards."""


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
    def of(cls, serving: Serving, snapshot: Path) -> Recommender | None:
        """Lay the release's retrieval over the assortment, once a night; None where the release has none.

        Args:
            serving: a release and a snapshot.
            snapshot: the snapshot's folder.
        """
        if serving.release.retrieval is None:
            return None
        goods = Goods.of(serving.snapshot.products)
        folder = snapshot / FOLDER
        return cls(
            Retriever.of(serving.release.retrieval, goods),
            Remembered.load(folder) if folder.is_dir() else None,
            pd.Series(serving.snapshot.stock, dtype="int64"),
            tuple(_category(serving.products[sku]) for sku in goods.skus.tolist()),
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


def recommend(
    serving: Serving,
    recommender: Recommender | None,
    request: RecommendRequest,
    ranked: Callable[[RankRequest, Mapping[str, Shelf]], RankReply],
    *,
    facts: Sequence[OfCustomer] = (),
    shelf_of: ShelfOf,
    request_id: str,
) -> RecommendReply:
    """Recommend.

    Args:
        serving: what serves.
        recommender: its retrieval.
        request: what was asked, with its moment.
        ranked: ranks the candidates, as any request.
        facts: what the shopper did since the snapshot's moment; nothing where that may not be used.
        shelf_of: prices and stock that changed since then.
        request_id: what the reply is known by.

    Raises:
        ReleaseRefused: the release has no retrieval.
        RequestRefused: as in `Serving.rank`.
    """
    if recommender is None:
        raise ReleaseRefused("the release has no retrieval", expected="one", advice="train on a shop with at least 300 kept lines")
    at = request.at or serving.snapshot.at.to_pydatetime()
    most = CANDIDATES * (_SPARE if request.one_per_style else 1)
    found, known = recommender.candidates(request, int(at.timestamp() * 1e6), facts, most=most)
    skus = _one_per_style(found, serving.products)[:CANDIDATES] if request.one_per_style else list(found.sku)
    if not skus:
        return RecommendReply(request_id=request_id, candidates=0, known=known, ranking=None, named=[])
    ranking = ranked(_question(request, skus), shelf_of(skus))
    rows = {sku: row for row, sku in enumerate(found.sku)}
    named = [Named(sku=offer.sku, sources=found.named_by(rows[offer.sku])) for offer in ranking.offers]
    return RecommendReply(request_id=request_id, candidates=len(skus), known=known, ranking=ranking, named=named)


def _one_per_style(found: Candidates, products: Mapping[str, Product]) -> list[str]:
    first: dict[str | None, str] = {}
    for sku in found.sku:
        first.setdefault(products[sku].style_id, sku)
    return list(first.values())


def _question(request: RecommendRequest, skus: Sequence[str]) -> RankRequest:
    return RankRequest(
        offers=[Offer(sku=sku) for sku in skus],
        customer_id=request.customer_id,
        session_id=request.session_id,
        country=request.country,
        currency=request.currency,
        channel=request.channel,
        payment_method=request.payment_method,
        at=request.at,
        basket=request.basket,
        limit=request.limit,
        explain=request.explain,
        personalization=request.personalization,
        request_id=request.request_id,
    )


def _deeds(facts: Sequence[OfCustomer]) -> Iterator[Deed]:
    """What speaks for skus among a shopper's facts."""
    for fact in facts:
        at_us = int(fact.at.timestamp() * 1e6)
        if isinstance(fact, Ordered):
            yield Deed(fact.sku, at_us, PENDING)
        elif isinstance(fact, Moved) and fact.sku is not None and fact.kind in _DEEDS:
            yield Deed(fact.sku, at_us, _DEEDS[fact.kind])


def _category(product: Product) -> str:
    return product.category or ""


_NOTHING = Remembered(*(np.empty(0, dtype="uint64"), np.zeros(1, dtype="int64")), *(np.empty(0, dtype="int64"),) * 4, ())
