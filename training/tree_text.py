"""Reads a forest from LightGBM's text, as far as a walk over packed arrays can hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_VERSION = "v4"
_CATEGORICAL, _MISSING_LEFT, _MISSING = 1, 2, 2
"""Of a split's `decision_type`: a bit, a bit, and after how many bits it tells what is missing."""
_WORD = 32

NEVER, ZERO, NAN, CATEGORY = 0, 1, 2, 3
"""What a split takes for missing: nothing (NaN is 0), 0 and NaN, or NaN; the values of the last kind are categories."""

TINY = float(np.float32(1e-35))
"""LightGBM takes what is no further from 0 than this for 0."""


@dataclass(frozen=True)
class NotHeld:
    """A forest that cannot be compiled, and why."""

    reason: str


@dataclass(frozen=True)
class Split:
    """What a tree asks of a row.

    Attributes:
        feature: number of the input.
        missing: what it takes for missing, or CATEGORY.
        missing_left: a missing value goes left.
        edges: values up to this one go left; or the categories that do, ascending.
    """

    feature: int
    missing: int
    missing_left: bool
    edges: tuple[float, ...]

    def goes_left(self, value: float) -> bool:
        """Where LightGBM sends a value.

        >>> Split(0, NAN, missing_left=True, edges=(1.5,)).goes_left(float("nan")), Split(0, CATEGORY, False, (2.0,)).goes_left(2.9)
        (True, True)
        """
        value = 0.0 if abs(value) <= TINY or (self.missing == NEVER and np.isnan(value)) else value
        if self.missing == CATEGORY:
            return float(np.trunc(value)) in self.edges
        if np.isnan(value) or (self.missing == ZERO and value == 0.0):
            return self.missing_left
        return value <= self.edges[0]


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree.

    Attributes:
        splits: a split comes after the one that leads to it; none where the tree says the same of all rows.
        left: number of the split that comes next to the left, or -1, -2, … for the first leaf, second, ….
        right: likewise to the right.
        values: of the leaves.
    """

    splits: tuple[Split, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: Floats


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees that are added up.

    Attributes:
        trees: in the order in which they are added.
        sums: how many sums there are; the trees take turns at them.
        objective: what LightGBM makes of the sums, in its words.
        inputs: how many it reads.
    """

    trees: tuple[Tree, ...]
    sums: int
    objective: tuple[str, ...]
    inputs: int


def read_forest(text: str) -> Forest | NotHeld:
    """The forest that LightGBM wrote as `text` (`Booster.model_to_string`), or why it is not one of trees that are added up."""
    head, *blocks = text.split("end of trees")[0].split("\nTree=")
    about = _entries(head)
    if about.get("version") != _VERSION:
        return NotHeld(f"its text is of version {about.get('version')}, not {_VERSION}")
    if "average_output" in head.splitlines():
        return NotHeld("its trees are averaged: a random forest")
    entries = [_entries(block) for block in blocks]
    if any(one.get("is_linear", "0") != "0" for one in entries):
        return NotHeld("its leaves are linear in the inputs")
    trees = tuple(_tree(one) for one in entries)
    return Forest(trees, int(about["num_tree_per_iteration"]), tuple(about.get("objective", "").split()), int(about["max_feature_idx"]) + 1)


def _entries(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _tree(entries: Mapping[str, str]) -> Tree:
    values = np.array(entries["leaf_value"].split(), dtype="float64")
    if len(values) == 1:
        return Tree((), (), (), values)
    return Tree(tuple(_splits(entries)), _whole(entries, "left_child"), _whole(entries, "right_child"), values)


def _splits(entries: Mapping[str, str]) -> Iterator[Split]:
    bounds, words = (_whole(entries, name) for name in ("cat_boundaries", "cat_threshold"))
    thresholds = map(float, entries["threshold"].split())
    for feature, kind, threshold in zip(_whole(entries, "split_feature"), _whole(entries, "decision_type"), thresholds, strict=True):
        if kind & _CATEGORICAL:
            among = words[bounds[int(threshold)] : bounds[int(threshold) + 1]]
            yield Split(feature, CATEGORY, False, tuple(_categories(among)))
        else:
            yield Split(feature, kind >> _MISSING, bool(kind & _MISSING_LEFT), (threshold,))


def _categories(words: tuple[int, ...]) -> Iterator[float]:
    """The whole numbers whose bits are set."""
    for place, word in enumerate(words):
        yield from (float(_WORD * place + bit) for bit in range(_WORD) if word >> bit & 1)


def _whole(entries: Mapping[str, str], name: str) -> tuple[int, ...]:
    return tuple(map(int, entries.get(name, "").split()))
