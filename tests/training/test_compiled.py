"""A compiled forest says what LightGBM's own predict says, to the last digit, whatever comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pytest

from training.compiled import Compiled, ForestUnwalkable
from training.walking import BLOCK

Floats = npt.NDArray[np.float64]

_TINY = float(np.float32(1e-35))
_ODD = [np.nan, np.inf, -np.inf, 0.0, -0.0, _TINY, -_TINY, 2 * _TINY, 5e-324, -5e-324, 1e308, -1e308, 1e-40]
_ODD_CATEGORIES = [np.nan, -1.0, -0.5, -1e9, 0.9, 3.7, 31.0, 32.0, 63.5, 1000.0, 2.0**31, 2.0**31 - 1, 2.0**40, np.inf, -np.inf]
_CATEGORICAL = 5
"""The input that holds categories, where a forest has any."""

_KINDS: Mapping[str, dict[str, Any]] = {
    "binary": {"objective": "binary"},
    "steep": {"objective": "binary", "sigmoid": 2.5},
    "multiclass": {"objective": "multiclass", "num_class": 3},
    "zero_as_missing": {"objective": "binary", "zero_as_missing": True},
    "no_missing": {"objective": "binary", "use_missing": False},
    "deep": {"objective": "binary", "num_leaves": 127, "min_data_in_leaf": 3},
    "stumps": {"objective": "binary", "num_leaves": 2},
    "bagged": {"objective": "binary", "bagging_fraction": 0.5, "bagging_freq": 1, "feature_fraction": 0.5},
    "dart": {"objective": "binary", "boosting": "dart"},
    "extra": {"objective": "multiclass", "num_class": 3, "extra_trees": True},
}


def _rows(draw: np.random.Generator, count: int) -> Floats:
    rows = draw.normal(size=(count, 8))
    rows[:, 1] = draw.integers(0, 4, count)
    rows[:, _CATEGORICAL] = draw.integers(0, 70, count)
    rows[:, 6] = np.where(draw.random(count) < 0.6, 0.0, rows[:, 6])
    rows[draw.random((count, 8)) < 0.15] = np.nan
    return rows


def _grown(parameters: Mapping[str, Any], *, categories: bool = False, trees: int = 30, seed: int = 1) -> lgb.Booster:
    draw = np.random.default_rng(seed)
    rows = _rows(draw, 1_500)
    told = np.nan_to_num(rows)
    pulls = told[:, 0] + (told[:, 1] == 2) - np.isnan(rows[:, 3]) + (told[:, _CATEGORICAL] % 7 < 2) + (told[:, 6] == 0)
    cuts = np.quantile(pulls, [0.4, 0.75]) if parameters.get("num_class") else np.quantile(pulls, [0.6])
    y = np.searchsorted(cuts, pulls + draw.normal(size=len(pulls)))
    data = lgb.Dataset(rows, label=y, categorical_feature=[_CATEGORICAL] if categories else "auto", params={"verbose": -1})
    usual = {"num_leaves": 15, "min_data_in_leaf": 10, "learning_rate": 0.1, "verbose": -1, "num_threads": 1, "seed": seed}
    return lgb.train({**usual, **parameters}, data, num_boost_round=trees)


def _adversarial(booster: lgb.Booster, draw: np.random.Generator, count: int) -> Floats:
    """Random rows, half of their numbers thresholds hit exactly, their neighbours, and everything odd."""
    rows = _rows(draw, count)
    thresholds = [float(x) for line in booster.model_to_string().split("\n") if line.startswith("threshold=") for x in line[10:].split()]
    finite = np.array([x for x in thresholds if np.isfinite(x)])
    near = np.concatenate([finite, np.nextafter(finite, np.inf), np.nextafter(finite, -np.inf), np.tile(_ODD, 1 + len(finite) // 20)])
    rows = np.where(draw.random(rows.shape) < 0.5, draw.choice(near, rows.shape), rows)
    odd = draw.random(count) < 0.5
    rows[odd, _CATEGORICAL] = draw.choice(_ODD_CATEGORIES, int(odd.sum()))
    return rows


def _agree(booster: lgb.Booster, rows: Floats) -> None:
    compiled = Compiled.of(booster.model_to_string())
    expected = np.asarray(booster.predict(rows, raw_score=True, num_threads=2)).reshape(len(rows), -1)
    np.testing.assert_array_equal(compiled.raw(rows), expected)
    p = np.asarray(booster.predict(rows, num_threads=2))
    found = compiled.probabilities(rows)
    np.testing.assert_allclose(found if p.ndim == 2 else found[:, 1], p, atol=1e-15, rtol=1e-13)


@pytest.mark.parametrize("categories", [False, True], ids=["numbers", "categories"])
@pytest.mark.parametrize("kind", _KINDS)
def test_equals_lightgbm_on_adversarial_rows(kind: str, categories: bool) -> None:
    booster = _grown(_KINDS[kind], categories=categories)
    _agree(booster, _adversarial(booster, np.random.default_rng(2), 50_000))


@pytest.mark.parametrize("seed", range(10))
def test_equals_lightgbm_where_most_inputs_are_alike_in_all_rows(seed: int) -> None:
    """A request's rows: one shopper, so that her inputs are constant, whatever they are."""
    booster, draw = _grown(_KINDS["multiclass"], categories=True, seed=seed), np.random.default_rng(seed)
    for _ in range(20):
        rows = _adversarial(booster, draw, 50)
        alike = draw.random(rows.shape[1]) < 0.7
        rows[:, alike] = rows[0, alike]
        _agree(booster, rows)


@pytest.mark.parametrize("count", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1])
def test_any_number_of_rows(count: int) -> None:
    booster = _grown(_KINDS["binary"])
    _agree(booster, _adversarial(booster, np.random.default_rng(3), count))


def test_no_rows_get_no_scores() -> None:
    assert (0, 3) == Compiled.of(_grown(_KINDS["multiclass"]).model_to_string()).raw(np.empty((0, 8))).shape


def test_a_forest_of_single_leaves() -> None:
    booster = _grown({"objective": "binary", "min_data_in_leaf": 5_000}, trees=3)
    _agree(booster, _rows(np.random.default_rng(4), 10))


def test_a_forest_that_was_read_back_is_the_same() -> None:
    booster = _grown(_KINDS["extra"], categories=True)
    again = lgb.Booster(model_str=booster.model_to_string())
    rows = _adversarial(booster, np.random.default_rng(5), 100)
    np.testing.assert_array_equal(Compiled.of(again.model_to_string()).raw(rows), Compiled.of(booster.model_to_string()).raw(rows))


def test_rows_of_any_layout() -> None:
    booster = _grown(_KINDS["binary"])
    rows = _rows(np.random.default_rng(6), 40)
    compiled = Compiled.of(booster.model_to_string())
    np.testing.assert_array_equal(compiled.raw(np.asfortranarray(rows)), compiled.raw(rows))
    np.testing.assert_array_equal(compiled.raw(rows[::2]), compiled.raw(rows)[::2])


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"objective": "binary", "linear_tree": True}, "linear"),
        ({"objective": "binary", "boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, "averaged"),
        ({"objective": "regression"}, "objective"),
    ],
)
def test_what_cannot_be_walked_is_left_to_lightgbm_with_the_reason(parameters: dict[str, Any], why: str) -> None:
    with pytest.raises(ForestUnwalkable, match=why):
        Compiled.of(_grown(parameters, trees=5).model_to_string())


def test_what_is_no_forest_is_refused() -> None:
    with pytest.raises(ForestUnwalkable, match="no text of a forest"):
        Compiled.of("tree\nTree=0\n")
