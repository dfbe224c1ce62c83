from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from domain.policy import parse_policy
from experiments.backtest import Backtest, backtest_at_random, backtest_by_time, cross_fitted
from experiments.baselines import baselines
from experiments.demo_shop import DemoShop
from features.build import FEATURE_NAMES, build
from features.shop import Shop
from tests.conftest import POLICY
from tests.support.moments import moment
from training.blocks import newest_judge
from training.evaluate import DECIDED, RATIOS, compare
from training.metrics import NAMES
from training.rows import Rows, labelled
from training.settings import Settings

KEYS = ["model", "split", "cut", "seed", "rows_train", "rows_test", "metrics", "baselines", "versus", "slices"]
BASELINES = ["global_rate", "category_rate", "customer_rate", "logistic_regression"]


def _silent(steps: Iterable[Any], sentence: str) -> Iterable[Any]:
    assert sentence
    return steps


@pytest.fixture(scope="module")
def by_time(shop: Shop, quick_settings: Settings) -> Backtest:
    return backtest_by_time("return", shop, quick_settings, None, _silent)


@pytest.fixture(scope="module")
def fit_by_time(shop: Shop, quick_settings: Settings) -> Backtest:
    return backtest_by_time("fit", shop, quick_settings, moment("2026-07-01"), _silent)


def test_the_json_holds_exactly_the_documented_keys(by_time: Backtest, fit_by_time: Backtest) -> None:
    for found in (by_time, fit_by_time):
        told = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert KEYS == list(told)
        assert BASELINES == list(told["baselines"]) == list(told["versus"])
        assert {("auc", "log_loss")} == {tuple(one) for one in told["versus"].values()}
        assert {("slice", "rows", "metrics")} == {tuple(part) for part in told["slices"]} or not told["slices"]
        assert {"value", "low", "high"} == set(told["metrics"]["auc"])


def test_the_json_holds_exactly_the_documented_metrics(by_time: Backtest, fit_by_time: Backtest) -> None:
    for found, names in ((by_time, [*NAMES, *RATIOS]), (fit_by_time, [*NAMES, *DECIDED])):
        told = found.to_json()
        assert names == list(told["metrics"])
        assert {tuple(names)} == {tuple(one) for one in told["baselines"].values()}


def test_the_json_tells_what_was_split_and_how(fit_by_time: Backtest, shop: Shop) -> None:
    told = fit_by_time.to_json()
    rows = labelled("fit", shop)
    cut = moment("2026-07-01")
    known = int(((rows.known_at < cut) & (rows.asked["at"] < cut)).sum())
    expected = {"model": "fit", "split": "time", "cut": "2026-07-01T00:00:00+00:00", "seed": 1, "rows_train": known}
    assert {**expected, "rows_test": int((rows.asked["at"] >= cut).sum())} == {key: told[key] for key in [*expected, "rows_test"]}


def test_the_global_rate_ranks_nothing(by_time: Backtest) -> None:
    assert 0.5 == by_time.baselines["global_rate"]["auc"].value
    assert by_time.evaluation.metrics["auc"].value - 0.5 == pytest.approx(by_time.versus["global_rate"]["auc"].value)


def test_keeprank_beats_the_global_rate_and_stays_below_the_truth(
    by_time: Backtest, demo_shop: DemoShop, shop: Shop, quick_settings: Settings
) -> None:
    assert 0 < by_time.versus["global_rate"]["auc"].low
    rows = labelled("return", shop)
    judged = rows.at(newest_judge(rows, quick_settings.blocks).judge)
    p = demo_shop.truth.lines.set_index("line_id").loc[judged.line_id, "p_at_order"].to_numpy()
    truth = np.column_stack([1 - p, p])
    rate = np.full_like(truth, 0.5)
    ceiling = compare(judged, rate, truth, ("auc", "log_loss"), seed=1)
    assert by_time.rows_test == len(judged)
    assert by_time.versus["global_rate"]["auc"].value < ceiling["auc"].high


@pytest.mark.usefixtures("few_folds")
def test_a_random_split_is_of_the_published_shares_and_has_no_cut(shop: Shop, quick_settings: Settings) -> None:
    few = _first(labelled("return", shop), shop, 400)
    told = backtest_at_random("return", few, quick_settings, _silent).to_json()
    rows = len(labelled("return", few))
    assert ("random", None) == (told["split"], told["cut"])
    assert (rows, round(0.9 * rows)) == (told["rows_train"] + told["rows_test"], told["rows_train"])


