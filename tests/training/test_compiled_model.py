from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.errors import FeaturesRefused
from tests.support.forests import grown
from training.model import CLASSES, FIXED, Model, fit, load, save
from training.settings import Forest

NAMES = [f"input_{number}" for number in range(6)]
FOREST = Forest(trees=12, learning_rate=0.2, leaves=7, fewest_rows_per_leaf=5, share_of_features=0.7, share_of_rows=0.8, l2=1.0)


def _block(kind: str, seed: int) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Rows whose first input and position decide what happens, more or less; every tenth value is missing."""
    rng = np.random.default_rng(seed)
    inputs, place = rng.normal(size=(600, 6)), rng.integers(1, 9, 600).astype("float64")
    edges = np.linspace(-1, 1, len(CLASSES[kind]) + 1)[1:-1]
    y = np.searchsorted(edges, inputs[:, 0] - place / 4 + 1 + rng.normal(size=600) / 2)
    told = pd.DataFrame(np.where(rng.random((600, 6)) < 0.1, np.nan, inputs), columns=NAMES)
    return told.assign(**dict.fromkeys(FIXED[kind], place)), y.astype("int64")


@pytest.fixture(scope="module", params=CLASSES)
def model(request: pytest.FixtureRequest) -> Model:
    kind = str(request.param)
    return fit(kind, _block(kind, 1), _block(kind, 2), FOREST, seed=1, threads=1, shift=0.4)


def test_scores_are_what_predict_says(model: Model) -> None:
    inputs, _ = _block(model.kind, 3)
    assert "compiled" == model.walks
    np.testing.assert_allclose(model.predict(inputs), model.score(inputs[NAMES].to_numpy()), rtol=0, atol=1e-15)


def test_a_forest_that_cannot_be_compiled_scores_with_predict(model: Model) -> None:
    inputs, _ = _block(model.kind, 3)
    columns, classes = len(model.columns), len(model.classes)
    booster = grown({"objective": "multiclass", "num_class": classes, "inputs": columns, "num_leaves": 300, "min_data_in_leaf": 1})
    wide = replace(model, booster=booster)
    assert wide.walks.endswith("leaves, more than 256")
    np.testing.assert_array_equal(wide.predict(inputs), wide.score(inputs[NAMES].to_numpy()))


def test_a_row_too_short_is_refused(model: Model) -> None:
    with pytest.raises(FeaturesRefused, match=r"expected: \(rows, 6\)"):
        model.score(np.zeros((2, 5)))


def test_a_loaded_model_is_compiled_before_anybody_asks(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save({model.kind: model}, tmp_path / "release", feature_set="f1", policy="", about={})
    loaded = load(tmp_path / "release", feature_set="f1").models[model.kind]
    monkeypatch.delattr("training.compiled.compile_forest")
    rows = _block(model.kind, 3)[0][NAMES].to_numpy()
    assert "compiled" == loaded.walks
    np.testing.assert_allclose(model.predict(_block(model.kind, 3)[0]), loaded.score(rows), rtol=0, atol=1e-15)
