from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from training.metrics import (
    METRICS,
    NAMES,
    Floats,
    Scored,
    auc,
    brier,
    ece,
    equal_mass_bins,
    log_loss,
    macro_f1,
    mean_ratio,
    metrics,
    pr_auc,
)
from training.metrics import top_decile_ratio as top

Y = [0, 1, 0, 1]
P = [0.1, 0.2, 0.3, 0.8]
THREE = [[0.5, 0.25, 0.25], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]]


@st.composite
def _forecasts(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    """Binary outcomes of both classes, forecasts with many ties, and weights."""
    n = draw(st.integers(2, 40))
    y = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(lambda drawn: 0 < sum(drawn) < len(drawn)))
    twentieths = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    weights = draw(st.lists(st.integers(1, 50), min_size=n, max_size=n))
    return np.array(y, dtype=float), np.array(twentieths) / 20, np.array(weights) / 10


@st.composite
def _several_classes(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    """Outcomes in which each of three classes occurs, forecasts with ties, and weights."""
    y = [0, 1, 2, *draw(st.lists(st.integers(0, 2), max_size=20))]
    odds = draw(st.lists(st.tuples(*[st.integers(1, 4)] * 3), min_size=len(y), max_size=len(y)))
    weights = draw(st.lists(st.integers(1, 50), min_size=len(y), max_size=len(y)))
    p = np.array(odds, dtype=float)
    return np.array(y, dtype=float), p / p.sum(axis=1, keepdims=True), np.array(weights) / 10


def test_three_of_four_pairs_in_the_right_order_are_an_auc_of_three_quarters() -> None:
    assert pytest.approx(0.75) == auc(Scored(Y, P))


def test_a_tied_pair_counts_half() -> None:
    assert pytest.approx(0.5) == auc(Scored([0, 1], [0.4, 0.4]))


def test_average_precision_is_the_precision_at_each_positive_row() -> None:
    assert pytest.approx((1 / 1 + 2 / 3) / 2) == pr_auc(Scored(Y, P))


def test_log_loss_is_the_mean_surprise() -> None:
    assert pytest.approx((math.log(2) + math.log(4)) / 2) == log_loss(Scored([1, 0], [0.5, 0.75]))


def test_brier_is_the_mean_squared_error() -> None:
    assert pytest.approx((0.25 + 0.5625) / 2) == brier(Scored([1, 0], [0.5, 0.75]))


def test_brier_of_several_classes_sums_over_them() -> None:
    assert pytest.approx(0.25 + 0.0625 + 0.0625) == brier(Scored([0], [[0.5, 0.25, 0.25]]))


def test_ece_weighs_the_gap_of_each_bin() -> None:
    y, p = [0, 0, 0, 1, 1, 0], [0.25, 0.25, 0.25, 0.25, 0.75, 0.75]  # 0.25 of 0.25 came; 0.5 of 0.75
    assert pytest.approx(2 / 6 * 0.25) == ece(Scored(y, p))


def test_ece_of_several_classes_is_the_mean_over_the_classes() -> None:
    scored = Scored([0, 1], [[0.5, 0.25, 0.25]] * 2)  # gaps 0, 0.25, 0.25
    assert pytest.approx(0.5 / 3) == ece(scored)


def test_macro_f1_is_the_mean_over_the_classes_of_how_the_likeliest_one_hits() -> None:
    p = np.array([[0.6, 0.2, 0.2], [0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])  # taken for 0, 0, 1 and 2
    assert pytest.approx((2 / 3 + 2 / 3 + 1) / 3) == macro_f1(Scored([0, 1, 1, 2], p))


def test_of_two_classes_the_likelier_is_taken() -> None:
    assert pytest.approx((4 / 5 + 2 / 3) / 2) == macro_f1(Scored(Y, P))


def test_macro_f1_of_a_class_that_neither_was_nor_was_said_is_undefined() -> None:
    assert math.isnan(macro_f1(Scored([0, 1], THREE[:2])))


def test_ten_bins_hold_a_tenth_of_the_rows_each_lowest_first() -> None:
    p = np.arange(20) / 20
    bins = equal_mass_bins(Scored(np.zeros(20), p[::-1]))
    assert pytest.approx([2] * 10) == bins.weight
    assert pytest.approx((p[::2] + p[1::2]) / 2) == bins.predicted


def test_rows_of_one_forecast_share_a_bin() -> None:
    bins = equal_mass_bins(Scored([0, 1] * 10, [0.5] * 20))
    assert pytest.approx([20]) == bins.weight
    assert pytest.approx([0.5]) == bins.observed


def test_mean_ratio_tells_how_much_too_much_is_promised() -> None:
    assert pytest.approx(1.5) == mean_ratio(Scored([0, 1, 0, 0], [0.25, 0.5, 0.25, 0.5]))


def test_top_decile_ratio_looks_at_the_highest_tenth() -> None:
    assert pytest.approx((0.4 + 0.8) / 1) == top(Scored([0] * 19 + [1], [0.1] * 18 + [0.4, 0.8]))


def test_top_decile_takes_the_earlier_of_tied_rows() -> None:
    first, last = [1] + [0] * 9, [0] * 9 + [1]
    assert pytest.approx(0.5) == top(Scored(first, [0.5] * 10))
    assert math.isnan(top(Scored(last, [0.5] * 10)))


def test_top_decile_takes_the_share_of_the_border_row_that_fits() -> None:
    y, p = [1, 1] + [0] * 13, [0.8, 0.4] + [0.1] * 13
    assert pytest.approx((0.8 + 0.4 / 2) / 1.5) == top(Scored(y, p))


@pytest.mark.parametrize("y", [[0, 0], [1, 1]])
def test_ranking_is_undefined_where_one_class_is_missing(y: list[int]) -> None:
    scored = Scored(y, [0.5, 0.6])
    assert math.isnan(auc(scored))
    assert math.isnan(pr_auc(scored))
    assert not math.isnan(log_loss(scored) + brier(scored) + ece(scored))


def test_a_class_that_never_happens_makes_the_mean_over_classes_undefined() -> None:
    assert math.isnan(auc(Scored([0, 1, 1], THREE)))


def test_a_ratio_is_undefined_where_nothing_happened() -> None:
    assert math.isnan(mean_ratio(Scored([0, 0], [0.5, 0.6])))


def test_everything_is_undefined_without_weight() -> None:
    assert all(math.isnan(value) for value in metrics(Scored(Y, P), [0] * 4, tuple(METRICS)).values())
    assert all(math.isnan(value) for value in metrics(Scored([], []), names=tuple(METRICS)).values())


@settings(deadline=None)
@given(_forecasts())
def test_binary_metrics_equal_sklearn(drawn: tuple[Floats, Floats, Floats]) -> None:
    y, p, w = drawn
    expected = [
        roc_auc_score(y, p, sample_weight=w),
        average_precision_score(y, p, sample_weight=w),
        sklearn_log_loss(y, p, sample_weight=w),
        brier_score_loss(y, p, sample_weight=w),
    ]
    assert pytest.approx(expected, abs=1e-12) == list(metrics(Scored(y, p), w, NAMES[:4]).values())


@settings(deadline=None)
@given(_several_classes())
def test_multiclass_metrics_equal_sklearn(drawn: tuple[Floats, Floats, Floats]) -> None:
    y, p, w = drawn
    each = [(y == c, p[:, c]) for c in range(3)]
    expected = [
        np.mean([roc_auc_score(is_c, p_c, sample_weight=w) for is_c, p_c in each]),
        np.mean([average_precision_score(is_c, p_c, sample_weight=w) for is_c, p_c in each]),
        sklearn_log_loss(y, p, sample_weight=w),
        brier_score_loss(y, p, sample_weight=w),
    ]
    assert pytest.approx(expected, abs=1e-12) == list(metrics(Scored(y, p), w, NAMES[:4]).values())
    assert pytest.approx(f1_score(y, p.argmax(axis=1), average="macro", sample_weight=w), abs=1e-12) == macro_f1(Scored(y, p), w)


@settings(deadline=None)
@given(_forecasts())
def test_a_whole_weight_is_that_many_copies_of_the_row(drawn: tuple[Floats, Floats, Floats]) -> None:
    y, p, w = drawn
    times = np.floor(w).astype(int)
    copied = metrics(Scored(np.repeat(y, times), np.repeat(p, times)), names=tuple(METRICS))
    assert pytest.approx(copied, abs=1e-12, nan_ok=True) == metrics(Scored(y, p), times, tuple(METRICS))


def test_metrics_come_in_the_order_asked_for() -> None:
    asked = ["brier", "auc"]
    assert asked == list(metrics(Scored(Y, P), names=asked))


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0, 1], [0.5], "shape"),
        ([0, 1], [[1.0], [1.0]], "shape"),
        ([0, 2], [0.5, 0.5], "0 to 1"),
        ([0, 3, 1], THREE, "0 to 2"),
        ([0, math.nan], [0.5, 0.5], "missing"),
        ([0, 1], [0.5, 1.5], "no probability"),
        ([0, 1], [0.5, math.nan], "missing"),
        ([0, 1], [[0.5, 0.2], [0.5, 0.5]], "sum to 1"),
    ],
)
def test_what_is_no_forecast_of_these_outcomes_is_refused(y: list[float], p: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Scored(y, p)


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['f1'\]; known: auc"):
        metrics(Scored(Y, P), names=("auc", "f1"))


def test_weights_must_be_one_per_row() -> None:
    with pytest.raises(ValueError, match="one per row"):
        auc(Scored(Y, P), [1, 2])


@pytest.mark.parametrize("metric", [mean_ratio, top, equal_mass_bins])
def test_ratios_and_bins_are_of_binary_forecasts_only(metric: object) -> None:
    with pytest.raises(ValueError, match="3 classes"):
        metric(Scored([0, 1, 2], THREE))  # type: ignore[operator]
