"""The nearest probabilities that agree with themselves: what a style's sizes would be told if the raw ones were trusted at every size.

Both cumulative curves (`training.size_curve`) are replaced by the nearest falling curve g in weighted least squares (isotonic regression;
Barlow et al. 1972):

    g(s) = max over b >= s of min over a <= s of the weighted mean of the raw values of sizes a … b

which is what pooling adjacent violators arrives at, written so that many styles are computed at once.

Coherent: both curves fall by construction, so P(small) falls and P(large) = 1 - F rises. Means keep an order, and S <= F at every size,
so S stays below F after the projection too, and P(fits) = F - S is not negative. P(small) + P(fits) + P(large) = S + (F - S) + (1 - F) = 1.

Nothing is lost: a style's weighted mean of each probability stays what it was, and as the truth is a falling curve itself, the projection
is nowhere farther from it than the raw scores were (weighted squares over a style: a projection onto a convex set that holds the truth).
It is measured beside what is served, and not served itself (docs/decisions/0019-coherent-sizes.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from training.size_curve import LARGE, SMALL, Curves, Floats, Ints, asked, columns_of, of_one_length


def coherent(raw: Floats, positions: ArrayLike, styles: ArrayLike | None = None, weights: ArrayLike | None = None) -> Curves:
    """Project raw probabilities onto the nearest coherent ones, style by style.

    Args:
        raw: (sizes, 3) probabilities of too small, fits and too large.
        positions: place of each size in its size system (`domain.sizes`); NaN where it has none.
        styles: which style, and size system, each row belongs to; by default all are of one. Rows of a style that share a position
            (colours) get the same probabilities.
        weights: how much each row counts when neighbours have to agree; by default all the same.

    Returns:
        A curve in the order of the rows. Coherent probabilities come back unchanged, bit for bit.

    Raises:
        ValueError: the rows are no probabilities, or lengths or weights are wrong.

    >>> raw = np.array([[0.2, 0.7, 0.1], [0.4, 0.5, 0.1], [0.0, 0.6, 0.4]])
    >>> coherent(raw, [36, 38, 40]).p.round(2).tolist()
    [[0.3, 0.6, 0.1], [0.3, 0.6, 0.1], [0.0, 0.6, 0.4]]
    """
    at, codes, mass = asked(raw, positions, styles, np.ones(len(raw)) if weights is None else weights)
    if not (mass > 0).all():
        raise ValueError("a weight is not above 0")
    placed, p = ~np.isnan(at), raw.copy()
    changed = np.zeros(len(raw), dtype=bool)
    contradict = contradicting(raw, at, codes)
    changed[placed] = np.isin(codes[placed], contradict)
    if len(contradict):
        p[changed] = _projected(raw[changed], at[changed], codes[changed], mass[changed])
    return Curves(p, placed, changed)


def contradicting(raw: Floats, positions: ArrayLike, styles: ArrayLike) -> Ints:
    """The styles whose probabilities contradict each other: a larger size more likely small, or one size said twice and differently."""
    at, codes = np.asarray(positions, dtype="float64"), np.asarray(styles)
    rows = np.flatnonzero(~np.isnan(at))
    order = rows[np.lexsort((at[rows], codes[rows]))]
    one, next_ = order[:-1], order[1:]
    together, tied = codes[one] == codes[next_], at[one] == at[next_]
    small, large = raw[next_, SMALL] - raw[one, SMALL], raw[next_, LARGE] - raw[one, LARGE]
    differ = (raw[next_] != raw[one]).any(axis=1)
    return np.unique(codes[one[together & np.where(tied, differ, (small > 0) | (large < 0))]])


def _projected(raw: Floats, at: Floats, codes: Ints, mass: Floats) -> Floats:
    """The nearest coherent probabilities of placed rows."""
    order = np.lexsort((at, codes))
    fresh = np.append(True, (np.diff(codes[order]) != 0) | (np.diff(at[order]) != 0))
    size = np.empty(len(raw), dtype="int64")
    size[order] = np.cumsum(fresh) - 1
    weight = np.bincount(size, mass).astype("float64")
    small, below = (np.bincount(size, mass * curve) / weight for curve in (raw[:, SMALL], 1.0 - raw[:, LARGE]))
    style = codes[order][fresh]
    small, below = (_falling(curve, weight, style) for curve in (small, below))
    return columns_of(small, below)[size]


def _falling(values: Floats, weight: Floats, style: Ints) -> Floats:
    """The nearest falling curve of each style; sizes stand in order, style by style."""
    found = np.empty(len(values))
    for rows in of_one_length(style):
        found[rows] = _max_min(values[rows], weight[rows])
    return found


def _max_min(values: Floats, weight: Floats) -> Floats:
    """The curve g of the formula above, for (styles, sizes) values.

    However the means are rounded, g falls: from one size to the next the maximum is over fewer b, and the minimum over more a.
    """
    sizes = np.arange(values.shape[1])
    sums, masses = (np.cumsum(np.pad(one, ((0, 0), (1, 0))), axis=1) for one in (values * weight, weight))
    above, mass = (total[:, None, 1:] - total[:, :-1, None] for total in (sums, masses))  # (styles, a, b)
    means = np.where(sizes[:, None] <= sizes, above / np.where(mass > 0, mass, 1.0), np.inf)
    lowest = np.minimum.accumulate(means, axis=1)
    return np.asarray(np.where(sizes >= sizes[:, None], lowest, -np.inf).max(axis=2))
