from __future__ import annotations

import numpy as np
import pytest

from training.coverage import kept_word, promised
from training.intervals import Bounds
from training.model import CLASSES
from training.pipeline import Training
from training.plots_coverage import coverage_per_segment


def _bounds(low: list[float], high: list[float]) -> Bounds:
    nowhere = np.zeros(len(low), dtype=np.int64)
    return Bounds(np.array(low), np.array(high), nowhere, nowhere)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ([0.0] * 4, [1.0] * 4, 1.0),
        ([0.5] * 4, [0.5] * 4, 1.0),  # both of two batches, whatever they hold, or one in both
        ([0.6] * 4, [1.0] * 4, 0.0),
        ([0.0] * 4, [0.4] * 4, 0.0),
        ([0.5, 0.5, 0.6, 0.6], [1.0] * 4, 0.5),
    ],
)
def test_coverage_is_the_share_of_rows_whose_interval_holds_the_rate_of_their_batch(
    low: list[float], high: list[float], expected: float
) -> None:
    hit = np.array([True, False, True, False])
    assert expected == kept_word(np.full(4, 0.5), hit, _bounds(low, high), 4, seed=1)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_model_is_told_how_its_intervals_did_overall_and_per_slice(kind: str, training: Training) -> None:
    one = training.trained[kind]
    assert set(promised(kind)) == {part.of for part in one.covered}
    found = {(part.of, part.slice): part for part in one.covered}
    for of in promised(kind):
        number = CLASSES[kind].index(of)
        bounds = one.model.interval(one.inputs, one.p[:, number], of=of)
        width = float((bounds.high - bounds.low).mean())
        assert len(one.rows) == found[of, "all"].rows
        assert width == pytest.approx(found[of, "all"].width)
    slices = {part.name for part in one.evaluation.slices}
    assert {"all", "risk:low", "risk:middle", "risk:high"} | slices >= {part.slice for part in one.covered} > slices


def test_of_two_classes_the_second_is_promised_of_three_all() -> None:
    expected = [("returned",), ("size", "quality", "taste", "other"), ("small", "fits", "large"), ("ordered",)]
    assert expected == [promised(kind) for kind in CLASSES]


def test_the_picture_counts_the_segments_that_keep_the_promise(training: Training) -> None:
    covered = training.trained["return"].covered
    axes = (figure := coverage_per_segment(covered, 0.9)).axes[0]
    kept = sum(abs(one.coverage - 0.9) <= 0.02 for one in covered)
    assert f"{kept} of {len(covered)} segments keep the promise of 90%, within two points" == figure.get_suptitle()
    assert [one.slice for one in covered] == [label.get_text() for label in axes.get_yticklabels()]
    assert [one.coverage for one in covered] == [float(line.get_xdata()[0]) for line in axes.lines]  # type: ignore[arg-type, index]


def test_a_picture_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no segments"):
        coverage_per_segment([], 0.9)