def test_too_few_rows_are_refused(shop: Shop, quick_settings: Settings) -> None:
    picky = replace(quick_settings, blocks=replace(quick_settings.blocks, fewest_rows=100_000))
    with pytest.raises(NotEnoughData, match="labelled fit rows; expected: at least 100,000"):
        backtest_at_random("fit", shop, picky, _silent)
    with pytest.raises(NotEnoughData, match="0 labelled return rows before 2020-01-01"):
        backtest_by_time("return", shop, quick_settings, moment("2020-01-01"), _silent)


# What is judged must leak nowhere.


def _first(rows: Rows, shop: Shop, number: int) -> Shop:
    """The shop with these many labelled lines, and no others."""
    lines = shop.tables["order_lines"]["line_id"]
    return shop.without_lines(lines[~lines.isin(rows.line_id[:number])])


def _turned(shop: Shop, line_ids: pd.Series) -> Shop:
    """The same shop, had what came back of these lines been kept, and what was kept come back on its window's last day."""
    returns, outcomes = shop.tables["returns"], shop.outcomes.set_index("line_id")
    chosen = outcomes.loc[line_ids]
    ends = chosen.loc[chosen["outcome"] == "kept", "window_ends"]
    more = pd.DataFrame(
        {"line_id": ends.index, "return_id": "new-" + ends.index, "requested_at": ends.to_numpy(), "received_at": ends.to_numpy()}
    )
    more = more.assign(reason="too_small", quantity=1).reindex(columns=returns.columns)
    kept = returns[~returns["line_id"].isin(line_ids)]
    whole = pd.concat([kept.astype(object), more.astype(object)], ignore_index=True).astype(returns.dtypes.to_dict())
    said = shop.tables["fit_feedback"]
    verdicts = said["verdict"].where(
        ~said["line_id"].isin(line_ids), said["verdict"].map({"small": "fits", "fits": "large", "large": "small"})
    )
    tables = {**shop.tables, "returns": whole, "fit_feedback": said.assign(verdict=verdicts)}
    return Shop.of(tables, shop.windows, now=shop.now, zone=shop.zone)


def _labels(rows: Rows, shop: Shop) -> npt.NDArray[np.int64]:
    return pd.Series(labelled(rows.kind, shop).y, labelled(rows.kind, shop).line_id).loc[rows.line_id].to_numpy()


FOLDS = 2


