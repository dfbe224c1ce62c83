"""What the last units of a scarce sku are worth: less to this shopper than to the ones who come after, if those would keep them.

A sku's stock price is the shadow price of its units: with it taken off an order's worth, the rankings of lately are expected to sell as
many units as there are, to whom they are worth most. Found by dual ascent on the expected demand (Everett 1963; Bertsekas 1999, ch. 6):

    demand_s(prices) = sum over views of a^(position-1) * p_order, where views are ranked by p_order * (worth - price_s)
    price_s <- max(0, price_s + step * (demand_s - supply_s) / (demand_s + supply_s))

It is a plain estimate until a nightly matching of customers and stock knows better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROUNDS = 60
_FIRST_STEP = 0.5
"""Of the mean worth of an order; later steps shrink with the square root of the round."""


@dataclass(frozen=True, eq=False)
class Views:
    """The offers of requests of lately, one entry each; those of a request lie together.

    Attributes:
        request: which request, numbered from 0.
        sku: which sku, numbered from 0.
        p_order: P(order | shown at the top).
        worth: what an order is worth to the policy, minor units, the guard-rail's bonus included.
    """

    request: Ints
    sku: Ints
    p_order: Floats
    worth: Floats


def stock_prices(views: Views, supply: Floats, *, share: float, attention: float, seen: int) -> Ints:
    """The price of a unit of each sku, whole minor units.

    Args:
        views: requests of lately.
        supply: units of each sku until more arrive; infinite where it does not run out.
        share: what the views are of the requests until then: demand is counted in units until more arrive.
        attention: the share of those who look at a position that look at the next.
        seen: offers shown of a request.
    """
    price = np.zeros(len(supply))
    scarce = np.flatnonzero(np.isfinite(supply) & (demand(views, price, attention=attention, seen=seen) / share > supply))
    if len(scarce) == 0:
        return np.zeros(len(supply), dtype=np.int64)
    step = _FIRST_STEP * float(np.abs(views.worth).mean())
    settled = np.zeros(len(supply))
    for round_ in range(1, _ROUNDS + 1):
        wanted = demand(views, price, attention=attention, seen=seen)[scarce] / share
        there = supply[scarce]
        moved = (wanted - there) / np.maximum(wanted + there, 1e-9)
        price[scarce] = np.maximum(0.0, price[scarce] + step / np.sqrt(round_) * moved)
        if round_ > _ROUNDS // 2:
            settled += price / (_ROUNDS - _ROUNDS // 2)
    return np.rint(settled).astype(np.int64)


def demand(views: Views, price: Floats, *, attention: float, seen: int) -> Floats:
    """Expected units of each sku, when the views are ranked with these prices taken off; what is worth nothing then is not shown first."""
    score = views.p_order * (views.worth - price[views.sku])
    order = np.lexsort((-score, views.request))
    starts = np.searchsorted(views.request[order], views.request[order], side="left")
    position = np.arange(len(order)) - starts
    looks = np.where(position < seen, np.power(attention, position), 0.0)
    return np.bincount(views.sku[order], weights=looks * views.p_order[order], minlength=len(price)).astype(np.float64)
