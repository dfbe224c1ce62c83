from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from features.shop import Shop
from tests.conftest import POLICY
from tests.support import quiet
from tests.support.challengers import (
    FOREST,
    NOW,
    RULES,
    challenge,
    crowned,
    is_refused,
    judge,
    judged_rows,
    overall,
    promote,
    rows_of,
    skewed_model,
    small_model,
)
from tests.support.planted import with_told_discounts
from training.bootstrap import Interval
from training.calibration import Calibration
from training.comparing import Comparison, compare
from training.gate import _objection
from training.model import fit
from training.pipeline import train
from training.registry import Registry
from training.settings import Settings
from training.tracking import log_training

pytestmark = quiet.MLFLOW


def test_a_challenger_of_shuffled_labels_is_refused(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": small_model("return")}, tmp_path)
    inputs, y = rows_of("return", 1)
    rng = np.random.default_rng(4)
    for _ in range(20):
        try:
            shuffled = fit("return", (inputs, rng.permutation(y)), (inputs, rng.permutation(y)), FOREST, seed=1, threads=1)
            break
        except NotEnoughData:  # what it learned happens to say the opposite of the calibration block: shuffle again
            continue
    challenge(registry, {"return": shuffled}, tmp_path)
    is_refused(registry, judge(registry), "return: log_loss")


def test_a_challenger_that_is_better_on_the_whole_but_worse_in_one_part_is_refused(registry: Registry, tmp_path: Path) -> None:
    """The champion says little to everybody; the challenger says much, and the opposite of what new customers, every 20th row, do."""
    judged, rules = judged_rows("return"), dataclasses.replace(RULES, fewest_rows_per_part=50)
    new = np.arange(len(judged.y)) % 20 == 0
    opposed = dataclasses.replace(judged, y=np.where(new, 1 - judged.y, judged.y), parts={"customer:new": new, "customer:known": ~new})
    challenge(registry, {"return": skewed_model("return", 0.3)}, tmp_path, judged=(opposed,))
    promote(registry, judge(registry, rules), force="the first")
    challenge(registry, {"return": small_model("return")}, tmp_path, judged=(opposed,))
    verdict = judge(registry, rules)
    assert overall(verdict)[0].better
    is_refused(registry, verdict, "return: log_loss of customer:new (50 rows)")
    assert not any("customer:known" in objection for objection in verdict.objections)


def test_parts_with_too_few_rows_are_not_compared_on_their_own(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": skewed_model("return")}, tmp_path)
    challenge(registry, {"return": small_model("return")}, tmp_path)
    parts = {one.part for one in judge(registry, dataclasses.replace(RULES, fewest_rows_per_part=251)).comparisons}
    assert {"all", "customer:known"} == parts


def test_what_a_part_differs_by_is_asked_more_strictly_the_more_parts_there_are(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": skewed_model("return")}, tmp_path)
    judged, number = judged_rows("return"), np.arange(1_000)
    many = dataclasses.replace(judged, parts={f"category:{part}": number % 4 == 0 for part in range(10)})
    widths = []
    for rows in (judged, many):
        challenge(registry, {"return": small_model("return")}, tmp_path, judged=(rows,))
        found = next(one for one in judge(registry).comparisons if one.part in ("customer:new", "category:0"))
        widths.append(found.difference.high - found.difference.low)
    assert widths[0] < widths[1]


def test_kept_margin_is_what_the_half_of_lines_left_that_a_model_would_show_on() -> None:
    """By hand: six lines of two customers; the model of x keeps the lines with a small x."""
    model, inputs = small_model("return"), pd.DataFrame({"x": [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]})
    y = np.array([0, 0, 1, 0, 1, 1])
    judged = judged_rows(
        "return", inputs=inputs, y=y, customer=np.array([1, 1, 1, 2, 2, 2]), kept=np.full(6, 10.0), lost=np.full(6, 4.0), parts={}
    )
    upside_down = dataclasses.replace(model, calibration=Calibration(-model.calibration.slopes, -model.calibration.intercepts))
    found = next(one for one in compare(upside_down, model, judged, RULES, seed=1) if one.metric == "kept_margin")
    assert (10 + 10 - 4) / 6 == found.challenger
    assert (10 - 4 - 4) / 6 == pytest.approx(found.champion)
    assert found.better


def test_of_impressions_the_top_places_of_each_list_count_and_what_has_no_price_counts_nowhere() -> None:
    model = small_model("order")
    inputs = pd.DataFrame({"x": [3.0, 2.0, -3.0, 3.0, -2.0, -3.0], "shown_position": 1.0})
    y, kept = np.array([1, 0, 1, 1, 1, 0]), np.array([7.0, 7.0, 7.0, np.nan, 7.0, 7.0])
    judged = judged_rows(
        "order", inputs=inputs, y=y, customer=np.arange(6), listed=np.array([1, 1, 1, 2, 2, 2]), kept=kept, lost=kept, parts={}
    )
    found = next(one for one in compare(model, model, judged, RULES, seed=1) if one.metric == "kept_margin")
    assert 5 == found.rows
    assert (7 + 0 + 7 + 0) / 5 == found.challenger


def test_a_challenger_that_takes_too_long_is_refused(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": skewed_model("return")}, tmp_path)
    challenge(registry, {"return": small_model("return")}, tmp_path)
    strict = judge(registry, dataclasses.replace(RULES, slowest_us_per_row=1e-3))
    is_refused(registry, strict, "return: us_per_row")
    assert "is above the budget of 0.0" in strict.objections[0]
    assert () == judge(registry).objections


def test_one_that_takes_many_times_as_long_as_the_champion_is_refused_within_the_budget() -> None:
    rules = dataclasses.replace(RULES, slowest_us_per_row=100.0, slower_times=2.0)
    told = [_objection(_slow(champion, challenger), rules) for champion, challenger in ((20, 39), (20, 41), (3, 9), (90, 101))]
    assert told[0] is told[2] is None
    assert "us_per_row 41.0 is more than 2 times the champion's 20.0" in str(told[1])
    assert "us_per_row 101.0 is above the budget of 100.0" in str(told[3])


def _slow(champion: float, challenger: float) -> Comparison:
    gap = challenger - champion
    return Comparison("return", "all", 200, "us_per_row", champion, challenger, Interval(gap, gap, gap))


def test_a_feature_that_tells_the_outcome_too_well_is_refused_as_a_leak(registry: Registry, tmp_path: Path) -> None:
    judged = judged_rows("return")
    leaking = dataclasses.replace(judged, inputs=judged.inputs.assign(refund=np.where(judged.y == 1, 9.0, np.nan)))
    challenge(registry, {"return": small_model("return")}, tmp_path, judged=(leaking,))
    is_refused(registry, judge(registry), "return: refund alone tells 'returned' with an AUC of 1.000: too good to be true")


def test_a_challenger_of_a_shop_whose_column_was_filled_in_after_the_fact_is_refused(
    shop: Shop, registry: Registry, quick_settings: Settings
) -> None:
    """From the tables on: only what was asked back has a discount."""
    leaking = with_told_discounts(shop)
    training = train(
        dataclasses.replace(leaking, tables={name: leaking.tables[name] for name in ("products", "order_lines", "returns")}), quick_settings
    )
    version = log_training(registry, training, leaking, quick_settings, POLICY, now=NOW, by="ann@shop")
    verdict = judge(registry, quick_settings.gate)
    assert version == verdict.challenger
    is_refused(registry, verdict, "return: discount_share alone tells 'returned' with an AUC of 1.000: too good to be true")


def test_a_champion_that_learned_from_the_rows_that_judge_is_named(registry: Registry, tmp_path: Path) -> None:
    challenge(registry, {"return": skewed_model("return")}, tmp_path, cuts={"return": "2026-09-02T00:00:00+00:00"})
    promote(registry, judge(registry))
    challenge(registry, {"return": small_model("return")}, tmp_path)
    is_refused(registry, judge(registry), "return: the champion learned from rows until 2026-09-02")


def test_a_model_that_moves_no_offer_need_not_be_better_only_not_worse_for_sure() -> None:
    told = [Comparison("reason", "all", 900, "log_loss", 1.14, 1.16, Interval(0.02, low, 0.05)) for low in (-0.01, 0.01)]
    assert [None, "reason: log_loss 1.16000 lies above 1.14000 by more than chance"] == [_objection(one, RULES) for one in told]
