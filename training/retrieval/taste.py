"""What a shopper's past says: how much she likes styles, brands, categories and looks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from training.retrieval.goods import NOWHERE, Floats, Ints

_ALIKE = 2.0
"""A brand, a category or looks count as if the shopper had kept so many average lines before (guess)."""

_DEEDS = 8


def fading(days_ago: Floats, half_life_days: float) -> Floats:
    """What is left of a deed's weight.

    >>> fading(np.array([0.0, 60.0]), 60.0).tolist()
    [1.0, 0.5]
    """
    return np.asarray(np.exp2(-days_ago / half_life_days))


def weights_of(what: Ints, worth: Mapping[int, float]) -> Floats:
    """The worth of each deed; 0 for those that have none."""
    table = np.zeros(_DEEDS)
    table[list(worth)] = list(worth.values())
    return np.asarray(table[what])


def added_up(keys: Ints, weights: Floats) -> tuple[Ints, Floats]:
    """Each key once, ascending, with the sum of its weights.

    >>> [column.tolist() for column in added_up(np.array([7, 3, 7]), np.array([1.0, 1.0, -0.5]))]
    [[3, 7], [1.0, 0.5]]
    """
    distinct, inverse = np.unique(keys, return_inverse=True)
    return distinct, np.bincount(inverse, weights, minlength=len(distinct)).astype("float64")


def lift(group: Ints, weights: Floats, usual: Floats) -> Floats:
    """How much more a shopper goes for each group than everybody: log of the shrunk share over the usual share.

    Args:
        group: (deeds,) group of each deed; `NOWHERE` for none.
        weights: (deeds,) what each says; may be below 0.
        usual: (groups,) shares of everybody, above 0, adding up to 1.

    Returns:
        (groups,); 0 without any deed.
    """
    here = group != NOWHERE
    own = np.maximum(np.bincount(group[here], weights[here], minlength=len(usual)), 0.0)
    return np.asarray(np.log((own + _ALIKE * usual) / ((own.sum() + _ALIKE) * usual)))


def looks_liked(looks: Floats, weights: Floats) -> Floats:
    """(coordinates,) the direction of looks that a shopper goes for: the weighted mean of the likes, drawn towards 0 while they are few.

    Args:
        looks: (deeds, coordinates) standardised; NaN where unknown.
        weights: (deeds,) likings; below 0 draws away.
    """
    known = ~np.isnan(looks).any(axis=1)
    told = weights[known]
    return np.asarray(told @ looks[known] / (np.abs(told).sum() + _ALIKE))


def purse(price: Floats, weights: Floats) -> float:
    """The relative price that a shopper pays, drawn towards 0, the usual one, while she has ordered little.

    Args:
        price: (deeds,) log of the price over the category's median; NaN where unknown.
        weights: (deeds,) what each says, not below 0.
    """
    known = ~np.isnan(price)
    return float(weights[known] @ price[known] / (weights[known].sum() + _ALIKE))
