"""The few hundred skus out of everything sold that a shopper is likeliest to order and keep, each with what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.retrieval.goods import Flags, Floats, Goods, Ints
from training.retrieval.inputs import OF_STYLES, PERSONAL, Inputs
from training.retrieval.learned import Learned
from training.retrieval.shopper import Shopper

CANDIDATES = 200

SOURCES: Mapping[str, tuple[str, ...]] = {
    "kept_together": ("together", "sent_back"),
    "popular_in_segment": ("popular", "looked_at", "category", "in_mind", "price"),
    "familiar_brand": ("brand",),
    "alike_looks": ("looks",),
    "replenishment_due": ("again", "due"),
    "seen_lately": ("seen",),
    "new_arrivals": ("new",),
}
"""Who names candidates, and the inputs that it goes by."""

_NOTHING_SPEAKS = 1e-9


@dataclass(frozen=True, eq=False)
class Candidates:
    """Skus in the order in which they are likeliest to be ordered and kept.

    Attributes:
        sku: (candidates,) ids.
        score: (candidates,) log-odds of being ordered and kept, up to a constant; they fall.
        rank: (sources, candidates) each style's rank among those that a source of `SOURCES` names, 1 is the first; 0 where it does not.
    """

    sku: tuple[str, ...]
    score: Floats
    rank: Ints

    def named_by(self, number: int) -> dict[str, int]:
        """Which sources name a candidate, and at which rank."""
        return {source: int(rank) for source, rank in zip(SOURCES, self.rank[:, number], strict=True) if rank}


@dataclass(frozen=True, eq=False)
class Retriever:
    """A release's retrieval over the assortment of a moment.

    Attributes:
        inputs: what speaks for styles and sizes.
        weights: (`OF_STYLES`,) how much each input of a style counts.
        size_weight: how much the size counts.
    """

    inputs: Inputs
    weights: Floats
    size_weight: float

    @classmethod
    def of(cls, learned: Learned, goods: Goods) -> Retriever:
        """Lay what was learned over an assortment; do it once a night, or when the assortment changes."""
        weights = np.array([learned.weights[name] for name in OF_STYLES], dtype="float32")
        return cls(Inputs.of(learned, goods), weights, learned.weights["size"])

    @property
    def goods(self) -> Goods:
        """The assortment."""
        return self.inputs.goods

    def candidates(self, shopper: Shopper, at_us: int, sold: Flags, *, most: int = CANDIDATES) -> Candidates:
        """The likeliest skus for a shopper, of those that are sold.

        Sources add up: log-odds = the sum of weight x input of the style, and weight x log P(size). Equal ones go by id.

        Args:
            shopper: what may be known of her; of `nobody` only what sells in the market, what is new and everybody's sizes count.
            at_us: when, UTC microseconds.
            sold: (skus,) what can be shown (`Goods.sold`).
            most: how many.
        """
        of_styles = self.inputs.of_shopper(shopper, at_us)
        style_scores = self.weights @ of_styles
        scores = style_scores[self.goods.style] + np.float32(self.size_weight) * self.inputs.of_sizes(shopper)
        chosen = first_by(np.where(sold, scores, -np.inf), min(most, int(sold.sum())))
        ranks = [self._ranks(source, of_styles, self.goods.style[chosen], most, len(shopper.sku) > 0) for source in SOURCES]
        return Candidates(tuple(self.goods.skus[chosen].tolist()), scores[chosen], np.array(ranks, dtype="int64").reshape(len(SOURCES), -1))

    def _ranks(self, source: str, of_styles: Floats, style: Ints, most: int, known: bool) -> Ints:
        """Equal styles share a rank; a source does not name what it says no more of than of the usual style."""
        chosen = [OF_STYLES.index(name) for name in SOURCES[source]]
        if not known and set(SOURCES[source]) <= set(PERSONAL):
            return np.zeros(len(style), dtype="int64")
        says = self.weights[chosen] @ of_styles[chosen]
        ordered = np.sort(says)
        ranks = 1 + len(says) - np.searchsorted(ordered, says[style], side="right")
        usual = ordered[len(ordered) // 2]
        return np.where((ranks <= most) & (says[style] > usual + _NOTHING_SPEAKS), ranks, 0)


def first_by(scores: Floats, most: int) -> Ints:
    """The numbers of the highest scores, the highest first; of equal ones the lowest numbers.

    >>> first_by(np.array([1.0, 3.0, 3.0, 2.0, 3.0]), 2).tolist()
    [1, 2]
    """
    if most <= 0:
        return np.empty(0, dtype="int64")
    border = np.partition(scores, len(scores) - most)[len(scores) - most]
    above = np.flatnonzero(scores > border)
    chosen = np.concatenate([above, np.flatnonzero(scores == border)[: most - len(above)]])
    return np.asarray(chosen[np.lexsort((chosen, -scores[chosen]))])
