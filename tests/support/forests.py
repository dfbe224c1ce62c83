"""Forests of every kind that LightGBM grows, forests written by hand that it would hardly grow, and rows that are hard on both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TINY = float(np.float32(1e-35))
"""LightGBM's zero ends here."""

HARD = (
    *(np.nan, np.inf, -np.inf, 0.0, -0.0, TINY, -TINY, 1e-35, -1e-35, math.nextafter(TINY, 1.0), math.nextafter(-TINY, -1.0)),
    *(5e-324, -5e-324, 1e-310, 1e-20, 1e300, -1e300, 1.7e308, -1.7e308, -1.0, -0.5, -1e-9, 0.5, 1.0, 1.5, 2.0, 2.999, 31.0, 32.0, 33.0),
    *(300.0, 2.0**31 - 1, 2.0**31, -(2.0**31), 2.0**32, 2.0**53, 1e18, -1e18),
)
"""Values that are missing, at the ends of what a double holds, around LightGBM's zero, and no categories or odd ones."""

PLAIN: Mapping[str, object] = {"objective": "binary", "num_leaves": 15, "min_data_in_leaf": 5, "learning_rate": 0.3, "seed": 3}
_CATEGORIES = {"categorical_feature": [0, 3], "min_data_per_group": 1, "cat_smooth": 1.0, "max_cat_threshold": 64}

KINDS: Mapping[str, Mapping[str, object]] = {
    "NaN is missing": {},
    "NaN and zero are missing": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "of rows that lack nothing": {"complete": True},
    "of rows that lack nothing, zero is missing": {"complete": True, "zero_as_missing": True},
    "three classes": {"objective": "multiclass", "num_class": 3},
    "five classes, of which one never happens": {"objective": "multiclass", "num_class": 5},
    "of drawn rows and inputs": {"bagging_fraction": 0.5, "bagging_freq": 1, "feature_fraction": 0.5},
    "categories": _CATEGORIES,
    "categories, one against the rest": {**_CATEGORIES, "max_cat_to_onehot": 64},
    "categories, nothing is missing": {**_CATEGORIES, "use_missing": False},
    "categories and classes": {**_CATEGORIES, "objective": "multiclass", "num_class": 3},
    "dart": {"boosting": "dart", "drop_rate": 0.5},
    "goss": {"data_sample_strategy": "goss"},
    "extremely random trees": {"extra_trees": True},
    "a steeper logistic function": {"sigmoid": 2.5},
    "not from the average": {"boost_from_average": False},
    "from a score of its own": {"init_score": 0.7},
    "more thresholds than a byte counts": {"max_bin": 4000, "min_data_in_bin": 1, "num_leaves": 200, "min_data_in_leaf": 1, "inputs": 2},
    "as many leaves as a byte counts": {"num_leaves": 256, "min_data_in_leaf": 1, "trees": 3},
    "two leaves": {"num_leaves": 2},
    "no split": {"min_data_in_leaf": 100_000},
    "no split, three classes": {"min_data_in_leaf": 100_000, "objective": "multiclass", "num_class": 3},
    "no tree": {"trees": 0},
    "deep": {"num_leaves": 60, "max_depth": -1, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0},
    "one input": {"inputs": 1},
}
"""By what they are: parameters, and of this module `complete`, `init_score`, `trees`, `inputs`."""


def grown(kind: Mapping[str, object], *, seed: int = 1, rows: int = 3_000) -> lgb.Booster:
    """A forest of LightGBM's of made-up rows."""
    settings = {**PLAIN, **kind}
    complete, start, trees, inputs = (settings.pop(name, usual) for name, usual in _OURS.items())
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, int(str(inputs))))
    values[:, 0] = rng.integers(0, 300, rows)
    values[:, 3:4] = rng.integers(0, 9, (rows, 1))[:, : max(values.shape[1] - 3, 0)]
    score = np.sin(values[:, 0]) + np.nan_to_num(values).sum(axis=1) / 3 + rng.normal(size=rows)
    values[rng.random(values.shape) < 0.2] = 0.0
    if not complete:
        values[rng.random(values.shape) < 0.1] = np.nan
    classes = int(str(settings.get("num_class", 2)))
    happen = classes - 1 if classes == 5 else classes
    y = np.searchsorted(np.quantile(score, np.linspace(0, 1, happen + 1)[1:-1]), score)
    begin = None if start is None else np.full(rows, start)
    categories = settings.pop("categorical_feature", "auto")
    settings = {**settings, "num_threads": 1, "deterministic": True, "verbose": -1}
    data = lgb.Dataset(values, y, init_score=begin, categorical_feature=categories, params=settings)
    booster = lgb.Booster(settings, data)
    for _ in range(int(str(trees))):
        booster.update()
    return booster


