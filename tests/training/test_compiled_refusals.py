from __future__ import annotations

import os

import numba
import numpy as np
import pytest
from numba import types

from domain.errors import FeaturesRefused
from features.native import native
from tests.support.forests import KINDS, Written, grown, written
from training.compiled import CompiledForest, compile_forest
from training.tree_text import NotHeld


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ({"linear_tree": True}, "its leaves are linear in the inputs"),
        ({"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, "its trees are averaged: a random forest"),
        ({"num_leaves": 257, "min_data_in_leaf": 1, "trees": 1}, "a tree has 257 leaves, more than 256"),
        ({"objective": "regression"}, "its objective is regression, not binary or multiclass"),
        ({"objective": "multiclassova", "num_class": 3}, "its objective is multiclassova num_class:3 sigmoid:1, not binary or multiclass"),
    ],
)
def test_a_forest_that_cannot_be_compiled_says_why(kind: dict[str, object], reason: str) -> None:
    assert NotHeld(reason) == compile_forest(grown(kind).model_to_string(), {})


def test_a_text_of_another_version_is_not_read() -> None:
    text = grown({}).model_to_string().replace("version=v4", "version=v5")
    assert NotHeld("its text is of version v5, not v4") == compile_forest(text, {})


def test_a_forest_of_an_objective_of_ones_own_is_not_held() -> None:
    text = grown({}).model_to_string().replace("objective=binary sigmoid:1\n", "")
    assert NotHeld("its objective is not told, not binary or multiclass") == compile_forest(text, {})


def test_more_columns_than_can_be_numbered_are_not_held() -> None:
    sets = (frozenset({one, other}) for one in range(300) for other in range(one))
    trees = [[Written(0, 0.0, 0, False, next(sets), at) for at in range(255)] for _ in range(129)]
    assert NotHeld("its splits need 32895 columns, more than 32767") == compile_forest(written(trees, inputs=1), {})


@pytest.mark.parametrize("shape", [(3, 5), (3, 7), (6,)])
def test_rows_of_another_number_of_inputs_are_refused(shape: tuple[int, ...]) -> None:
    forest = compile_forest(grown({}).model_to_string(), {})
    assert isinstance(forest, CompiledForest)
    with pytest.raises(FeaturesRefused, match=r"expected: \(rows, 6\)"):
        forest.raw(np.zeros(shape))


def test_thresholds_beyond_what_a_byte_counts_take_further_columns() -> None:
    forest = compile_forest(grown(KINDS["more thresholds than a byte counts"]).model_to_string(), {})
    assert isinstance(forest, CompiledForest)
    assert 4 < len(forest.packed.feature)
    assert 255 == np.diff(forest.packed.first_edge).max()


def test_where_no_folder_may_be_written_each_process_compiles_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator")
    monkeypatch.setattr(numba.config, "CACHE_DIR", os.devnull + "/none")

    def one_more(number: int) -> int:
        return number + 1

    with pytest.raises(RuntimeError, match="no locator available"):
        numba.njit(types.int64(types.int64), cache=True)(one_more)
    assert 3 == native(types.int64(types.int64))(one_more)(2)
