from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from tests.support.moments import moment
from training.blocks import Split
from training.calibration import fit_calibration
from training.model import Model, grow
from training.open_lines import open_at
from training.rolling import fit_rolling
from training.rows import Rows
from training.settings import USUAL_BATCHES, Forest, Rolling

FOREST = Forest(trees=10, learning_rate=0.3, leaves=4, fewest_rows_per_leaf=10, share_of_features=1.0, share_of_rows=1.0, l2=1.0)
DROP = Rolling(share=0.5, steps=2, open_lines="drop")


def _rows(n: int, rate: tuple[float, float], *, seed: int = 1) -> tuple[Rows, pd.DataFrame]:
    """A line an hour, whose rate of returns swings from day to day between two; the input tells half of it."""
    rng = np.random.default_rng(seed)
    at = pd.Series(moment("2024-01-01") + pd.to_timedelta(np.arange(n), unit="h"))
    risk = rng.normal(size=n)
    base = np.where(np.arange(n) // 24 % 2 == 0, *rate)
    y = (rng.uniform(size=n) < base * np.exp(risk) / np.exp(0.5)).astype("int64")
    names = pd.Series([f"l{number}" for number in range(n)])
    back = pd.Series(at.where(y == 1) + pd.Timedelta(days=1))
    rows = Rows("return", names, pd.DataFrame({"at": at}), y, at + pd.Timedelta(days=2), names, asked_back_at=back)
    return rows, pd.DataFrame({"risk": risk})


def _split(known: int, total: int) -> Split:
    border, cut = round(0.9 * known), moment("2024-01-01") + pd.Timedelta(hours=known + 47)
    return Split(np.arange(border), np.arange(border, known), np.arange(known + 47, total), cut)


def test_each_step_is_forecast_by_trees_of_the_rows_before_it_and_the_last_trees_know_all() -> None:
    rows, inputs = _rows(800, (0.2, 0.2))
    model = fit_rolling(rows, inputs, _split(700, 800), FOREST, DROP, USUAL_BATCHES, seed=1, threads=1)
    steps = [(350, 525), (525, 700)]
    raw = [grow("return", (inputs[:start], rows.y[:start]), FOREST, seed=1, threads=1).raw(inputs[start:end]) for start, end in steps]
    expected = fit_calibration(np.concatenate(raw), rows.y[350:700])
    assert expected.slopes.tolist() == model.calibration.slopes.tolist()
    assert expected.intercepts.tolist() == model.calibration.intercepts.tolist()
    every = grow("return", (inputs[:700], rows.y[:700]), FOREST, seed=1, threads=1)
    assert every.booster.model_to_string() == model.booster.model_to_string()


def test_rows_that_were_not_known_at_the_cut_change_nothing() -> None:
    rows, inputs = _rows(800, (0.2, 0.2))
    turned = replace(rows, y=np.where(np.arange(800) < 700, rows.y, 1 - rows.y))
    one, other = (fit_rolling(each, inputs, _split(700, 800), FOREST, DROP, USUAL_BATCHES, seed=1, threads=1) for each in (rows, turned))
    assert one.predict(inputs).tobytes() == other.predict(inputs).tobytes()


def test_one_odd_day_before_the_cut_moves_the_level_less_than_if_it_alone_calibrated() -> None:
    rows, inputs = _rows(1_000, (0.2, 0.2))
    odd = replace(rows, y=np.where(np.arange(1_000) >= 900, np.arange(1_000) % 2, rows.y))
    split = Split(np.arange(900), np.arange(900, 1_000), np.array([], dtype="int64"), moment("2025-01-01"))
    rolled = fit_rolling(odd, inputs, split, FOREST, replace(DROP, steps=4), USUAL_BATCHES, seed=1, threads=1).predict(inputs)[:, 1].mean()
    trees = grow("return", (inputs[:900], odd.y[:900]), FOREST, seed=1, threads=1)
    alone = fit_calibration(trees.raw(inputs[900:]), odd.y[900:]).apply(trees.raw(inputs))[:, 1].mean()
    assert rows.y.mean() < rolled < 0.3 < alone


def test_open_lines_are_learned_from_where_the_settings_say_so() -> None:
    rows, inputs = _rows(800, (0.2, 0.2))
    split = _split(700, 800)
    ways = [replace(DROP, open_lines=how) for how in ("drop", "weight")]
    dropped, weighted = (fit_rolling(rows, inputs, split, FOREST, way, USUAL_BATCHES, seed=1, threads=1) for way in ways)
    assert dropped.calibration.intercepts.tolist() == weighted.calibration.intercepts.tolist()
    old_enough = len(open_at(rows, split).numbers)
    assert 0 < old_enough < 47
    assert (700, 700 + old_enough) == (_rows_of(dropped), _rows_of(weighted))


def _rows_of(model: Model) -> int:
    """How many rows its first tree has seen."""
    leaves = model.booster.trees_to_dataframe().query("tree_index == 0 and left_child.isna()")
    return int(leaves["count"].sum())


def test_a_first_step_without_a_single_return_is_refused() -> None:
    rows, inputs = _rows(800, (0.2, 0.2))
    late = replace(rows, y=np.where(np.arange(800) < 350, 0, rows.y))
    with pytest.raises(NotEnoughData, match="no row of class 'returned' to learn from"):
        fit_rolling(late, inputs, _split(700, 800), FOREST, DROP, USUAL_BATCHES, seed=1, threads=1)
