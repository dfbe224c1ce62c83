"""Adds up what all trees of a packed forest say of some rows, in machine code that is compiled once and kept on disk.

Rows come 256 at a time. Every value is first replaced by its bin: how many of the forest's own thresholds lie below it. A split whose
threshold lies outside the bins of all rows at hand has one answer for all of them and is skipped; among offers to one customer half of
the splits are. The others are not walked row by row: from the leaves up, each writes down which leaf every row ends in, if it comes by.
That is a comparison and a choice for 64 rows in one instruction, and there is no branch that a processor could guess wrong.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from features.native import native, only_read
from training.tree_text import CATEGORY, NEVER, TINY, ZERO

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Shorts = npt.NDArray[np.int16]
Numbers = npt.NDArray[np.int64]

MOST_EDGES, MOST_LEAVES = 255, 256
"""Of a column and of a tree: bins and leaves are counted in bytes."""

_ROWS, _LANES = 256, 64
"""How many rows are worked on at a time, so that all about them stays near the processor, and how many by one instruction."""


class Packed(NamedTuple):
    """A forest as flat arrays.

    Attributes:
        feature: of each column, the input that it bins.
        missing: of each column, what it takes for missing.
        lost: of each column, the bin of a missing value: the first where missing values go left, the last where they go right.
        first_edge: of each column, where its edges begin in `edges`, and where the last one's end.
        edges: thresholds, ascending, or the categories that go left.
        column: of each split, the column that it asks.
        edge: of each split, the number of its threshold among the column's: bins up to it go left.
        left: of each split, the tree's split that comes next to the left, or -1, -2, … for its first leaf, second, ….
        right: likewise to the right. A split comes after the one that leads to it.
        first_split: of each tree, where its splits begin, and where the last one's end.
        first_leaf: of each tree, where its leaves begin in `leaf_values`, and where the last one's end.
        leaf_values: what they add.
    """

    feature: npt.NDArray[np.int32]
    missing: Bytes
    lost: Bytes
    first_edge: npt.NDArray[np.int32]
    edges: Floats
    column: Shorts
    edge: Bytes
    left: Shorts
    right: Shorts
    first_split: npt.NDArray[np.int32]
    first_leaf: npt.NDArray[np.int32]
    leaf_values: Floats


@native()
def _seen(value: float, missing: int) -> float:
    """The value as a column takes it: NaN where it is missing."""
    if abs(value) <= TINY:
        value = 0.0
    if missing == ZERO and value == 0.0:
        value = np.nan
    if missing == NEVER and np.isnan(value):
        value = 0.0
    return value


@native()
def _all_alike(values: Floats) -> bool:
    bits = values.view(np.int64)
    other = np.int64(0)
    for row in range(bits.size):
        other |= bits[row] ^ bits[0]
    return bool(other == 0)


@native()
def _is_among(value: float, categories: Floats) -> bool:
    """Whether a value's whole part is one of some ascending whole numbers."""
    at = np.searchsorted(categories, np.trunc(value))
    return bool(at < categories.size and categories[at] == np.trunc(value))


@native()
def _bin_of(value: float, missing: int, lost: int, edges: Floats) -> int:
    """The bin of one value as a column takes it."""
    if missing == CATEGORY:
        return 0 if _is_among(value, edges) else 1
    return lost if np.isnan(value) else int(np.searchsorted(edges, value))


@native()
def _bins_of(seen: Floats, missing: int, lost: int, edges: Floats, bins: Bytes) -> None:
    """The same of many."""
    if missing == CATEGORY:
        for row in range(seen.size):
            bins[row] = _bin_of(seen[row], missing, lost, edges)
        return
    bins[:] = 0
    for edge in edges:
        for row in range(seen.size):
            bins[row] += np.uint8(seen[row] > edge)
    if lost:
        for row in range(seen.size):
            bins[row] = np.uint8(lost) if np.isnan(seen[row]) else bins[row]


@native()
def sort_into_bins(inputs: Floats, start: int, stop: int, forest: Packed, bins: Bytes, low: Bytes, high: Bytes) -> None:
    """The lowest and the highest bin of every column among some rows, and the bins of columns where these differ."""
    seen = np.empty(stop - start)
    alike = np.empty(len(inputs), np.bool_)
    for feature in range(len(inputs)):
        alike[feature] = _all_alike(inputs[feature][start:stop])
    for column in range(forest.feature.size):
        missing, lost = forest.missing[column], forest.lost[column]
        edges = forest.edges[forest.first_edge[column] : forest.first_edge[column + 1]]
        values = inputs[forest.feature[column]][start:stop]
        if alike[forest.feature[column]]:
            low[column] = high[column] = _bin_of(_seen(values[0], missing), missing, lost, edges)
            continue
        for row in range(values.size):
            seen[row] = _seen(values[row], missing)
        found = bins[column][: values.size]
        _bins_of(seen, missing, lost, edges, found)
        low[column], high[column] = found.min(), found.max()


