"""Learns how wide intervals have to be: batches of past rows show how far their rate strayed from what was promised.

Split conformal prediction (Vovk et al. 2005; Lei et al. 2018), normalised and Mondrian, by crepes (Boström 2022): within each segment,
the width is the finite-sample quantile of |rate - mean p| over the formula's unit. A batch is drawn from rows of one segment with
neighbouring probabilities. A partition of a segment into batches uses each row once; the scores of some dozens of partitions are
pooled, which takes the luck of a single one out of the quantile, and leaves its finite-sample correction that of a single one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from crepes import ConformalRegressor

from training.intervals import LEVELS, RISKS, SEGMENTS, Flags, Floats, Intervals, Ints, segments_of, unit
from training.settings import Batches

REPEATS = 30
"""Partitions of the calibration rows into batches."""

_NEIGHBOURHOOD = 10
"""A batch is drawn from so many times its rows, neighbours in p: narrow enough to be alike, wide enough that partitions differ."""

_ROUNDING = 1e-9
"""Computed, (1 - 0.9) · 10 is a little less than 1; the rank that is meant is 1."""


def fit_intervals(p: Floats, y: npt.NDArray[np.int64], new: Flags, asked: Batches, *, seed: int) -> Intervals:
    """Learn the widths of every class and segment.

    A segment of fewer rows than `asked.fewest_rows` takes the width of all risks of such customers and items, or else of all rows; where
    even these hold too few batches for the coverage, nothing is known, and the interval is 0 to 1.

    Args:
        p: calibrated probabilities (n, classes) of rows that no tree has seen.
        y: what happened, 0 … classes - 1.
        new: whether the customer and the item were new (n, 2).
        asked: coverage and batches.
        seed: seed of the draws of batches.
    """
    classes = p.shape[1]
    edges = np.array([np.quantile(p[:, number], _shares()) if len(p) else [0.0, 0.0] for number in range(classes)])
    segments = [segments_of(p[:, number], new, edges[number]) for number in range(classes)]
    rows = np.array([np.bincount(one, minlength=len(SEGMENTS)) for one in segments], dtype=np.int64)
    found = [_of_class(p[:, number], y == number, segments[number], asked, seed) for number in range(classes)]
    widths, levels = np.array([width for width, _ in found]), np.array([level for _, level in found])
    return Intervals(asked.coverage, asked.batch_rows, edges, rows, widths, levels)


def strayed(p: Floats, hit: Flags, groups: Ints, fewest_rows: int, asked: Batches, *, seed: int) -> tuple[Floats, Floats, Ints]:
    """Residuals (rate - mean p), units and groups of batches of every group that holds enough rows."""
    found = [(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))]
    for group, members in _large(groups, max(fewest_rows, _fewest_for(asked))):
        drawn = members[batches(p[members], asked.batch_rows, repeats=REPEATS, seed=seed)]
        promised = p[drawn].mean(axis=1)
        units = unit(promised, asked.batch_rows, len(members))
        found.append((hit[drawn].mean(axis=1) - promised, units, np.full(len(drawn), group)))
    residuals, sizes, of = zip(*found, strict=True)
    return np.concatenate(residuals), np.concatenate(sizes), np.concatenate(of)


def level(rows: int, asked: Batches) -> float:
    """The share of pooled scores that have to be kept: (coverage · (m + 1) - 1/2) / m, for the m batches that so many rows make at once.

    Of m scores that share no row, the r-th with r = coverage · (m + 1) is what keeps the coverage on average. Among the pooled scores of
    many partitions it is spread over the r-th m-th part of them: the middle of that part is taken.
    """
    made = rows // asked.batch_rows
    return (asked.coverage * (made + 1) - 0.5) / made


def batches(p: Floats, rows: int, *, repeats: int, seed: int) -> Ints:
    """Row numbers of batches of neighbours in p (batches, rows): each repeat partitions all rows but a remainder anew."""
    rng, by_p = np.random.default_rng(seed), np.argsort(p, kind="stable")
    found = [np.empty((0, rows), dtype=np.int64)]
    for _ in range(repeats if len(p) >= rows else 0):
        neighbourhood = (np.arange(len(p)) + rng.integers(_NEIGHBOURHOOD * rows)) // (_NEIGHBOURHOOD * rows)
        shuffled = by_p[np.lexsort((rng.random(len(p)), neighbourhood))]
        first = rng.integers(len(p) % rows + 1)
        found.append(shuffled[first : first + len(p) // rows * rows].reshape(-1, rows))
    return np.concatenate(found)


def _shares() -> Floats:
    return np.arange(1, len(RISKS)) / len(RISKS)


def _of_class(p: Floats, hit: Flags, segments: Ints, asked: Batches, seed: int) -> tuple[Floats, Ints]:
    """Widths and levels of all segments: the finest level that holds enough rows."""
    numbers = np.arange(len(SEGMENTS))
    width, level = np.full(len(SEGMENTS), np.inf), np.full(len(SEGMENTS), LEVELS.index("unknown"))
    for number, (size, fewest) in enumerate(((1, asked.fewest_rows), (len(RISKS), asked.fewest_rows), (len(SEGMENTS), 1))):
        learned = _widths(p, hit, segments // size, fewest, asked, seed)[numbers // size]
        takes = np.isinf(width) & np.isfinite(learned)
        width, level = np.where(takes, learned, width), np.where(takes, number, level)
    return width, level


def _widths(p: Floats, hit: Flags, groups: Ints, fewest_rows: int, asked: Batches, seed: int) -> Floats:
    """The width of each group, by its number; infinite where it holds too few rows."""
    residuals, units, of = strayed(p, hit, groups, fewest_rows, asked, seed=seed)
    widths = np.full(len(SEGMENTS), np.inf)
    regressor = ConformalRegressor().fit(residuals, sigmas=units, bins=of)
    for group in np.unique(of):
        confidence = level(int((groups == group).sum()), asked)
        ends = regressor.predict_int(np.zeros(1), sigmas=np.ones(1), bins=np.array([group]), confidence=confidence)
        widths[group] = ends[0, 1]
    return widths


def _large(groups: Ints, fewest_rows: int) -> Iterator[tuple[int, Ints]]:
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(members) >= fewest_rows:
            yield int(group), members


def _fewest_for(asked: Batches) -> int:
    """Of m batches, no quantile is higher than m / (m + 1)."""
    return asked.batch_rows * math.ceil(asked.coverage / (1 - asked.coverage) - _ROUNDING)
