"""How much each source counts: learned from the newest orders that were kept, with what was known before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from training.retrieval.goods import Flags, Floats, Ints
from training.retrieval.inputs import INPUTS, Inputs
from training.retrieval.shopper import KEPT, Deeds, Shopper

AGAINST = "sent_back"
"""What was sent back counts against a style, or not at all, however few such orders there are to learn from."""

_BESIDE_EACH = 100
"""Skus drawn beside each kept line that the shopper did not order."""


ASKED_BEFORE_US = 3_600_000_000
"""Candidates are asked for an hour before the order: what was done since, such as filling the basket, belongs to the order."""


@dataclass(frozen=True, eq=False)
class KeptOrders:
    """Order lines that were kept, each with the moment at which candidates were asked for.

    Attributes:
        customer: (lines,) rows in `Deeds.customers`.
        sku: (lines,) rows in `Goods.skus`.
        at_us: (lines,) `ASKED_BEFORE_US` before the order.
        allowed: (lines,) whether the own history could be used then.
    """

    customer: Ints
    sku: Ints
    at_us: Ints
    allowed: Flags

    @classmethod
    def of(cls, deeds: Deeds, from_us: int, until_us: int, *, known_us: int) -> KeptOrders:
        """Those ordered in a span of time of which it was known before a moment that they are kept."""
        spanned = (deeds.at_us >= from_us + ASKED_BEFORE_US) & (deeds.at_us < until_us)
        chosen = np.flatnonzero(spanned & (deeds.what == KEPT) & (deeds.since_us < known_us))
        customer, at_us = np.searchsorted(deeds.first, chosen, side="right") - 1, deeds.at_us[chosen] - ASKED_BEFORE_US
        return cls(customer, deeds.sku[chosen], at_us, deeds.allowed(customer, at_us))

    def __len__(self) -> int:
        return len(self.sku)

    def some(self, most: int, seed: int) -> KeptOrders:
        """At most so many of them, drawn at random, in their order."""
        if len(self) <= most:
            return self
        chosen = np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False))
        return KeptOrders(self.customer[chosen], self.sku[chosen], self.at_us[chosen], self.allowed[chosen])

    def by_order(self) -> list[Ints]:
        """The numbers of the lines that one shopper ordered at one moment, in order of time."""
        order = np.lexsort((self.customer, self.at_us))
        keys = np.column_stack([self.at_us, self.customer])[order]
        begins = np.flatnonzero((keys[1:] != keys[:-1]).any(axis=1)) + 1
        return np.split(order, begins) if len(order) else []


def weigh(
    inputs: Inputs,
    deeds: Deeds,
    orders: KeptOrders,
    sold: Callable[[int], Flags],
    *,
    seed: int,
    track: Callable[[Iterable[Ints]], Iterable[Ints]] = iter,
) -> Mapping[str, float]:
    """How much each input counts: the weights of a logistic regression that tells kept orders from skus drawn at random.

    With skus drawn alike, the log-odds of "ordered and kept" are those of the sku among all that is sold, up to a constant that ranks
    nothing (case-control sampling: Prentice and Pyke 1979).

    Args:
        inputs: learned from what was known before the orders.
        deeds: of the shop.
        orders: what was kept.
        sold: which skus are sold at a moment.
        seed: of the draws.
        track: wraps the loop over orders, to show progress.
    """
    rng = np.random.default_rng(seed)
    rows, y = [], []
    for lines in track(orders.by_order()):
        at_us = int(orders.at_us[lines[0]])
        shopper = deeds.shopper(int(orders.customer[lines[0]]), at_us, allowed=bool(orders.allowed[lines[0]]))
        beside = rng.choice(np.flatnonzero(sold(at_us)), _BESIDE_EACH * len(lines))
        rows.append(_of_skus(inputs, shopper, at_us, np.concatenate([orders.sku[lines], beside])))
        y.append(np.arange(len(lines) + len(beside)) < len(lines))
    weights = dict(zip(INPUTS, _fitted(np.concatenate(rows), np.concatenate(y)), strict=True))
    return {**weights, AGAINST: min(weights[AGAINST], 0.0)}


def _of_skus(inputs: Inputs, shopper: Shopper, at_us: int, sku: Ints) -> Floats:
    of_styles = inputs.of_shopper(shopper, at_us)[:, inputs.goods.style[sku]]
    return np.vstack([of_styles, inputs.of_sizes(shopper)[sku]]).T


def _fitted(x: Floats, y: Flags) -> list[float]:
    spread = x.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=1.0, max_iter=300).fit(x / scale, y)
    return [round(float(weight), 6) for weight in np.where(spread > 0, model.coef_[0] / scale, 0.0)]
