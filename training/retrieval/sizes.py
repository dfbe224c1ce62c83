"""Which size of a style a shopper will keep, told by the sizes she kept so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.retrieval.goods import NOWHERE, Floats, Goods, Ints
from training.retrieval.shopper import BASKET, KEPT, MISFIT, PENDING, VIEWED, WISHED, Shopper
from training.retrieval.taste import added_up, weights_of

_SAYS: Mapping[int, float] = {KEPT: 1.0, PENDING: 0.5, MISFIT: -0.3, BASKET: 0.3, WISHED: 0.2, VIEWED: 0.1}
"""What an order line, or a look at a sku, says of its size (guess)."""

_NEXT_SIZE = 0.25
"""How much a kept size says of the ones beside it (guess)."""

_AS_EVERYBODY = 0.5
"""A shopper's size is believed as if everybody's were so many kept lines (guess)."""

_OTHER_CHARTS = 0.35
"""How much a line of another category of the same size system says (guess)."""

_NEVER_LESS = 0.02
"""Whatever speaks against a size, this share of everybody's chance stays (guess)."""


@dataclass(frozen=True, eq=False)
class Charts:
    """Every size that there is, by chart: a category and a size system.

    Attributes:
        chart: (sizes,) the number of each size's chart.
        usual: (sizes,) share of everybody in each size of its chart.
        alike: (sizes, sizes) how much a line in one size (row) says of another (column).
    """

    chart: Ints
    usual: Floats
    alike: Floats

    @classmethod
    def of(cls, goods: Goods, kept: Floats) -> Charts:
        """The charts of an assortment, and how many lines were kept of each size."""
        chart = _numbered(goods.sizes[:, :2])
        believed = kept + 1.0
        return cls(chart, believed / np.bincount(chart, believed)[chart], _alike(goods, chart))

    def log_chances(self, shopper: Shopper, goods: Goods) -> Floats:
        """(sizes,) log of how likely the shopper keeps each size of its chart."""
        sizes = goods.size[shopper.sku]
        says = np.where(sizes != NOWHERE, weights_of(shopper.what, _SAYS), 0.0)
        distinct, weights = added_up(sizes[says != 0], says[says != 0])
        evidence = np.maximum(_AS_EVERYBODY * self.usual + weights @ self.alike[distinct], _NEVER_LESS * self.usual)
        return np.asarray(np.log(evidence / np.bincount(self.chart, evidence)[self.chart]))


def _alike(goods: Goods, chart: Ints) -> Floats:
    """1 for the same size, less for those beside it and for another category's; 0 for those of another size system."""
    system, printed = goods.sizes[:, 1], goods.sizes[:, 2]
    comparable = (system[:, None] == system[None, :]) & (system != "")[:, None]
    near = np.where(chart[:, None] == chart[None, :], 1.0, np.where(comparable, _OTHER_CHARTS, 0.0))
    steps = np.abs(goods.position[:, None] - goods.position[None, :]) / _steps(goods, chart)[:, None]
    close = np.where(np.isnan(steps), 0.0, _NEXT_SIZE ** np.nan_to_num(steps))
    return np.asarray(near * np.maximum(close, printed[:, None] == printed[None, :]))


def _steps(goods: Goods, chart: Ints) -> Floats:
    """(sizes,) how far the sizes of each one's chart lie apart; 1 where they have no order."""
    found = np.ones(len(chart))
    for one in np.unique(chart):
        positions = np.unique(goods.position[(chart == one) & ~np.isnan(goods.position)])
        if len(positions) > 1:
            found[chart == one] = np.diff(positions).min()
    return found


def _numbered(pairs: np.ndarray) -> Ints:
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype("int64")
