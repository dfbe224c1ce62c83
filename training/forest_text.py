"""Reads LightGBM's own text of a forest into plain arrays, one entry per node, and refuses what it does not know how to walk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
"""What counts as missing at a node: nothing (NaN is read as 0), NaN and what is next to 0, or NaN."""

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT, _MISSING_MASK = 1, 2, 2, 3
_WORD_BITS = 32


class ForestUnwalkable(ValueError):  # noqa: N818  (named for what it refuses; it never leaves this package)
    """The forest has something that only LightGBM itself can evaluate."""


@dataclass(frozen=True, eq=False)
class ForestText:
    """A forest's nodes, tree after tree. A child that is not negative is a node of the forest, ~child is a leaf of the forest.

    Attributes:
        classes: scores that a row gets.
        columns: inputs that a row has.
        root: (trees,) of each tree, in the order in which LightGBM adds them up; tree t adds to class t % classes.
        feature: (nodes,) input that is compared.
        threshold: (nodes,) up to and with it a row goes left; of a categorical node, where its set begins and ends in `words`.
        categorical, default_left: (nodes,) flags.
        missing: (nodes,) MISSING_NONE, …
        left, right: (nodes,) children.
        value: (leaves,) what a leaf adds.
        words: bit sets of categories, 32 in a word.
        sets: (nodes, 2) first word and number of words of a categorical node's set; 0 elsewhere.
        objective: LightGBM's objective with its parameters, such as "binary sigmoid:1".
    """

    classes: int
    columns: int
    root: Ints
    feature: Ints
    threshold: Floats
    categorical: npt.NDArray[np.bool_]
    default_left: npt.NDArray[np.bool_]
    missing: npt.NDArray[np.int8]
    left: Ints
    right: Ints
    value: Floats
    words: npt.NDArray[np.uint32]
    sets: Ints
    objective: str


@dataclass(frozen=True, eq=False)
class _Tree:
    """One tree, with nodes and leaves counted from 0."""

    leaves: Floats
    feature: Ints
    threshold: Floats
    kind: Ints
    left: Ints
    right: Ints
    boundaries: Ints
    words: npt.NDArray[np.uint32]


def read_forest(text: str) -> ForestText:
    """The forest that `Booster.model_to_string` tells.

    Raises:
        ForestUnwalkable: its leaves are linear models, its trees are averaged, or it is no text of a forest.
    """
    head, *rest = text.partition("\nend of trees")[0].split("\nTree=")
    told = _pairs(head)
    if "average_output" in head.split("\n"):
        raise ForestUnwalkable("its trees are averaged (a random forest)")
    try:
        classes, columns = int(told["num_tree_per_iteration"]), int(told["max_feature_idx"]) + 1
        trees = [_tree(_pairs(part)) for part in rest]
    except (KeyError, ValueError) as error:
        raise ForestUnwalkable(f"it is no text of a forest: {error!r}") from error
    return _joined(trees, classes, columns, told.get("objective", ""))


def _pairs(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.split("\n") if "=" in line)


def _tree(told: Mapping[str, str]) -> _Tree:
    if told.get("is_linear", "0") != "0":
        raise ForestUnwalkable("its leaves are linear models")
    return _Tree(
        leaves=_doubles(told, "leaf_value"),
        feature=_whole(told, "split_feature"),
        threshold=_doubles(told, "threshold"),
        kind=_whole(told, "decision_type"),
        left=_whole(told, "left_child"),
        right=_whole(told, "right_child"),
        boundaries=_whole(told, "cat_boundaries"),
        words=np.array(_told(told, "cat_threshold"), dtype=np.uint32),
    )


def _told(told: Mapping[str, str], name: str) -> list[str]:
    return told.get(name, "").split()


def _whole(told: Mapping[str, str], name: str) -> Ints:
    return np.array(_told(told, name), dtype=np.int32)


def _doubles(told: Mapping[str, str], name: str) -> Floats:
    return np.array(_told(told, name), dtype=np.float64)


def _joined(trees: list[_Tree], classes: int, columns: int, objective: str) -> ForestText:
    nodes = np.cumsum([0, *(len(tree.feature) for tree in trees)])
    leaves = np.cumsum([0, *(len(tree.leaves) for tree in trees)])
    words = np.cumsum([0, *(len(tree.words) for tree in trees)])
    numbered = list(zip(trees, nodes.tolist(), leaves.tolist(), words.tolist(), strict=False))
    kind = _all(tree.kind for tree in trees)
    return ForestText(
        classes=classes,
        columns=columns,
        root=np.array([first if len(tree.feature) else ~leaf for tree, first, leaf, _ in numbered], dtype=np.int32),
        feature=_all(tree.feature for tree in trees),
        threshold=np.concatenate([np.empty(0), *(tree.threshold for tree in trees)]),
        categorical=(kind & _CATEGORICAL) > 0,
        default_left=(kind & _DEFAULT_LEFT) > 0,
        missing=((kind >> _MISSING_SHIFT) & _MISSING_MASK).astype(np.int8),
        left=_all(_moved(tree.left, first, leaf) for tree, first, leaf, _ in numbered),
        right=_all(_moved(tree.right, first, leaf) for tree, first, leaf, _ in numbered),
        value=np.concatenate([np.empty(0), *(tree.leaves for tree in trees)]),
        words=np.concatenate([np.empty(0, dtype=np.uint32), *(tree.words for tree in trees)]),
        sets=np.array(list(chain.from_iterable(_sets(tree, first) for tree, _, _, first in numbered)), dtype=np.int32).reshape(-1, 2),
        objective=objective,
    )


def _all(parts: Iterator[Ints]) -> Ints:
    return np.concatenate([np.empty(0, dtype=np.int32), *parts])


def _moved(child: Ints, node: int, leaf: int) -> Ints:
    """A tree's children as those of the forest: nodes from 0 up, leaves from ~0 down."""
    return np.where(child >= 0, child + node, child - leaf).astype(np.int32)


def _sets(tree: _Tree, first: int) -> Iterator[tuple[int, int]]:
    for kind, threshold in zip(tree.kind.tolist(), tree.threshold.tolist(), strict=True):
        if not kind & _CATEGORICAL:
            yield 0, 0
            continue
        begins, ends = tree.boundaries[int(threshold) : int(threshold) + 2].tolist()
        yield first + begins, ends - begins
