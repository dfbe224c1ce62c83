"""Packs a forest when it is loaded, so that scoring a request costs a twentieth of what LightGBM's own predict takes.

The sums are LightGBM's to the last digit: the same leaves, added in the same order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from domain.errors import FeaturesRefused
from training.tree_text import CATEGORY, Forest, NotHeld, Split, Tree, read_forest
from training.walk import MOST_EDGES, MOST_LEAVES, Packed, probabilities, walk

Floats = npt.NDArray[np.float64]

_MOST_COLUMNS = 32_767
_SOFTMAX, _LOGISTIC = "multiclass", "binary"


@dataclass(frozen=True, eq=False)
class CompiledForest:
    """A forest that scores rows.

    Attributes:
        packed: its trees.
        inputs: how many inputs a row has; those that were held are not among them.
        sums: how many sums the trees add to: one of two classes, else one a class.
        steepness: of the logistic function that makes a probability of one sum.
    """

    packed: Packed
    inputs: int
    sums: int
    steepness: float

    def raw(self, rows: Floats) -> Floats:
        """`Booster.predict(raw_score=True)` (rows, sums), bit by bit.

        Args:
            rows: (rows, inputs); quickest if each input's values lie side by side (Fortran order).

        Raises:
            FeaturesRefused: the rows have another number of inputs.
        """
        return self._totals(rows).T

    def probabilities(self, rows: Floats) -> Floats:
        """`Booster.predict` (rows, classes), of two classes that of the first beside that of the second.

        Args:
            rows: as of `raw`.

        Raises:
            FeaturesRefused: as in `raw`.
        """
        told = np.empty((len(rows), max(self.sums, 2)))
        probabilities(self._totals(rows), self.steepness, told)
        return told

    def _totals(self, rows: Floats) -> Floats:
        if rows.ndim != 2 or rows.shape[1] != self.inputs:
            raise FeaturesRefused(f"rows of shape {rows.shape}", expected=f"(rows, {self.inputs})")
        totals = np.zeros((self.sums, len(rows)))
        walk(np.ascontiguousarray(rows.T, dtype="float64"), self.packed, totals)
        return totals


def compile_forest(text: str, held: Mapping[int, float]) -> CompiledForest | NotHeld:
    """The forest in LightGBM's `text` (`Booster.model_to_string`), packed; or why it cannot be.

    Args:
        text: the forest.
        held: last inputs that always have the same value, by number: the trees are cut back to what is left open.
    """
    forest = read_forest(text)
    if isinstance(forest, NotHeld):
        return forest
    if forest.objective[:1] not in ((_SOFTMAX,), (_LOGISTIC,)):
        return NotHeld(f"its objective is {' '.join(forest.objective) or 'not told'}, not {_LOGISTIC} or {_SOFTMAX}")
    if (most := max((len(tree.values) for tree in forest.trees), default=0)) > MOST_LEAVES:
        return NotHeld(f"a tree has {most} leaves, more than {MOST_LEAVES}")
    trees = [_cut_back(tree, held) for tree in forest.trees]
    columns, places = _columns(chain.from_iterable(tree.splits for tree in trees))
    if len(columns) > _MOST_COLUMNS:
        return NotHeld(f"its splits need {len(columns)} columns, more than {_MOST_COLUMNS}")
    return CompiledForest(_packed(trees, columns, places), forest.inputs - len(held), forest.sums, _steepness(forest))


def _steepness(forest: Forest) -> float:
    return float(dict(word.split(":") for word in forest.objective[1:]).get("sigmoid", 1.0))


def _cut_back(tree: Tree, held: Mapping[int, float]) -> Tree:
    """What is left of a tree for rows with these values."""
    splits: list[Split] = []
    sides: list[list[int]] = []
    values: list[float] = []

    def keep(at: int) -> int:
        while at >= 0 and tree.splits[at].feature in held:
            at = (tree.left if tree.splits[at].goes_left(held[tree.splits[at].feature]) else tree.right)[at]
        if at < 0:
            values.append(tree.values[-1 - at])
            return -len(values)
        number = len(splits)
        splits.append(tree.splits[at])
        sides.append([])
        sides[number] = [keep(tree.left[at]), keep(tree.right[at])]
        return number

    keep(0 if tree.splits else -1)
    return Tree(tuple(splits), tuple(left for left, _ in sides), tuple(right for _, right in sides), np.array(values))


@dataclass(frozen=True)
class _Column:
    """An input as some splits see it: `Packed`."""

    split: Split
    edges: tuple[float, ...]

    @property
    def lost(self) -> int:
        return 0 if self.split.missing_left or self.split.missing == CATEGORY else len(self.edges)


def _columns(splits: Iterable[Split]) -> tuple[list[_Column], dict[Split, tuple[int, int]]]:
    """Columns that answer all of some splits; and of each split, which column does and which of its edges is asked."""
    alike: dict[tuple[object, ...], set[Split]] = defaultdict(set)
    for split in splits:
        alike[split.feature, split.missing, split.missing_left, split.edges if split.missing == CATEGORY else None].add(split)
    columns: list[_Column] = []
    places: dict[Split, tuple[int, int]] = {}
    for group in alike.values():
        for part in _parts(sorted(group, key=lambda split: split.edges)):
            places.update({split: (len(columns), number) for number, split in enumerate(part)})
            columns.append(_Column(part[0], part[0].edges if part[0].missing == CATEGORY else tuple(split.edges[0] for split in part)))
    return columns, places


def _parts(splits: list[Split]) -> Iterator[list[Split]]:
    for start in range(0, len(splits), MOST_EDGES):
        yield splits[start : start + MOST_EDGES]


def _packed(trees: list[Tree], columns: list[_Column], places: Mapping[Split, tuple[int, int]]) -> Packed:
    asked = np.array([places[split] for tree in trees for split in tree.splits], dtype="int64").reshape(-1, 2)
    return Packed(
        feature=np.array([column.split.feature for column in columns], dtype="int32"),
        missing=np.array([column.split.missing for column in columns], dtype="uint8"),
        lost=np.array([column.lost for column in columns], dtype="uint8"),
        first_edge=_starts(len(column.edges) for column in columns),
        edges=np.array([edge for column in columns for edge in column.edges], dtype="float64"),
        column=asked[:, 0].astype("int16"),
        edge=asked[:, 1].astype("uint8"),
        left=np.array([side for tree in trees for side in tree.left], dtype="int16"),
        right=np.array([side for tree in trees for side in tree.right], dtype="int16"),
        first_split=_starts(len(tree.splits) for tree in trees),
        first_leaf=_starts(len(tree.values) for tree in trees),
        leaf_values=np.concatenate([np.empty(0), *(tree.values for tree in trees)]),
    )


def _starts(lengths: Iterable[int]) -> npt.NDArray[np.int32]:
    return np.cumsum([0, *lengths]).astype("int32")
