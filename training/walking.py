"""Walks a forest over many rows at once: each tree sorts the rows left and right, node by node, and each leaf adds to those that reach it.

The rows of one request are one shopper's, so most of what trees ask is the same for all of them: a node that asks it sends all its rows
one way without looking at any. Elsewhere a pass over the rows of a node needs no branch that depends on a value, which is what makes a
walk row by row slow. Plain partitioning, as trees are grown; no bit vectors.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.uint32]

BLOCK = 512
"""Rows that are walked together: their columns stay in the processor's cache."""

_ZERO = float(np.float32(1e-35))
"""LightGBM reads what is as close to 0 as 0."""

_LARGEST_CATEGORY = float(2**31)
_MISSING_ZERO = 1
_ONE = np.uint64(1)  # indices without a sign need no look at whether they count from the end


@numba.njit(cache=True, nogil=True)
def _read(value: float, missing: int, to_left: bool, categorical: bool) -> float:
    """A value as its nodes compare it: what is missing lies below all thresholds, or is NaN, which is below none, not even infinity."""
    if categorical:
        return float(int(value)) if -1.0 < value < _LARGEST_CATEGORY else -1.0  # C cuts towards 0
    aside = -math.inf if to_left else math.nan
    if math.isnan(value):
        return aside if missing != 0 else 0.0
    if abs(value) <= _ZERO:
        return aside if missing == _MISSING_ZERO else 0.0
    return value


@numba.njit(cache=True, nogil=True)
def gathered(
    rows: Floats,
    feature: Ints,
    missing: npt.NDArray[np.int8],
    to_left: Flags,
    categorical: Flags,
    columns: Floats,
    constant: Flags,
) -> None:
    """Lay out each view of an input as a column of numbers that a node only has to compare.

    Args:
        rows: (n, inputs).
        feature: (views,) which input.
        missing: (views,) what counts as missing.
        to_left: (views,) where that goes.
        categorical: (views,) whether it is a category.
        columns: (views, n) to be filled; of a view that is constant, its first entry.
        constant: (views,) to be filled: whether all rows are alike.
    """
    for view in range(len(feature)):
        source = feature[view]
        first, row = rows[0, source], 1
        nothing = math.isnan(first)
        while row < len(rows) and (rows[row, source] == first or (nothing and math.isnan(rows[row, source]))):
            row += 1
        constant[view] = row == len(rows)
        for at in range(1 if constant[view] else len(rows)):
            columns[view, at] = _read(rows[at, source], missing[view], to_left[view], categorical[view])


@numba.njit(cache=True, nogil=True)
def _is_in(value: float, words: Words, first: int, count: int) -> bool:
    """Whether a category is in a bit set."""
    if value < 0.0:
        return False
    category = np.int64(value)
    word = category >> 5
    return bool(word < count and (words[first + word] >> np.uint32(category & 31)) & np.uint32(1) != 0)


@numba.njit(cache=True, nogil=True)
def _settled(
    node: int, view: Ints, threshold: Floats, left: Ints, right: Ints, sets: Ints, words: Words, columns: Floats, constant: Flags
) -> int:
    """The first node from here down that tells rows apart, or the leaf that all of them reach."""
    while node >= 0 and constant[view[node]]:
        value = columns[view[node], 0]
        stays = _is_in(value, words, sets[node, 0], sets[node, 1]) if sets[node, 1] > 0 else value <= threshold[node]
        node = left[node] if stays else right[node]
    return node


@numba.njit(cache=True, nogil=True)
def _parted(column: Floats, limit: float, chosen: Rows, aside: Rows, low: np.uint64, high: np.uint64) -> np.uint64:
    """Sort chosen[low:high] so that rows up to the limit come first; returns where the others begin."""
    lefts, rights = low, np.uint64(0)
    for at in range(low, high):
        row = chosen[at]
        goes = np.uint64(not column[row] <= limit)
        chosen[lefts] = row
        aside[rights] = row
        lefts += _ONE - goes
        rights += goes
    for at in range(rights):
        chosen[lefts + at] = aside[at]
    return lefts