@pytest.fixture
def few_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features are built once per fold, which takes a second each."""
    monkeypatch.setattr("experiments.backtest.RANDOM_FOLDS", FOLDS)


@pytest.fixture(scope="module")
def small(shop: Shop) -> tuple[Shop, Rows, npt.NDArray[np.int64]]:
    """A shop of 120 lines, its rows, and every tenth of them to be judged."""
    few = Shop.of(_first(labelled("return", shop), shop, 120).tables, parse_policy(POLICY).window_days, now=shop.now)
    rows = labelled("return", few)
    return few, rows, np.arange(0, len(rows), 10)


@pytest.mark.usefixtures("few_folds")
def test_judged_labels_leak_into_no_row_of_a_random_split(small: tuple[Shop, Rows, npt.NDArray[np.int64]]) -> None:
    shop, rows, judge = small
    turned = _turned(shop, rows.line_id.iloc[judge])
    assert (1 - rows.y[judge]).tolist() == _labels(rows, turned)[judge].tolist()
    before, after = (cross_fitted(each, rows, judge, 1, _silent) for each in (shop, turned))
    assert list(FEATURE_NAMES) == list(before.columns)
    assert before["category_return_rate"].notna().all()
    assert before.to_numpy().tobytes() == after.to_numpy().tobytes()


@pytest.mark.usefixtures("few_folds")
def test_a_training_rows_own_label_is_in_none_of_its_features(small: tuple[Shop, Rows, npt.NDArray[np.int64]]) -> None:
    shop, rows, judge = small
    fold = np.random.default_rng([1, FOLDS]).integers(0, FOLDS, len(rows))
    mine = np.setdiff1d(np.flatnonzero(fold == 1), judge)
    turned = _turned(shop, rows.line_id.iloc[mine])
    assert (1 - rows.y[mine]).tolist() == _labels(rows, turned)[mine].tolist()
    before, after = (cross_fitted(each, rows, judge, 1, _silent) for each in (shop, turned))
    assert before.iloc[mine].to_numpy().tobytes() == after.iloc[mine].to_numpy().tobytes()
    assert before.iloc[judge].to_numpy().tobytes() != after.iloc[judge].to_numpy().tobytes()


@pytest.mark.parametrize("kind", ["return", "fit"])
def test_labels_that_are_known_after_the_cut_change_no_training_row_of_a_split_by_time(
    kind: str, shop: Shop, quick_settings: Settings
) -> None:
    rows = labelled(kind, shop)
    split = newest_judge(rows, quick_settings.blocks)
    learned = np.concatenate([split.train, split.calibrate])
    outcomes = shop.outcomes.set_index("line_id")
    ends, matured = (outcomes.loc[rows.line_id, name].reset_index(drop=True) for name in ("window_ends", "matured_at"))
    later = rows.known_at.ge(split.cut) & ends.gt(split.cut) & ~matured.lt(split.cut)
    turned = _turned(shop, rows.line_id[later])
    assert len(rows) // 10 < int(later.sum())
    assert (_labels(rows, turned) != rows.y).tolist() == later.tolist()
    before, after = (build(each, rows.asked.iloc[learned]) for each in (shop, turned))
    assert before.to_numpy().tobytes() == after.to_numpy().tobytes()


# Baselines on literal rows.


def _literal(kind: str, y: list[int]) -> Rows:
    at = pd.Series([moment("2024-01-01")] * len(y))
    category = pd.Series(["dress", "dress", "hat", "hat", "dress", "bag"])
    return Rows(kind, category, pd.DataFrame({"at": at}), np.array(y, dtype="int64"), at, category)


LEARN, JUDGE = np.array([0, 1, 2, 3]), np.array([4, 5])


def test_the_rates_are_those_of_the_rows_learned_from() -> None:
    inputs = pd.DataFrame({"customer_return_rate": [0.0, 0.0, 0.0, 0.0, 0.9, np.nan], "price": [1.0, 2, 3, 4, 5, 6]})
    found = baselines(_literal("return", [1, 0, 0, 0, 1, 1]), inputs, LEARN, JUDGE)
    assert BASELINES == list(found)
    assert [[0.75, 0.25], [0.75, 0.25]] == found["global_rate"].tolist()
    assert [[0.5, 0.5], [0.75, 0.25]] == found["category_rate"].tolist()
    np.testing.assert_allclose([[0.1, 0.9], [0.75, 0.25]], found["customer_rate"])


def test_the_rates_of_verdicts_are_those_of_three_classes() -> None:
    rates = {"customer_small_rate": [0.0] * 4 + [0.2, np.nan], "customer_large_rate": [0.0] * 4 + [0.3, np.nan]}
    found = baselines(_literal("fit", [0, 1, 1, 2, 1, 1]), pd.DataFrame({**rates, "price": [1.0, 2, 3, 4, 5, 6]}), LEARN, JUDGE)
    assert [[0.25, 0.5, 0.25]] * 2 == found["global_rate"].tolist()
    assert [[0.5, 0.5, 0.0], [0.25, 0.5, 0.25]] == found["category_rate"].tolist()
    np.testing.assert_allclose([[0.2, 0.5, 0.3], [0.25, 0.5, 0.25]], found["customer_rate"])


def test_the_logistic_regression_learns_what_is_plain_and_bears_missing_values() -> None:
    y = [0, 0, 1, 1, 0, 1]
    inputs = pd.DataFrame(
        {"customer_return_rate": [np.nan] * 6, "price": [-2.0, -1, 1, np.nan, -3, 3], "never_told": [np.nan] * 4 + [1, 2]}
    )
    found = baselines(_literal("return", y), inputs, LEARN, JUDGE)["logistic_regression"]
    assert found[0, 1] < 0.5 < found[1, 1]
    np.testing.assert_allclose([1.0, 1.0], found.sum(axis=1))
