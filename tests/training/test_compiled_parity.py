from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.forests import HARD, KINDS, TINY, Floats, Written, grown, hard_rows, written
from training.compiled import CompiledForest, compile_forest
from training.tree_text import NotHeld

ROWS = 40_000
"""A million over all kinds."""

INPUTS = 4


def _compiled(text: str) -> CompiledForest:
    found = compile_forest(text, {})
    assert not isinstance(found, NotHeld), found.reason
    return found


def _raw(booster: lgb.Booster, rows: Floats) -> Floats:
    return np.asarray(booster.predict(rows, raw_score=True, num_threads=1)).reshape(len(rows), -1)


def _probabilities(booster: lgb.Booster, rows: Floats) -> Floats:
    told = np.asarray(booster.predict(rows, num_threads=1))
    return told if told.ndim == 2 else np.column_stack([1.0 - told, told])


@pytest.mark.parametrize("kind", KINDS)
def test_a_compiled_forest_adds_up_what_lightgbm_does_to_the_last_digit(kind: str) -> None:
    booster = grown(KINDS[kind])
    rows = hard_rows(booster.model_to_string(), ROWS, seed=2)
    forest = _compiled(booster.model_to_string())
    np.testing.assert_array_equal(_raw(booster, rows), forest.raw(rows))
    np.testing.assert_allclose(_probabilities(booster, rows), forest.probabilities(rows), rtol=0, atol=1e-15)


def test_the_kinds_of_forests_hold_every_kind_of_split() -> None:
    texts = [grown(kind).model_to_string() for kind in KINDS.values()]
    kinds = {one for text in texts for line in text.splitlines() if line.startswith("decision_type=") for one in line[14:].split()}
    assert {"1", "2", "4", "6", "8", "9", "10"} == kinds


_LAST = st.integers(min_value=0, max_value=99)
_THRESHOLDS = st.one_of(st.sampled_from([one for one in HARD if not np.isnan(one)]), st.floats(allow_nan=False))
_NUMERIC = st.builds(Written, st.integers(0, INPUTS - 1), _THRESHOLDS, st.integers(0, 2), st.booleans(), st.none(), _LAST)
_CATEGORIES = st.frozensets(st.integers(0, 70), min_size=1, max_size=9)
_CATEGORICAL = st.builds(Written, st.integers(0, INPUTS - 1), st.just(0.0), st.integers(0, 2), st.booleans(), _CATEGORIES, _LAST)
_TREES = st.lists(st.one_of(_NUMERIC, _CATEGORICAL), max_size=12)


@settings(max_examples=200, deadline=None)
@given(classes=st.sampled_from([1, 3]), rounds=st.integers(0, 3), data=st.data())
def test_forests_that_lightgbm_would_hardly_grow_too(classes: int, rounds: int, data: st.DataObject) -> None:
    trees = data.draw(st.lists(_TREES, min_size=classes * rounds, max_size=classes * rounds))
    text = written(trees, inputs=INPUTS, classes=classes)
    rows = hard_rows(text, 300, seed=data.draw(st.integers(0, 99)))
    booster = lgb.Booster(model_str=text)
    np.testing.assert_array_equal(_raw(booster, rows), _compiled(text).raw(rows))
    np.testing.assert_array_equal(_raw(booster, rows), _compiled(booster.model_to_string()).raw(rows))


@pytest.mark.parametrize("kind", ["NaN is missing", "NaN and zero are missing", "categories and classes"])
@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 200, 255, 256, 257, 600])
def test_rows_that_share_most_values_say_the_same_as_each_alone(kind: str, n: int) -> None:
    booster = grown(KINDS[kind])
    forest = _compiled(booster.model_to_string())
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rows = hard_rows(booster.model_to_string(), max(n, 1), seed=seed)
        rows[:, rng.random(rows.shape[1]) < 0.7] = rows[0, 0] if seed % 2 else np.nan
        expected = np.vstack([np.empty((0, forest.sums)), *(forest.raw(rows[[row]]) for row in range(n))])
        np.testing.assert_array_equal(expected, forest.raw(rows[:n]))
        if n:
            np.testing.assert_array_equal(_raw(booster, rows), expected)


def test_two_rows_that_differ_from_the_first_alike_are_not_taken_for_it() -> None:
    text = written([[Written(0, 1.0, 0, True, None, 0)]], inputs=1)
    rows = np.array([[0.0], [2.0], [2.0]])
    expected = _raw(lgb.Booster(model_str=text), rows)
    assert expected[0] != expected[1]
    np.testing.assert_array_equal(expected, _compiled(text).raw(rows))


def test_zeros_of_both_signs_are_one_value() -> None:
    booster = grown(KINDS["NaN and zero are missing"])
    rows = np.where(np.arange(100)[:, None] % 2, 0.0, -0.0) * np.ones((1, 6))
    np.testing.assert_array_equal(_raw(booster, rows), _compiled(booster.model_to_string()).raw(rows))


def _read_only(rows: Floats) -> Floats:
    found = np.asfortranarray(rows)
    found.setflags(write=False)
    return found


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda rows: np.repeat(rows, 2, axis=0)[::2], _read_only])
def test_rows_may_lie_in_memory_in_any_order(layout: Callable[[Floats], Floats]) -> None:
    booster = grown({})
    rows = hard_rows(booster.model_to_string(), 300, seed=1)
    np.testing.assert_array_equal(_raw(booster, rows), _compiled(booster.model_to_string()).raw(layout(rows)))


def test_many_threads_score_at_once() -> None:
    booster = grown(KINDS["three classes"])
    forest = _compiled(booster.model_to_string())
    parts = [hard_rows(booster.model_to_string(), 300, seed=seed) for seed in range(100)]
    expected = [_raw(booster, rows) for rows in parts]
    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(expected, pool.map(forest.raw, parts), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("value", HARD)
@pytest.mark.parametrize("categories", [None, frozenset({0, 2, 31, 32})])
def test_a_held_input_says_what_a_column_of_its_value_does(value: float, categories: frozenset[int] | None) -> None:
    thresholds = [-1.0, -TINY, 0.0, TINY, 1e300, np.inf]
    trees = [
        [Written(1, threshold, missing, left, categories, 0), Written(0, 0.5, 2, left, None, 0), Written(1, 0.7, 2, left, None, 1)]
        for threshold in thresholds
        for missing in (0, 1, 2)
        for left in (False, True)
    ]
    text = written(trees, inputs=2)
    rows = np.array([[0.0], [1.0], [np.nan]])
    found = compile_forest(text, {1: value})
    assert isinstance(found, CompiledForest)
    np.testing.assert_array_equal(_raw(lgb.Booster(model_str=text), np.hstack([rows, np.full((3, 1), value)])), found.raw(rows))
    assert set(found.packed.feature.tolist()) <= {0}


def test_a_forest_whose_inputs_are_all_held_says_one_thing() -> None:
    booster = grown(KINDS["three classes"])
    held: dict[int, Any] = dict(enumerate([1.0, np.nan, 0.0, 2.0, -1.0, 0.3]))
    found = compile_forest(booster.model_to_string(), held)
    assert isinstance(found, CompiledForest)
    expected = _raw(booster, np.array([list(held.values())] * 3))
    np.testing.assert_array_equal(expected, found.raw(np.empty((3, 0))))
