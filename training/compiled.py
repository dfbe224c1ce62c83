"""A forest made ready to be walked quickly: what LightGBM's predict says of the same rows, to the last digit, in a fraction of its time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.forest_text import ForestText, read_forest
from training.forest_text import ForestUnwalkable as ForestUnwalkable
from training.walking import BLOCK, gathered, walk

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Compiled:
    """A forest over views: an input together with what counts as missing and where that goes, so that a node only compares.

    Attributes:
        classes: scores that a row gets.
        columns: inputs that a row has.
        feature, missing, to_left, categorical: (views,) what each view is.
        root: (trees,) first node of each tree.
        view: (nodes,) what is compared.
        threshold, left, right, sets: (nodes,) as in `training.forest_text.ForestText`.
        value: (leaves,) what a leaf adds.
        words: bit sets of categories.
        depth: of the deepest tree.
        sigmoid: steepness of a binary forest's probabilities.
    """

    classes: int
    columns: int
    feature: Ints
    missing: npt.NDArray[np.int8]
    to_left: npt.NDArray[np.bool_]
    categorical: npt.NDArray[np.bool_]
    root: Ints
    view: Ints
    threshold: Floats
    left: Ints
    right: Ints
    sets: Ints
    value: Floats
    words: npt.NDArray[np.uint32]
    depth: int
    sigmoid: float

    @classmethod
    def of(cls, text: str) -> Compiled:
        """Compile the forest that `Booster.model_to_string` tells.

        Raises:
            ForestUnwalkable: only LightGBM itself can evaluate it.
        """
        forest = read_forest(text)
        views, view = np.unique(
            np.column_stack([forest.feature, forest.missing, forest.default_left, forest.categorical]).astype(np.int32).reshape(-1, 4),
            axis=0,
            return_inverse=True,
        )
        return cls(
            classes=forest.classes,
            columns=forest.columns,
            feature=views[:, 0].copy(),
            missing=views[:, 1].astype(np.int8),
            to_left=views[:, 2] > 0,
            categorical=views[:, 3] > 0,
            root=forest.root,
            view=view.reshape(-1).astype(np.int32),
            threshold=forest.threshold,
            left=forest.left,
            right=forest.right,
            sets=forest.sets,
            value=forest.value,
            words=forest.words,
            depth=_depth(forest),
            sigmoid=_sigmoid(forest),
        )

    def probabilities(self, rows: Floats) -> Floats:
        """What LightGBM's predict makes of the sums: (n, classes), of a binary forest both."""
        raw = self.raw(rows)
        if self.classes == 1:
            last = 1.0 / (1.0 + np.exp(-self.sigmoid * raw[:, 0]))
            return np.column_stack([1.0 - last, last])
        odds = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def raw(self, rows: Floats) -> Floats:
        """The sums of the leaves that rows (n, inputs) reach: (n, classes), as `Booster.predict(raw_score=True)` gives them."""
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        scores = np.zeros((self.classes, len(rows)))
        for first in range(0, len(rows), BLOCK):
            block = rows[first : first + BLOCK]
            columns, constant = np.empty((len(self.feature), len(block))), np.empty(len(self.feature), dtype=np.bool_)
            gathered(block, self.feature, self.missing, self.to_left, self.categorical, columns, constant)
            part = np.zeros((self.classes, len(block)))
            walk(
                self.root,
                self.view,
                self.threshold,
                self.left,
                self.right,
                self.value,
                self.sets,
                self.words,
                columns,
                constant,
                part,
                self.depth,
            )
            scores[:, first : first + BLOCK] = part
        return scores.T


def _sigmoid(forest: ForestText) -> float:
    """How raw scores become probabilities: `binary sigmoid:1`, or the softmax of `multiclass num_class:3`.

    Raises:
        ForestUnwalkable: the forest was not grown to tell classes apart.
    """
    name, *parameters = forest.objective.split()
    told = dict(parameter.split(":", 1) for parameter in parameters if ":" in parameter)
    if name not in ("binary", "multiclass"):
        raise ForestUnwalkable(f"its objective is {forest.objective!r}")
    return float(told.get("sigmoid", 1.0))


def _depth(forest: ForestText) -> int:
    """Nodes on the longest way down; parents come before their children in LightGBM's texts."""
    depth = np.zeros(len(forest.feature), dtype=np.int64)
    for node, children in enumerate(zip(forest.left.tolist(), forest.right.tolist(), strict=True)):
        for child in children:
            if child >= 0:
                depth[child] = depth[node] + 1
    return int(depth.max(initial=0)) + 1
