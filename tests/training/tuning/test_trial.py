from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from features.build import build
from features.shop import Shop
from training.blocks import Split
from training.evaluate import forecast
from training.metrics import Scored, log_loss
from training.model import fit
from training.pipeline import learnable
from training.settings import Forest, Settings
from training.tuning.folds import folds
from training.tuning.material import Material, gather, material, read_material
from training.tuning.trial import BATCH_ROWS, Folds, us_per_row

FOREST = Forest(trees=20, learning_rate=0.1, leaves=4, fewest_rows_per_leaf=20, share_of_features=1.0, share_of_rows=0.7, l2=1.0)


def test_a_trial_is_as_accurate_as_a_model_trained_and_calibrated_on_each_fold(easy: Material) -> None:
    expected = []
    for fold in easy.folds:
        train, calibrate = ((easy.inputs(block), easy.y[block]) for block in (fold.train, fold.calibrate))
        p = fit("return", train, calibrate, FOREST, seed=easy.seed, threads=1).predict(easy.inputs(fold.judge))
        expected.append(log_loss(Scored(easy.y[fold.judge], forecast("return", p))))
    outcome = Folds(easy, threads=1).run(FOREST, list)
    assert expected == pytest.approx(outcome.log_losses, rel=1e-9)
    assert (3, "") == (len(outcome.us_per_row), outcome.why_ended)
    assert (float(np.mean(outcome.log_losses)), float(np.mean(outcome.us_per_row))) == outcome.objectives


def test_the_same_bins_serve_forests_of_all_settings(easy: Material) -> None:
    one = Folds(easy, threads=1)
    large = one.run(replace(FOREST, fewest_rows_per_leaf=100), list)
    small = one.run(replace(FOREST, fewest_rows_per_leaf=20, leaves=31), list)
    assert large.log_losses != small.log_losses
    assert large.log_losses == one.run(replace(FOREST, fewest_rows_per_leaf=100), list).log_losses


def test_a_trial_that_is_beaten_in_both_on_the_first_fold_is_ended_there(easy: Material) -> None:
    outcome = Folds(easy, threads=1).run(FOREST, lambda: [([0.01, 0.01, 0.01], [1e-6, 1e-6, 1e-6])])
    assert (1, 1, "beaten in both objectives after 1 folds") == (len(outcome.log_losses), len(outcome.us_per_row), outcome.why_ended)


def test_settings_that_cannot_be_calibrated_end_the_trial_with_the_reason(easy: Material) -> None:
    fold = easy.folds[0]
    upside_down = easy.y.copy()
    upside_down[fold.calibrate] = 1 - upside_down[fold.calibrate]
    outcome = Folds(replace(easy, y=upside_down), threads=1).run(FOREST, list)
    assert (0, True) == (len(outcome.log_losses), "higher scores mean less of what they promise" in outcome.why_ended)


class _Sleepy:
    """A model that sleeps much and works little, longest at first."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def predict(self, inputs: pd.DataFrame, *, threads: int) -> None:
        """Sleep, and work less each time."""
        assert 1 == threads
        time.sleep(0.02)
        until = time.thread_time() + 0.004 / (1 + len(self.rows))
        while time.thread_time() < until:
            pass
        self.rows.append(len(inputs))


def test_the_time_is_the_quickest_repetitions_on_one_core_and_waiting_is_none_of_it() -> None:
    model: Any = _Sleepy()
    found = us_per_row(model, pd.DataFrame({"a": range(30)}), repetitions=4)
    assert [BATCH_ROWS] * 4 == model.rows
    assert 0.001e6 / BATCH_ROWS <= found < 0.02e6 / BATCH_ROWS


def test_material_holds_no_row_that_judges_releases(gathered: Material, shop: Shop, quick_settings: Settings) -> None:
    rows = learnable("return", shop, quick_settings)
    split = folds(rows, quick_settings.blocks)
    assert len(gathered.y) == len(gathered.values) == 1 + split[-1].judge.max() < len(rows)
    assert rows.y[: len(gathered.y)].tolist() == gathered.y.tolist()
    expected = build(shop, rows.asked).iloc[: len(gathered.y)]
    pd.testing.assert_frame_equal(expected, gathered.inputs(np.arange(len(gathered.y))), check_dtype=False)


def test_impressions_are_tuned_with_the_position_beside_their_features(shop: Shop, quick_settings: Settings) -> None:
    found = gather("order", shop, replace(quick_settings, most_impressions=8_000), 3)
    assert "shown_position" == found.columns[-1]
    assert found.values[:, -1].min() == 1.0


def test_what_workers_read_is_what_was_written(gathered: Material, tmp_path: Path) -> None:
    gathered.write(tmp_path)
    again = read_material(tmp_path)
    assert gathered.identity() == again.identity()
    assert (gathered.kind, gathered.columns, gathered.seed) == (again.kind, again.columns, again.seed)
    assert [fold.cut for fold in gathered.folds] == [fold.cut for fold in again.folds]
    np.testing.assert_array_equal(gathered.values, again.values)


def test_every_part_of_the_identity_changes_with_what_it_is_of(gathered: Material) -> None:
    before = gathered.identity()
    values, y = gathered.values.copy(), gathered.y.copy()
    values[0, 0], y[0] = values[0, 0] + 1, 1 - y[0]
    first, *others = gathered.folds
    moved = (Split(first.train[1:], first.calibrate, first.judge, first.cut), *others)
    changes = {"data": replace(gathered, values=values), "folds": replace(gathered, folds=moved), "seed": replace(gathered, seed=2)}
    for part, other in {**changes, "data ": replace(gathered, y=y)}.items():
        assert [part.strip()] == [name for name, value in other.identity().items() if value != before[name]]


def test_a_class_missing_from_a_fold_is_said_before_any_trial(shop: Shop, quick_settings: Settings) -> None:
    rows = learnable("return", shop, quick_settings)
    never = replace(rows, y=np.zeros_like(rows.y))
    with pytest.raises(NotEnoughData, match="fold 1 has no row of class 'returned' to train"):
        material(never, pd.DataFrame({"a": np.zeros(len(rows))}), folds(rows, quick_settings.blocks), 1)