@native()
def left_open(forest: Packed, tree: int, low: Bytes, high: Bytes, told: Numbers, splits: Numbers) -> int:
    """The splits of a tree that do not have one answer for all rows of these bins, the last one first, into `splits`; and how many.

    A line of `splits` is a column, an edge, and which lines of `said` tell the leaf when a row goes left and when it goes right. `told`
    holds this line of each split and leaf of the tree, numbered as in `Packed.left`, from its middle.
    """
    middle, first = told.size // 2, forest.first_split[tree]
    found = 0
    for split in range(forest.first_split[tree + 1] - first - 1, -1, -1):
        column, edge = forest.column[first + split], forest.edge[first + split]
        left, right = told[middle + forest.left[first + split]], told[middle + forest.right[first + split]]
        splits[found, 0], splits[found, 1], splits[found, 2], splits[found, 3] = column, edge, left, right
        differs = (low[column] <= edge) & (edge < high[column])
        alike = right if edge < low[column] else left
        told[middle + split] = middle + found if differs else alike
        found += differs
    return found


@native()
def choose(bins: Bytes, edge: int, left: Bytes, right: Bytes, into: Bytes) -> None:
    """A split's answer for each row: of two lines of `said`, one where the row goes left, one where it goes right, into a third."""
    for row in range(into.size // _LANES * _LANES):
        one, other = left[row], right[row]  # both are read, so that nothing has to be jumped over
        into[row] = one if bins[row] <= np.uint8(edge) else other


@native()
def add(leaves: Bytes, values: Floats, total: Floats) -> None:
    """To each row's total, the value of the leaf that it ends in."""
    for row in range(total.size):
        total[row] += values[leaves[row]]


_PACKED = types.NamedTuple(  # type: ignore[no-untyped-call]
    [
        *(kind[::1] for kind in (types.int32, types.uint8, types.uint8, types.int32, types.float64)),
        *(kind[::1] for kind in (types.int16, types.uint8, types.int16, types.int16, types.int32, types.int32, types.float64)),
    ],
    Packed,
)


@native(types.void(only_read(types.float64, 2), _PACKED, types.float64[:, ::1]), lets_others_run=True)
def walk(inputs: Floats, forest: Packed, totals: Floats) -> None:
    """Add what the trees say to `totals`, tree after tree, as LightGBM does: the same last digits.

    Args:
        inputs: (features, rows).
        forest: the trees.
        totals: (classes, rows); the trees take turns at them.
    """
    most = 1
    for tree in range(forest.first_split.size - 1):
        most = max(most, forest.first_leaf[tree + 1] - forest.first_leaf[tree])
    told, splits = np.empty(2 * most, np.int64), np.empty((most, 4), np.int64)
    columns, rows = forest.feature.size, inputs.shape[1]
    low, high = np.empty(columns, np.uint8), np.empty(columns, np.uint8)
    width = min(_ROWS, (rows + _LANES - 1) // _LANES * _LANES)
    bins, said = np.empty((columns, width), np.uint8), np.empty((2 * most, width), np.uint8)
    for leaf in range(most):
        told[most - 1 - leaf] = leaf
        said[leaf] = leaf
    for start in range(0, rows, _ROWS):
        stop = min(start + _ROWS, rows)
        sort_into_bins(inputs, start, stop, forest, bins, low, high)
        for tree in range(forest.first_split.size - 1):
            for split in range(left_open(forest, tree, low, high, told, splits)):
                column, edge, left, right = splits[split]
                choose(bins[column], edge, said[left], said[right], said[most + split])
            root = 0 if forest.first_split[tree] < forest.first_split[tree + 1] else -1
            add(said[told[most + root]], forest.leaf_values[forest.first_leaf[tree] :], totals[tree % len(totals)][start:stop])


@native(types.void(types.float64[:, ::1], types.float64, types.float64[:, ::1]))
def probabilities(totals: Floats, steepness: float, told: Floats) -> None:
    """What LightGBM makes of the sums, with its arithmetic: 1 / (1 + exp(-steepness x)) of one class's, softmax of several's.

    Args:
        totals: (1, rows), of the second of two classes; or (classes, rows).
        steepness: LightGBM's `sigmoid`; for one class.
        told: (rows, classes), written into.
    """
    for row in range(len(told)):
        if len(totals) == 1:
            told[row, 1] = 1.0 / (1.0 + math.exp(-steepness * totals[0, row]))
            told[row, 0] = 1.0 - told[row, 1]
            continue
        highest, whole = totals[:, row].max(), 0.0
        for number in range(len(totals)):
            told[row, number] = math.exp(totals[number, row] - highest)
            whole += told[row, number]
        for number in range(len(totals)):
            told[row, number] /= whole
