"""Rankings of everything sold that candidates are compared with: popular, random, each source alone, each left out, fused by rank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.retrieval.goods import Flags, Floats, Ints, find
from training.retrieval.inputs import OF_STYLES
from training.retrieval.learned import Learned
from training.retrieval.learning import Past
from training.retrieval.retriever import CANDIDATES, SOURCES, Retriever, first_by
from training.retrieval.shopper import KEPT, PENDING, Shopper
from training.retrieval.taste import fading
from training.retrieval.train import Ready

KEEPRANK, POPULAR, OF_MARKET, RANDOM = "Keeprank", "popular", "popular in the market", "random"
FUSED, WITHOUT_SIZE = "fused by rank", "without size"
_FUSION = 60.0
"""k of reciprocal-rank fusion (Cormack, Clarke and Büttcher 2009)."""


@dataclass(frozen=True, eq=False)
class Rankings:
    """All rankings, learned at the same moment.

    Attributes:
        retriever: Keeprank's.
        popular: (markets, skus) kept lines, older ones counting less; the first market is all of them.
        is_new: (styles,) nobody had ordered it then.
        luck: draws the random ranking.
    """

    retriever: Retriever
    popular: Floats
    is_new: Flags
    luck: np.random.Generator

    @classmethod
    def of(cls, learned: Learned, ready: Ready, at_us: int, seed: int) -> Rankings:
        """Learned from what was known before a moment."""
        past = Past.of(ready.deeds, at_us)
        taken = np.isin(past.what, (KEPT, PENDING))
        weight = fading(past.days_ago[taken], learned.numbers["trend_half_life_days"])
        market = np.maximum(find(learned.markets, past.market[past.customer[taken]]), 0)
        counts = np.zeros((len(learned.markets), len(ready.goods.skus)))
        np.add.at(counts, (market, past.sku[taken]), weight)
        counts[0] = counts.sum(axis=0)
        is_new = np.ones(len(ready.goods.styles), dtype=bool)
        is_new[ready.goods.style[past.sku[taken]]] = False
        return cls(Retriever.of(learned, ready.goods), counts, is_new, np.random.default_rng(seed))

    def ranks(self, shopper: Shopper, at_us: int, sold: Flags, sku: Ints) -> dict[str, Ints]:
        """By ranking, the rank of each sku (rows) for a shopper; 0 where it is not among the first `CANDIDATES`."""
        offered = self.retriever.candidates(shopper, at_us, sold)
        named = find_in(np.array(offered.sku, dtype="str"), self.retriever.goods.skus[sku])
        scored = {name: _rank(scores, sold, sku) for name, scores in self._scores(shopper, at_us)}
        return {KEEPRANK: named, **scored}

    def _scores(self, shopper: Shopper, at_us: int) -> Iterator[tuple[str, Floats]]:
        market = max(int(find(self.retriever.inputs.learned.markets, np.array([shopper.market]))[0]), 0)
        yield POPULAR, self.popular[0]
        yield OF_MARKET, self.popular[market]
        yield RANDOM, self.luck.random((self.popular.shape[1],))
        style, weights = self.retriever.goods.style, self.retriever.weights
        of_styles = self.retriever.inputs.of_shopper(shopper, at_us)
        size = np.asarray(self.retriever.size_weight * self.retriever.inputs.of_sizes(shopper))
        says = {source: np.asarray((_mask(names) * weights) @ of_styles) for source, names in SOURCES.items()}
        yield FUSED, np.log(np.stack([_reciprocal(one) for one in says.values()]).sum(axis=0) + 1e-9)[style] + size
        whole = np.asarray(weights @ of_styles)
        yield WITHOUT_SIZE, whole[style]
        for source, one in says.items():
            yield f"only {source}", one[style] + size
            yield f"without {source}", (whole - one)[style] + size


def find_in(names: npt.NDArray[np.str_], wanted: npt.NDArray[np.str_]) -> Ints:
    """The place of each wanted name in a list, 1 is the first; 0 where it is not there."""
    order = np.argsort(names)
    rows = find(names[order], wanted)
    return np.where(rows >= 0, order[rows] + 1, 0).astype("int64")


def _mask(names: tuple[str, ...]) -> Floats:
    return np.array([name in names for name in OF_STYLES], dtype="float32")


def _reciprocal(says: Floats) -> Floats:
    """(styles,) 1 / (k + rank) of the first `CANDIDATES` styles that a source names."""
    first = first_by(says, min(CANDIDATES, len(says)))
    first = first[says[first] > np.median(says)]
    found = np.zeros(len(says))
    found[first] = 1.0 / (_FUSION + 1.0 + np.arange(len(first)))
    return found


def _rank(scores: Floats, sold: Flags, sku: Ints) -> Ints:
    """The place of each sku by its score; ties go by id, as everywhere."""
    offered = np.where(sold, scores, -np.inf)
    ranks = np.array([1 + int((offered > offered[one]).sum()) + int((offered[:one] == offered[one]).sum()) for one in sku.tolist()])
    return np.where(sold[sku] & (ranks <= CANDIDATES), ranks, 0)
