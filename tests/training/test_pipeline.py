from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from features.asked import of_order_lines
from features.build import build
from features.shop import Shop
from training.blocks import newest_judge
from training.evaluate import score
from training.identity import BODY
from training.model import CLASSES
from training.pipeline import Training, learnable, train, train_one
from training.rows import labelled
from training.settings import Settings


@pytest.fixture(scope="module")
def inputs(shop: Shop) -> pd.DataFrame:
    """The features of every order line, by its id."""
    return build(shop, of_order_lines(shop.tables)).set_index(shop.tables["order_lines"]["line_id"].to_numpy())


def _without(shop: Shop, *tables: str) -> Shop:
    return replace(shop, tables={name: frame for name, frame in shop.tables.items() if name not in tables})


def _needing(settings: Settings, fewest_rows: int) -> Settings:
    return replace(settings, blocks=replace(settings.blocks, fewest_rows=fewest_rows))


def test_every_model_is_trained_on_a_shop_with_returns_verdicts_and_impressions(training: Training) -> None:
    assert ["return", "reason", "fit", "order"] == list(training.trained)
    assert {} == training.skipped


@pytest.mark.parametrize("kind", CLASSES)
def test_a_model_is_judged_on_the_newest_rows_with_its_own_probabilities(kind: str, training: Training, quick_settings: Settings) -> None:
    one = training.trained[kind]
    assert len(one.split.judge) == len(one.rows) == len(one.p) == one.evaluation.rows
    assert (one.rows.asked["at"] >= one.split.cut).all()
    np.testing.assert_array_equal(one.model.predict(one.inputs, as_seen=True), one.p)
    assert score(one.rows, one.p, seed=quick_settings.seed) == one.evaluation.metrics


def test_the_judged_inputs_are_the_features_of_the_judged_lines(training: Training, inputs: pd.DataFrame) -> None:
    one = training.trained["return"]
    np.testing.assert_array_equal(inputs.loc[one.rows.line_id].to_numpy(), one.inputs.to_numpy())


def test_the_order_models_inputs_are_the_features_of_impressions_and_where_they_were_shown(training: Training, shop: Shop) -> None:
    one = training.trained["order"]
    assert one.rows.shown is not None
    expected = build(shop, one.rows.asked).assign(shown_position=one.rows.shown["position"].astype("float64"))
    pd.testing.assert_frame_equal(expected, one.inputs)
    assert tuple(name for name in expected.columns[:-1] if name not in BODY) == one.model.features
    assert set(map(float, range(1, 13))) == set(one.inputs["shown_position"])


def test_positions_tell_of_orders_and_are_left_out_of_what_is_predicted(training: Training) -> None:
    one = training.trained["order"]
    at_top = one.model.predict(one.inputs)[:, 1]
    assert one.p[:, 1].mean() < at_top.mean()
    assert pytest.approx(1, abs=3 / np.sqrt(one.rows.y.sum())) == one.evaluation.metrics["mean_ratio"].value
    np.testing.assert_array_equal(at_top, one.model.predict(one.inputs.drop(columns="shown_position"))[:, 1])


def test_only_the_newest_impressions_train_and_judge(shop: Shop, quick_settings: Settings) -> None:
    settings = replace(quick_settings, most_impressions=4_000)
    rows, every = (learnable("order", shop, each) for each in (settings, quick_settings))
    assert 4_000 == len(rows) < len(every) == quick_settings.most_impressions < len(labelled("order", shop))
    assert every.asked["at"].iloc[-4_000:].tolist() == rows.asked["at"].tolist()
    one = train(_without(shop, "fit_feedback"), settings).trained["order"]
    assert len(newest_judge(rows, settings.blocks).judge) == len(one.rows)
    assert 4_000 >= len(one.split.train) + len(one.split.calibrate) + len(one.split.judge)


def test_a_shop_without_impressions_learns_what_is_ordered_from_orders_and_serves_the_assumed_rate(
    shop: Shop, quick_settings: Settings
) -> None:
    one = train(_without(shop, "impressions"), quick_settings).trained["order"]
    assert "order lines beside skus that were drawn, at an assumed rate" == one.rows.learned_from
    assert one.evaluation.metrics["auc"].low > 0.55
    assert pytest.approx(1, abs=0.1) == one.evaluation.metrics["mean_ratio"].value
    as_often = np.where(one.rows.y == 1, 0.02 / one.rows.y.mean(), 0.98 / (1 - one.rows.y.mean()))
    assert 0.02 == pytest.approx(np.average(one.model.predict(one.inputs)[:, 1], weights=as_often), rel=0.1)


def test_the_same_shop_and_settings_train_the_same_models(training: Training, shop: Shop, quick_settings: Settings) -> None:
    one, again = training.trained["fit"], train(shop, quick_settings).trained["fit"]
    assert one.p.tobytes() == again.p.tobytes()
    assert one.model.booster.model_to_string() == again.model.booster.model_to_string()


def test_a_shop_without_verdicts_skips_the_fit_model_and_says_why(shop: Shop, quick_settings: Settings) -> None:
    found = train(_without(shop, "fit_feedback", "impressions"), quick_settings)
    assert ["return", "reason", "order"] == list(found.trained)
    assert "0 labelled fit rows; expected: at least 100" == found.skipped["fit"]


def test_a_model_with_too_few_rows_is_skipped_while_the_other_is_trained(training: Training, shop: Shop, quick_settings: Settings) -> None:
    learned = len(training.trained["fit"].split.train) + len(training.trained["fit"].split.calibrate)
    found = train(_without(shop, "impressions"), _needing(quick_settings, learned + 1))
    assert ["return", "order"] == list(found.trained)
    assert f"{learned} labelled fit rows before" in found.skipped["fit"]


def test_a_shop_with_too_few_rows_for_any_model_is_refused_with_every_reason(shop: Shop, quick_settings: Settings) -> None:
    with pytest.raises(NotEnoughData) as refusal:
        train(shop, _needing(quick_settings, 100_000))
    assert "no model can be trained: return: 1," in str(refusal.value)
    assert "labelled return rows; expected: at least 100,000; reason: " in str(refusal.value)
    assert "lower blocks.fewest_rows" in str(refusal.value)


def test_labels_of_the_judging_rows_do_not_change_the_model(shop: Shop, inputs: pd.DataFrame, quick_settings: Settings) -> None:
    rows = labelled("return", shop)
    split, y = newest_judge(rows, quick_settings.blocks), rows.y.copy()
    y[split.judge] = 1 - y[split.judge]
    mine = inputs.loc[rows.line_id]
    found, other = (train_one(each, mine, split, quick_settings) for each in (rows, replace(rows, y=y)))
    assert found.p.tobytes() == other.p.tobytes()
    assert found.evaluation.metrics["auc"] != other.evaluation.metrics["auc"]
