"""Looks: whether the offer looks like what a customer views and orders, as far as the shop tells how its goods look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.arithmetic import share, shrunk
from features.catalogue import Inputs, Values
from features.cross_features import cross
from features.measures import LOOKS
from features.today_features import today

_OWN = "personalisation"
_LOOKS = ("products.looks",)
_SEEN = ("events.customer_id", "events.sku", *_LOOKS)


@dataclass(frozen=True)
class Among:
    """What looks are averaged over.

    Attributes:
        of: whose looks they are: the customer's ever, or today's.
        sums: the measures of coordinates, without the coordinate's name.
        count: the measure of what has looks.
        weight: how many at the shop's mean are assumed to have gone before.
    """

    of: str
    sums: str
    count: str
    weight: float


_VIEWS = Among("customer", "viewed", "pictured_views", 10.0)
_LINES = Among("customer", "ordered", "pictured_lines", 5.0)
_TODAY = Among("today", "viewed", "pictured_views", 3.0)


def compared(v: Inputs, among: Among) -> Iterator[tuple[Values, Values, Values]]:
    """Of each coordinate: the shop's mean, the customer's (or today's) mean shrunk to it, and the offer's own."""
    for name in LOOKS:
        usual = share(v[f"shop.{among.sums}_{name}"], v[f"shop.{among.count}"]) / 100.0
        own = shrunk(v[f"{among.of}.{among.sums}_{name}"] / 100.0, v[f"{among.of}.{among.count}"], usual, among.weight)
        yield usual, own, v[name] / 100.0


def match(v: Inputs, among: Among) -> Values:
    """Sum over d of (own_d - usual_d) * (offer_d - usual_d): above 0 where both lean to the same side of the usual."""
    return added((own - usual) * (offer - usual) for usual, own, offer in compared(v, among))


def added(parts: Iterator[Values]) -> Values:
    """The sum over coordinates; one that the shop does not have adds nothing.

    Missing where the first is: where the offer's looks are not told, nothing is known of the shop's, or the customer is unknown.
    """
    total = next(parts)
    for part in parts:
        total = total + np.where(np.isnan(part), 0.0, part)
    return total


@cross(
    "whether the offer's looks lean the way of the looks that the customer views, against those that all view",
    unit="squared looks",
    kind="cross",
    purpose=_OWN,
    tables=_SEEN,
)
def customer_looks_match(v: Inputs) -> Values:
    return match(v, _VIEWS)


@cross(
    "distance of the offer's looks from the mean looks that the customer views, shrunk to the shop's",
    unit="looks",
    kind="cross",
    purpose=_OWN,
    tables=_SEEN,
)
def customer_looks_distance(v: Inputs) -> Values:
    return np.sqrt(added((own - offer) ** 2 for _, own, offer in compared(v, _VIEWS)))


@cross(
    "whether the offer's looks lean the way of the looks that the customer orders, against those that all order",
    unit="squared looks",
    kind="cross",
    purpose=_OWN,
    tables=_LOOKS,
)
def customer_ordered_looks_match(v: Inputs) -> Values:
    return match(v, _LINES)


@today(
    "whether the offer's looks lean the way of the looks viewed so far today, against those that all view",
    unit="squared looks",
    kind="today",
    purpose=_OWN,
    tables=_SEEN,
)
def today_looks_match(v: Inputs) -> Values:
    return match(v, _TODAY)