_OURS: Mapping[str, object] = {"complete": False, "init_score": None, "trees": 15, "inputs": 6}


@dataclass(frozen=True)
class Written:
    """A split written by hand.

    Attributes:
        feature: number of the input.
        threshold: values up to it go left; of categories, nothing.
        missing: what is missing, in LightGBM's numbers: nothing, zero, NaN.
        missing_left: where it goes.
        categories: that go left; None where the split has a threshold.
        at: which of the leaves that there are so far is split.
    """

    feature: int
    threshold: float
    missing: int
    missing_left: bool
    categories: frozenset[int] | None
    at: int


def written(trees: Sequence[Sequence[Written]], *, inputs: int, classes: int = 1) -> str:
    """LightGBM's text of a forest; the leaf values are odd, so that another order of adding them gives other last digits."""
    objective = "binary sigmoid:1" if classes == 1 else f"multiclass num_class:{classes}"
    head = ["tree", "version=v4", f"num_class={classes}", f"num_tree_per_iteration={classes}", "label_index=0"]
    names = " ".join(f"f{number}" for number in range(inputs))
    head += [f"max_feature_idx={inputs - 1}", f"objective={objective}", f"feature_names={names}"]
    head += [f"feature_infos={' '.join(['none'] * inputs)}", ""]
    blocks = [f"Tree={number}\n{_tree(splits, number)}" for number, splits in enumerate(trees)]
    return "\n".join([*head, *blocks, "end of trees", "", "pandas_categorical:null", ""])


def _tree(splits: Sequence[Written], number: int) -> str:
    left, right, sides = list[int](), list[int](), dict[int, tuple[list[int], int]]()
    bounds, words, thresholds = [0], list[int](), list[str]()
    for node, split in enumerate(splits):
        leaf = split.at % (node + 1)
        if leaf in sides:
            side, parent = sides[leaf]
            side[parent] = node
        left.append(-1 - leaf)
        right.append(-2 - node)
        sides[leaf], sides[node + 1] = (left, node), (right, node)
        thresholds.append(repr(split.threshold) if split.categories is None else str(len(bounds) - 1))
        if split.categories is not None:
            words += [
                sum(1 << one % 32 for one in split.categories if one // 32 == word) for word in range(max(split.categories) // 32 + 1)
            ]
            bounds.append(len(words))
    values = np.random.default_rng(number).normal(size=len(splits) + 1) / 3
    kinds = [(0 if split.categories is None else 1) | 2 * split.missing_left | split.missing << 2 for split in splits]
    entries: dict[str, Sequence[object]] = {
        "num_leaves": [len(splits) + 1],
        "num_cat": [len(bounds) - 1],
        "split_feature": [split.feature for split in splits],
        "split_gain": [1.0] * len(splits),
        "threshold": thresholds,
        "decision_type": kinds,
        "left_child": left,
        "right_child": right,
        "leaf_value": [repr(float(value)) for value in values],
        "leaf_weight": [1.0] * len(values),
        "leaf_count": [1] * len(values),
        "internal_value": [0] * len(splits),
        "internal_weight": [1] * len(splits),
        "internal_count": [1] * len(splits),
        **({"cat_boundaries": bounds, "cat_threshold": words} if words else {}),
        "is_linear": [0],
        "shrinkage": [1],
    }
    return "".join(f"{name}={' '.join(map(str, told))}\n" for name, told in entries.items()) + "\n"


def hard_rows(text: str, rows: int, *, seed: int) -> Floats:
    """Rows of a forest's own thresholds, their neighbours among doubles, whole numbers, normal ones, and `HARD`."""
    rng = np.random.default_rng(seed)
    lines = dict(line.split("=", 1) for line in text.splitlines() if line.startswith("max_feature_idx="))
    own = np.array([float(one) for line in text.splitlines() if line.startswith("threshold=") for one in line[10:].split()])
    with np.errstate(over="ignore"):
        pool = np.unique(np.concatenate([own, np.nextafter(own, np.inf), np.nextafter(own, -np.inf), HARD]))
    shape = (rows, int(lines["max_feature_idx"]) + 1)
    found = rng.choice(pool, shape)
    usual = np.where(rng.random(shape) < 0.5, rng.normal(size=shape), rng.integers(-2, 320, shape))
    return np.where(rng.random(shape) < 0.5, found, usual)
