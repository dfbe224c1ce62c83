from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from experiments.walk_forward import OURS, Month, Rival, WalkForward, judged, monthly, walk_forward
from features.build import FEATURE_NAMES
from features.shop import Shop
from tests.support.moments import moment
from training.bootstrap import paired_difference
from training.identity import BODY
from training.pipeline import silent
from training.rows import Rows, labelled
from training.settings import Settings

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rate:
    """A rival that promises everybody the rate that it has seen, and notes what it was given."""

    name: str = "rate"
    seen: list[tuple[Floats, Classes, Floats]] = field(default_factory=list)

    def fit(self, inputs: Floats, y: Classes) -> Callable[[Floats], Floats]:
        rate = float(y.mean())

        def forecast(asked: Floats) -> Floats:
            self.seen.append((inputs, y, asked))
            return np.tile([1 - rate, rate], (len(asked), 1))

        return forecast


@pytest.fixture(scope="module")
def rate() -> Rate:
    return Rate()


@pytest.fixture(scope="module")
def walked(shop: Shop, quick_settings: Settings, rate: Rival) -> WalkForward:
    return walk_forward("return", shop, quick_settings, first=moment("2026-04-30"), rivals=[rate])


def _rows(*ordered: str, known_days: int = 1) -> Rows:
    at = pd.Series([moment(one) for one in ordered])
    names = pd.Series([f"l{number}" for number in range(len(ordered))])
    asked = pd.DataFrame({"at": at, "customer_id": names})
    return Rows("return", names, asked, np.arange(len(ordered)) % 2, at + pd.Timedelta(days=known_days), names)


def _few(settings: Settings, fewest: int) -> Settings:
    return replace(settings, blocks=replace(settings.blocks, fewest_rows=fewest))


LINES = ("2024-01-05", "2024-01-20", "2024-02-01", "2024-02-29 23:30", "2024-03-01", "2024-03-02", "2024-03-31")


def test_each_month_is_judged_from_its_first_moment_to_the_next_months(quick_settings: Settings) -> None:
    splits = list(monthly(_rows(*LINES), "UTC", _few(quick_settings, 2)))
    assert [(moment("2024-02-01"), [2, 3]), (moment("2024-03-01"), [4, 5, 6])] == [(split.cut, split.judge.tolist()) for split in splits]


def test_months_begin_at_the_shops_midnight(quick_settings: Settings) -> None:
    splits = list(monthly(_rows(*LINES), "Europe/Berlin", _few(quick_settings, 2)))
    assert [moment("2024-02-29 23:00"), [3, 4, 5, 6]] == [splits[-1].cut, splits[-1].judge.tolist()]


def test_nothing_is_learned_whose_label_was_not_known_when_the_month_began(quick_settings: Settings) -> None:
    (split,) = monthly(_rows(*LINES, known_days=30), "UTC", _few(quick_settings, 2))
    assert [0, 1] == sorted([*split.train, *split.calibrate])
    assert moment("2024-03-01") == split.cut


def test_a_month_with_too_few_rows_is_left_out(quick_settings: Settings) -> None:
    assert ["2024-03"] == [f"{split.cut:%Y-%m}" for split in monthly(_rows(*LINES), "UTC", _few(quick_settings, 3))]
    assert [] == list(monthly(_rows(*LINES), "UTC", _few(quick_settings, 5)))


def test_a_shop_in_which_no_month_can_be_judged_is_refused(shop: Shop, quick_settings: Settings) -> None:
    with pytest.raises(NotEnoughData, match="no month can be judged; expected: months of at least 100 labelled rows"):
        walk_forward("return", shop, quick_settings, first=moment("2027-01-01"))


def test_every_month_from_the_first_on_is_judged_by_its_labelled_rows(walked: WalkForward, shop: Shop) -> None:
    at = labelled("return", shop).asked["at"].dt.tz_convert(shop.zone).dt.strftime("%Y-%m")
    assert {"2026-05", "2026-06", "2026-07", "2026-08"} == {month.month for month in walked.months} | set(walked.left_out)
    assert {month.month: int((at == month.month).sum()) for month in walked.months} == {
        month.month: month.rows_test for month in walked.months
    }
    assert {"in the calibration block, higher scores mean less of what they promise"} >= {
        why.partition(";")[0] for why in walked.left_out.values()
    }
    assert all(earlier.rows_train < later.rows_train for earlier, later in pairwise(walked.months))


def test_rivals_learn_from_the_same_rows_and_see_the_same_inputs(walked: WalkForward, rate: Rate) -> None:
    for month, (inputs, y, asked) in zip(walked.months, rate.seen, strict=True):
        assert (month.rows_train, month.rows_train, month.rows_test) == (len(inputs), len(y), len(asked))
        assert len(FEATURE_NAMES) - len(BODY) == inputs.shape[1] == asked.shape[1]
        assert y.mean() / month.observed[0] == pytest.approx(month.metrics["rate"]["mean_ratio"].value)


def test_the_mean_is_that_of_the_months(walked: WalkForward) -> None:
    for who, metrics in walked.mean.items():
        for name, interval in metrics.items():
            assert np.mean([month.metrics[who][name].value for month in walked.months]) == pytest.approx(interval.value, nan_ok=True)
    difference = walked.mean[OURS]["auc"].value - walked.mean["rate"]["auc"].value
    assert difference == pytest.approx(walked.versus["rate"]["auc"].value)
    assert walked.versus["rate"]["auc"].low <= difference <= walked.versus["rate"]["auc"].high


def test_all_months_in_one_are_evaluated_by_slice(walked: WalkForward) -> None:
    assert sum(month.rows_test for month in walked.months) == walked.evaluation.rows
    assert {"customer:known", "item:known"} <= {part.name for part in walked.evaluation.slices}


def test_a_months_difference_is_paired_on_its_own_customers(quick_settings: Settings) -> None:
    rows = _rows(*("2024-01-05",) * 6)
    good, bad = (np.column_stack([1 - p, p]) for p in (0.2 + 0.6 * rows.y, 0.8 - 0.6 * rows.y))
    inputs = pd.DataFrame({"customer_lines": np.ones(6), "style_lines": np.ones(6)})
    month = Month(moment("2024-01-01"), 10, rows, inputs, {OURS: good, "other": bad})
    (found,) = judged([month], {}, quick_settings, silent).months
    expected = paired_difference(rows.y, bad[:, 1], good[:, 1], rows.asked["customer_id"], "auc", seed=quick_settings.seed)
    assert (1.0, expected) == (found.versus["other"]["auc"].value, found.versus["other"]["auc"])
    assert ("2024-01", 0.5) == (found.month, found.observed[0])


def test_the_json_holds_the_documented_keys_and_numbers_only(walked: WalkForward) -> None:
    told = json.loads(json.dumps(walked.to_json(), allow_nan=False))
    assert ["model", "split", "seed", "months", "mean", "versus", "metrics", "slices", "left_out"] == list(told)
    assert ("return", "months") == (told["model"], told["split"])
    assert {("month", "rows_train", "rows_test", "observed", "metrics", "versus")} == {tuple(month) for month in told["months"]}
    assert [OURS, "global_rate", "category_rate", "customer_rate", "logistic_regression", "rate"] == list(told["mean"])
