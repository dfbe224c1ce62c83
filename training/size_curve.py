"""Makes what is said of a style's sizes agree with itself: a larger size is never called more likely too small.

Each size is scored on its own, so two neighbours may contradict each other. Two cumulative curves over the ordered sizes must fall:

    S(s) = P(small)           a larger size is no more likely too small
    F(s) = P(small or fits)   a larger size is no less likely too large, as P(large) = 1 - F

A model that learned from bought sizes alone does not tell of every size: of one that nobody like this shopper orders it knows nothing, and
whoever does order a larger one had a reason to. So it is trusted at the sizes that the shopper may well order, and the others are told from
them. The nearest falling curves, which trust it everywhere, are worth less (docs/decisions/0019-coherent-sizes.md has the figures).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SMALL, FITS, LARGE = 0, 1, 2
"""Columns of the probabilities."""

_CELLS = 2_000_000
"""Means held in memory at once."""

_ROUNDING = 1e-6

STEP = 0.8
"""By how many standard deviations a size more moves what is felt; from 304 pairs of sizes with two verdicts in the demo shop (0.76)."""

_CERTAIN = 1e-9
"""Nobody is surer than that; the inverse of the normal distribution needs a limit."""


@dataclass(frozen=True, eq=False)
class Curves:
    """What is said of the sizes of some styles.

    Attributes:
        p: (sizes, 3) P(too small), P(fits), P(too large); each row sums to 1.
        placed: whether a size has a place among its style's sizes; what has none (one size) is left as it came.
        changed: whether it is told otherwise than raw.
    """

    p: Floats
    placed: Flags
    changed: Flags


def anchored(raw: Floats, steps: ArrayLike, trust: ArrayLike, styles: ArrayLike | None = None, *, per_step: float = STEP) -> Curves:
    """Tell every size of a style from the sizes at which the raw probabilities can be trusted.

    What is felt is latent room, normally distributed; a size more shifts it by `per_step` standard deviations. Known at size a, both
    cumulative curves are known everywhere, and what is known at several sizes is mixed by trust q:

        S(s) = sum over a of q(a) * Phi(Phi^-1(S_raw(a)) - per_step * (s - a)),   F likewise

    Every part falls in s and keeps S <= F, and so does their mixture. So P(small) = S falls, P(large) = 1 - F rises, P(fits) = F - S is
    not negative, and they sum to 1.

    Args:
        raw: (sizes, 3) probabilities of too small, fits and too large.
        steps: place of each size, counted in sizes: neighbours lie 1 apart; NaN where it has none.
        trust: how likely the shopper orders each size, not negative and above 0 somewhere; normed within a style. All on one size: the
            shopper has chosen it, its raw probabilities come back as they were (within `_CERTAIN`), and the others are told from them.
        styles: which style, and size system, each row belongs to; by default all are of one.
        per_step: see above; not negative.

    Raises:
        ValueError: the rows are no probabilities, lengths are wrong, or a style has no trust at all.

    >>> raw = np.array([[0.5, 0.4, 0.1], [0.5, 0.4, 0.1]])
    >>> anchored(raw, [0, 1], [1, 0], per_step=1.0).p.round(2).tolist()
    [[0.5, 0.4, 0.1], [0.16, 0.45, 0.39]]
    """
    at, codes, mass = asked(raw, steps, styles, trust)
    placed, p = ~np.isnan(at), raw.copy()
    rows = np.flatnonzero(placed)
    order = rows[np.lexsort((at[rows], codes[rows]))]
    for same in of_one_length(codes[order]):
        some = order[same]
        p[some] = _mixed(raw[some], at[some], mass[some], per_step)
    return Curves(p, placed, (p != raw).any(axis=1))


def _mixed(raw: Floats, at: Floats, mass: Floats, per_step: float) -> Floats:
    """The mixture of (styles, sizes, 3) probabilities; sizes stand in order."""
    total = mass.sum(axis=1, keepdims=True)
    if (total <= 0).any():
        raise ValueError("a style has no size that its raw probabilities could be trusted at")
    away = at[:, :, None] - at[:, None, :]  # (styles, to, from)
    curves = (np.clip(one, _CERTAIN, 1.0 - _CERTAIN)[:, None, :] for one in (raw[:, :, SMALL], 1.0 - raw[:, :, LARGE]))
    told = (ndtr(ndtri(one) - per_step * away) * (mass / total)[:, None, :] for one in curves)
    small, below = (np.minimum.accumulate(one.sum(axis=2), axis=1) for one in told)
    return columns_of(small, below)


def columns_of(small: Floats, below: Floats) -> Floats:
    """The three probabilities from the two curves; the last axis is new."""
    small, below = np.clip(small, 0.0, 1.0), np.clip(np.maximum(below, small), 0.0, 1.0)  # where rounding crossed them
    return np.stack([small, below - small, 1.0 - below], axis=-1)


def of_one_length(style: Ints) -> Iterator[Ints]:
    """Rows of styles that have as many sizes as each other, (styles, sizes), few enough at a time; rows stand style by style."""
    if not len(style):
        return
    first = np.flatnonzero(np.append(True, np.diff(style) != 0))
    lengths = np.diff(np.append(first, len(style)))
    for length in np.unique(lengths).tolist():
        starts = first[lengths == length]
        for some in np.array_split(starts, -(-len(starts) * length**2 // _CELLS)):
            yield some[:, None] + np.arange(length)


def asked(raw: Floats, at: ArrayLike, styles: ArrayLike | None, mass: ArrayLike) -> tuple[Floats, Ints, Floats]:
    """Positions, codes of the styles, and weights, checked."""
    places, weights = np.asarray(at, dtype="float64"), np.asarray(mass, dtype="float64")
    codes = np.zeros(len(raw), dtype="int64") if styles is None else np.unique(np.asarray(styles), return_inverse=True)[1].reshape(-1)
    if raw.ndim != 2 or raw.shape[1] != 3 or not len(raw) == len(places) == len(codes) == len(weights):
        raise ValueError(f"raw has shape {raw.shape}, with {len(places)} positions, {len(codes)} styles, {len(weights)} weights")
    if not (np.isfinite(raw).all() and (raw >= 0).all() and np.allclose(raw.sum(axis=1), 1.0, rtol=0, atol=_ROUNDING)):
        raise ValueError("raw holds rows that are no probabilities")
    if not (np.isfinite(weights).all() and (weights >= 0).all()) or np.isinf(places).any():
        raise ValueError("a weight is negative, or a position is infinite")
    return places, codes, weights
