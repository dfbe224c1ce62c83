from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.bootstrap import Interval, intervals, paired_difference
from training.metrics import Floats, Scored, metrics

Y = [0, 1, 0, 1, 0, 1, 1, 0]
P = [0.1, 0.7, 0.3, 0.4, 0.5, 0.9, 0.6, 0.2]
ANNA_TO_DORA = ["anna", "anna", "ben", "ben", "cleo", "cleo", "dora", "dora"]


def _shop(seed: int, customers: int = 200, lines: int = 5) -> tuple[Floats, Floats, Sequence[int]]:
    """Customers who keep all or return all, with the mean of a return 0.3, and a forecast that knows nothing."""
    returns_all = np.random.default_rng(seed).random(customers) < 0.3
    return np.repeat(returns_all, lines).astype(float), np.zeros(customers * lines), [i // lines for i in range(customers * lines)]


def _width(interval: Interval) -> float:
    return interval.high - interval.low


def test_the_value_is_the_metric_on_all_rows() -> None:
    found = intervals(Y, P, ANNA_TO_DORA, seed=1)
    assert metrics(Scored(Y, P)) == {name: interval.value for name, interval in found.items()}


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    first, again, other = (intervals(Y, P, range(8), seed=seed, names=("brier",))["brier"] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_ends_are_the_percentiles_over_copied_customers() -> None:
    y, p, of = np.array(Y), np.array(P), np.repeat(np.arange(4), 2)
    rng, found = np.random.default_rng(7), []
    for _ in range(200):
        rows = np.concatenate([np.flatnonzero(of == drawn) for drawn in rng.integers(0, 4, size=4)])
        found.append(roc_auc_score(y[rows], p[rows]))
    expected = np.quantile(found, [0.05, 0.95])
    interval = intervals(Y, P, ANNA_TO_DORA, seed=7, level=0.9, names=("auc",))["auc"]
    assert pytest.approx(list(expected)) == [interval.low, interval.high]


def test_lines_of_one_customer_count_as_one_piece_of_evidence() -> None:
    y, p, customers = _shop(seed=3)
    by_customer = intervals(y, p, customers, seed=1, names=("brier",))["brier"]
    by_line = intervals(y, p, range(len(y)), seed=1, names=("brier",))["brier"]
    assert pytest.approx(math.sqrt(5) * _width(by_line), rel=0.2) == _width(by_customer)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    found = [intervals(*_shop(seed), seed=seed, names=("brier",))["brier"] for seed in range(100)]
    assert 90 <= sum(interval.low <= 0.3 <= interval.high for interval in found) <= 99


def test_a_metric_undefined_in_few_resamples_keeps_its_interval() -> None:
    interval = intervals([0, 1] * 4, P, range(8), seed=1, names=("auc",))["auc"]
    assert interval.low < interval.value < interval.high


def test_a_metric_undefined_in_many_resamples_has_a_value_and_no_ends() -> None:
    found = intervals([1, 0, 0, 0], [0.9, 0.1, 0.2, 0.3], range(4), seed=1, names=("auc", "brier"))
    expected = {"value": 1.0, "low": None, "high": None}
    assert expected == found["auc"].to_json()
    assert not math.isnan(found["brier"].low)


def test_a_metric_undefined_on_all_rows_passes_through_as_nan() -> None:
    found = intervals([0, 0, 0], [0.1, 0.2, 0.3], range(3), seed=1, names=("auc",))
    undefined = {"value": None, "low": None, "high": None}
    assert undefined == found["auc"].to_json()


@pytest.mark.parametrize(("clusters", "resamples"), [(["anna"] * 8, 200), (ANNA_TO_DORA, 0)])
def test_one_customer_or_no_resample_gives_values_without_ends(clusters: list[str], resamples: int) -> None:
    found = intervals(Y, P, clusters, seed=1, resamples=resamples, names=("auc",))["auc"]
    expected = {"value": 15 / 16, "low": None, "high": None}
    assert expected == found.to_json()


@pytest.mark.parametrize(
    "keys",
    [[("de", name) for name in ANNA_TO_DORA], np.array(ANNA_TO_DORA), np.repeat(np.arange(4), 2), [7, *ANNA_TO_DORA[1:]]],
    ids=["tuples", "strings", "numbers", "anything hashable"],
)
def test_a_customer_may_be_any_hashable(keys: Any) -> None:
    assert {"auc"} == set(intervals(Y, P, keys, seed=1, names=("auc",)))


def test_several_classes_are_resampled_alike() -> None:
    p = [[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]] * 10
    assert Interval(1.0, 1.0, 1.0) == intervals([0, 1, 2] * 10, p, range(30), seed=1, names=("auc",))["auc"]


def test_an_interval_as_json_has_null_for_nan() -> None:
    expected = '{"value": 0.5, "low": null, "high": 0.75}'
    assert expected == json.dumps(Interval(0.5, math.nan, 0.75).to_json())


def test_a_forecast_does_not_differ_from_itself() -> None:
    assert Interval(0.0, 0.0, 0.0) == paired_difference(Y, P, P, ANNA_TO_DORA, "auc", seed=1)


def test_the_difference_is_challenger_minus_champion() -> None:
    champion, challenger = [0.5] * 8, [0.25 if y == 0 else 0.75 for y in Y]
    assert Interval(-0.1875, -0.1875, -0.1875) == paired_difference(Y, champion, challenger, ANNA_TO_DORA, "brier", seed=1)


def test_pairing_narrows_the_interval_of_two_like_forecasts() -> None:
    shifted = [p + 0.01 for p in P]
    alone = intervals(Y, P, ANNA_TO_DORA, seed=1, names=("brier",))["brier"]
    assert _width(paired_difference(Y, P, shifted, ANNA_TO_DORA, "brier", seed=1)) < _width(alone) / 5


def test_a_difference_of_an_undefined_metric_is_nan() -> None:
    found = paired_difference([0, 0], [0.1, 0.2], [0.2, 0.1], range(2), "auc", seed=1)
    undefined = {"value": None, "low": None, "high": None}
    assert undefined == found.to_json()


def test_a_row_without_customer_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1 has no customer"):
        intervals([0, 1, 1], [0.1, 0.2, 0.3], ["anna", None, "ben"], seed=1)


def test_customers_must_be_one_per_row() -> None:
    with pytest.raises(ValueError, match="3 customers for 8 rows"):
        intervals(Y, P, ["anna", "ben", "cleo"], seed=1)


# Part by part.

PART_Y, PART_P = [0, 1, 0, 1, 1, 0], [0.2, 0.8, 0.3, 0.6, 0.4, 0.7]
MONTHS = ["may"] * 4 + ["june"] * 2


def test_with_parts_a_metric_is_the_mean_of_its_values_in_them() -> None:
    customers = list("abcdef")
    assert 0.5 == intervals(PART_Y, PART_P, customers, seed=1, names=("auc",), parts=MONTHS)["auc"].value
    assert pytest.approx(7 / 9) == intervals(PART_Y, PART_P, customers, seed=1, names=("auc",))["auc"].value


def test_a_customer_who_is_drawn_is_drawn_in_all_parts() -> None:
    y, p, customers = [0, 1, 0, 1, 1, 0, 1, 0], [0.1, 0.2, 0.3, 0.4, 0.4, 0.3, 0.2, 0.1], list("abcddcba")
    one, two = (intervals(y, p, customers, seed=1, names=("brier",), parts=parts)["brier"] for parts in (None, [0] * 4 + [1] * 4))
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


def test_a_difference_with_parts_is_the_mean_of_their_differences() -> None:
    opposite = [1 - one for one in PART_P]
    found = paired_difference(PART_Y, opposite, PART_P, list("abcdef"), "auc", seed=1, parts=MONTHS)
    assert 0.0 == found.value
    assert 0 < paired_difference(PART_Y, opposite, PART_P, list("abcdef"), "auc", seed=1).value


def test_parts_that_are_not_one_per_row_are_refused() -> None:
    with pytest.raises(ValueError, match="parts of 5 rows for 6; expected one per row"):
        intervals(PART_Y, PART_P, list("abcdef"), seed=1, parts=MONTHS[:5])