@numba.njit(cache=True, nogil=True)
def _parted_whole(column: Floats, limit: float, chosen: Rows, aside: Rows, high: np.uint64) -> np.uint64:
    """The same of all rows, in their order."""
    lefts, rights = np.uint64(0), np.uint64(0)
    for row in range(high):
        goes = np.uint64(not column[row] <= limit)
        chosen[lefts] = row
        aside[rights] = row
        lefts += _ONE - goes
        rights += goes
    for at in range(rights):
        chosen[lefts + at] = aside[at]
    return lefts


@numba.njit(cache=True, nogil=True)
def _parted_by_set(
    column: Floats, words: Words, first: int, count: int, chosen: Rows, aside: Rows, low: np.uint64, high: np.uint64
) -> np.uint64:
    """The same for categories: those in the set come first."""
    lefts, rights = low, np.uint64(0)
    for at in range(low, high):
        row = chosen[at]
        stays = np.uint64(_is_in(column[row], words, first, count))
        chosen[lefts] = row
        aside[rights] = row
        lefts += stays
        rights += _ONE - stays
    for at in range(rights):
        chosen[lefts + at] = aside[at]
    return lefts


@numba.njit(cache=True, nogil=True)
def walk(  # noqa: C901  (the hot loop in one piece)
    root: Ints,
    view: Ints,
    threshold: Floats,
    left: Ints,
    right: Ints,
    value: Floats,
    sets: Ints,
    words: Words,
    columns: Floats,
    constant: Flags,
    scores: Floats,
    depth: int,
) -> None:
    """Add up the leaves that rows reach, tree after tree.

    Args:
        root: (trees,) first node of each tree.
        view: (nodes,) what is compared.
        threshold: (nodes,) up to and with it a row goes left.
        left: (nodes,) where that leads; ~leaf for a leaf.
        right: (nodes,) where all others go.
        value: (leaves,) what a leaf adds.
        sets: (nodes, 2) first word and number of words of a categorical node's set.
        words: bit sets of categories.
        columns: (views, n) as `gathered` fills it.
        constant: (views,) likewise.
        scores: (classes, n) to be added to.
        depth: of the deepest tree.
    """
    n, classes = np.uint64(columns.shape[1]), len(scores)
    chosen, aside = np.empty(n, dtype=np.uint32), np.empty(n, dtype=np.uint32)
    nodes, ends = np.empty(depth + 2, dtype=np.int32), np.empty((depth + 2, 2), dtype=np.uint64)
    for tree in range(len(root)):
        score = scores[tree % classes]
        node = _settled(root[tree], view, threshold, left, right, sets, words, columns, constant)
        if node < 0:
            score += value[~node]
            continue
        if sets[node, 1] > 0:
            for row in range(n):
                chosen[row] = row
        nodes[0], ends[0, 0], ends[0, 1] = node, 0, n
        waiting, whole = 1, sets[node, 1] == 0
        while waiting:
            waiting -= 1
            low, high = ends[waiting, 0], ends[waiting, 1]
            node = _settled(nodes[waiting], view, threshold, left, right, sets, words, columns, constant)
            if node < 0:
                adds = value[~node]
                for at in range(low, high):
                    score[chosen[at]] += adds
                continue
            column = columns[view[node]]
            if whole:
                middle = _parted_whole(column, threshold[node], chosen, aside, high)
                whole = False
            elif sets[node, 1] == 0:
                middle = _parted(column, threshold[node], chosen, aside, low, high)
            else:
                middle = _parted_by_set(column, words, sets[node, 0], sets[node, 1], chosen, aside, low, high)
            if middle < high:
                nodes[waiting], ends[waiting, 0], ends[waiting, 1] = right[node], middle, high
                waiting += 1
            if middle > low:
                nodes[waiting], ends[waiting, 0], ends[waiting, 1] = left[node], low, middle
                waiting += 1
