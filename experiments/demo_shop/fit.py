"""Whether a garment feels too small, right or too large on a body, by centimetres.

A garment is as tight as its tightest place and as loose as it is on the whole. The wearer accepts deviations with a
Gaussian tolerance t in cm:

    P(feels small) = 1 - exp(-(max(0, -tightest) / t)^2 / 2)
    P(feels large) = (1 - P(feels small)) * (1 - exp(-(max(0, loose) / (1.4 t))^2 / 2))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import Floats, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.people import People
from experiments.demo_shop.sizes import CM_AT_38, CM_PER_NUMBER, COVERED, CUT_SCALE, GIVE, WEIGHT

SMALL, FITS, LARGE = 0, 1, 2
_LOOSE_IS_FORGIVEN = 1.4
"""Looseness bothers less than tightness (guess)."""


@dataclass(frozen=True)
class Fit:
    """How skus sit on persons.

    Attributes:
        tightest_cm: room at the tightest place beyond the wanted ease, in dress centimetres; negative is tight; inf without a size.
        loose_cm: the mean room, likewise; 0 without a size.
        feels: (rows, 3) probabilities of feeling too small, right, too large.
    """

    tightest_cm: Floats
    loose_cm: Floats
    feels: Floats


def fit_of(people: People, assortment: Assortment, person: Ints, sku: Ints, at: Ints) -> Fit:
    """The fit of each person x sku pair, as the sku is cut at that moment (seconds since 1970)."""
    style = assortment.sku_style[sku]
    kind = assortment.category[style]
    scale = CUT_SCALE[kind][:, None]
    cut = CM_AT_38 + CM_PER_NUMBER * (assortment.sku_number[sku][:, None] - 38)
    room = (cut - people.body[person]) / scale + (assortment.cut_at(style, at) - people.ease_cm[person])[:, None]
    tightest = np.where(COVERED[kind], room, np.inf).min(axis=1)
    loose = (WEIGHT[kind] * room).sum(axis=1)
    tolerance = people.tolerance_cm[person] * GIVE[kind]
    small = _beyond(-tightest, tolerance)
    large = (1 - small) * _beyond(loose, _LOOSE_IS_FORGIVEN * tolerance)
    return Fit(tightest, loose, np.column_stack([small, 1 - small - large, large]))


def _beyond(excess_cm: Floats, tolerance_cm: Floats) -> Floats:
    return np.asarray(1 - np.exp(-((np.maximum(0.0, excess_cm) / tolerance_cm) ** 2) / 2))
