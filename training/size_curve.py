"""Makes what is said of a style's sizes agree with itself: a larger size is never called more likely too small.

Each size is scored on its own, so two neighbours may contradict each other. Two cumulative curves over the ordered sizes must fall:

    S(s) = P(small)           a larger size is no more likely too small
    F(s) = P(small or fits)   a larger size is no less likely too large, as P(large) = 1 - F

Each is replaced by the nearest falling curve g in weighted least squares (isotonic regression; Barlow et al. 1972):

    g(s) = max over b >= s of min over a <= s of the weighted mean of the raw values of sizes a … b

which is what pooling adjacent violators arrives at, written so that many styles are computed at once.

Coherent: both curves fall by construction, so P(small) falls and P(large) = 1 - F rises. Means keep an order, and S <= F at every size,
so S stays below F after the projection too, and P(fits) = F - S is not negative. P(small) + P(fits) + P(large) = S + (F - S) + (1 - F) = 1.

Nothing is lost: a style's weighted mean of each probability stays what it was, and as the truth is a falling curve itself, the projection
is nowhere farther from it than the raw scores were (weighted squares over a style: a projection onto a convex set that holds the truth).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SMALL, FITS, LARGE = 0, 1, 2
"""Columns of the probabilities."""

_CELLS = 2_000_000
"""Means held in memory at once."""

_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Curves:
    """What is said of the sizes of some styles.

    Attributes:
        p: (sizes, 3) P(too small), P(fits), P(too large); each row sums to 1.
        placed: whether a size has a place among its style's sizes; what has none (one size) is left as it came.
        changed: whether its style's raw probabilities contradicted each other, so that they were projected.
    """

    p: Floats
    placed: Flags
    changed: Flags


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
    at = np.asarray(positions, dtype="float64")
    codes = np.zeros(len(raw), dtype="int64") if styles is None else np.unique(np.asarray(styles), return_inverse=True)[1].reshape(-1)
    mass = np.ones(len(raw)) if weights is None else np.asarray(weights, dtype="float64")
    _check(raw, at, codes, mass)
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
    weight = np.bincount(size, mass)
    small, below = (np.bincount(size, mass * curve) / weight for curve in (raw[:, SMALL], 1.0 - raw[:, LARGE]))
    style = codes[order][fresh]
    small, below = (_falling(curve, weight, style) for curve in (small, below))
    small, below = np.clip(small, 0.0, 1.0), np.clip(np.maximum(below, small), 0.0, 1.0)  # where rounding crossed them
    return np.column_stack([small, below - small, 1.0 - below])[size]


def _falling(values: Floats, weight: Floats, style: Ints) -> Floats:
    """The nearest falling curve of each style; sizes stand in order, style by style."""
    first = np.flatnonzero(np.append(True, np.diff(style) != 0))
    lengths = np.diff(np.append(first, len(style)))
    found = np.empty(len(values))
    for length in np.unique(lengths).tolist():
        starts = first[lengths == length]
        for some in np.array_split(starts, -(-len(starts) * length**2 // _CELLS)):
            rows = some[:, None] + np.arange(length)
            found[rows] = _max_min(values[rows], weight[rows])
    return found


def _max_min(values: Floats, weight: Floats) -> Floats:
    """g of the formula above for (styles, sizes) values.

    However the means are rounded, g falls: from one size to the next the maximum is over fewer b, and the minimum over more a.
    """
    sizes = np.arange(values.shape[1])
    sums, masses = (np.cumsum(np.pad(one, ((0, 0), (1, 0))), axis=1) for one in (values * weight, weight))
    above, mass = (total[:, None, 1:] - total[:, :-1, None] for total in (sums, masses))  # (styles, a, b)
    means = np.where(sizes[:, None] <= sizes, above / np.where(mass > 0, mass, 1.0), np.inf)
    lowest = np.minimum.accumulate(means, axis=1)
    return np.asarray(np.where(sizes >= sizes[:, None], lowest, -np.inf).max(axis=2))


def _check(raw: Floats, at: Floats, codes: Ints, mass: Floats) -> None:
    if raw.ndim != 2 or raw.shape[1] != 3 or not len(raw) == len(at) == len(codes) == len(mass):
        raise ValueError(f"raw has shape {raw.shape}, with {len(at)} positions, {len(codes)} styles, {len(mass)} weights")
    if not (np.isfinite(raw).all() and (raw >= 0).all() and np.allclose(raw.sum(axis=1), 1.0, rtol=0, atol=_ROUNDING)):
        raise ValueError("raw holds rows that are no probabilities")
    if not (np.isfinite(mass).all() and (mass > 0).all()) or np.isinf(at).any():
        raise ValueError("a weight is not above 0, or a position is infinite")
