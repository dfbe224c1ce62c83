"""A list whose attention falls towards its end: the order model learns that, and does not blame the offers for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.support.moments import moment
from training.blocks import newest_judge
from training.metrics import Scored, ece
from training.model import FIXED, SHOWN_POSITION, Model, fit
from training.pipeline import train_one
from training.rows import Rows
from training.settings import Forest, Settings

FOREST = Forest(trees=80, learning_rate=0.1, leaves=15, fewest_rows_per_leaf=50, share_of_features=1.0, share_of_rows=0.8, l2=1.0)
LISTS, LENGTH = 3_000, 10


@dataclass(frozen=True)
class World:
    """Offers in lists of ten, ranked by fashion more than by quality; only quality sells, and half as well with every third place."""

    inputs: pd.DataFrame
    position: npt.NDArray[np.int64]
    p_at_top: npt.NDArray[np.float64]
    y: npt.NDArray[np.int64]

    @property
    def seen(self) -> pd.DataFrame:
        """The inputs, and where each offer was shown."""
        return self.inputs.assign(**{SHOWN_POSITION: self.position.astype("float64")})


def world(seed: int) -> World:
    rng = np.random.default_rng(seed)
    quality, fashion, chance = rng.normal(size=(3, LISTS, LENGTH))
    position = (-(quality / 2 + fashion + chance / 2)).argsort(axis=1).argsort(axis=1) + 1
    p_at_top = 1 / (1 + np.exp(1 - quality))
    y = rng.random((LISTS, LENGTH)) < p_at_top * 0.5 ** ((position - 1) / 3)
    columns = {name: each.ravel() for name, each in (("quality", quality), ("fashion", fashion))}
    return World(pd.DataFrame(columns), position.ravel(), p_at_top.ravel(), y.ravel().astype("int64"))


LEARN, CALIBRATE, JUDGE = world(1), world(2), world(3)


@pytest.fixture(scope="module")
def order() -> Model:
    return fit("order", (LEARN.seen, LEARN.y), (CALIBRATE.seen, CALIBRATE.y), FOREST, seed=1, threads=2)


@pytest.fixture(scope="module")
def without_position() -> Model:
    """The same forest, which nobody told of positions."""
    return fit("return", (LEARN.inputs, LEARN.y), (CALIBRATE.inputs, CALIBRATE.y), FOREST, seed=1, threads=2)


def _agreement(p: npt.NDArray[np.float64]) -> float:
    """Rank correlation with the truth."""
    return float(np.corrcoef(pd.Series(p[:, 1]).rank(), pd.Series(JUDGE.p_at_top).rank())[0, 1])


def _of_fashion(model: Model) -> float:
    """What fashion alone does to the forecast, from the lowest tenth to the highest, at middling quality."""
    low, high = (pd.DataFrame({"quality": [0.0], "fashion": [value]}) for value in (-1.28, 1.28))
    return float(model.predict(high)[0, 1] - model.predict(low)[0, 1])


def test_a_model_that_knows_positions_ranks_by_quality_and_one_that_does_not_by_what_was_ranked_high(
    order: Model, without_position: Model
) -> None:
    assert _agreement(order.predict(JUDGE.inputs)) > 0.96
    assert _agreement(without_position.predict(JUDGE.inputs)) < 0.9
    assert abs(_of_fashion(order)) < 0.05 < 0.15 < _of_fashion(without_position)


def test_probabilities_are_those_at_the_top_of_the_list(order: Model) -> None:
    np.testing.assert_allclose(JUDGE.p_at_top.mean(), order.predict(JUDGE.inputs)[:, 1].mean(), rtol=0.05)


def test_it_is_calibrated_where_the_offers_were_shown(order: Model) -> None:
    p = order.predict(JUDGE.seen, as_seen=True)[:, 1]
    assert ece(Scored(JUDGE.y, p)) < 0.01 < 0.1 < ece(Scored(JUDGE.y, order.predict(JUDGE.inputs)[:, 1]))
    happened, forecast = (pd.Series(each).groupby(JUDGE.position).mean() for each in (JUDGE.y, p))
    np.testing.assert_allclose(happened, forecast, atol=0.02)


def test_a_position_that_a_caller_gives_is_not_read_when_predicting(order: Model) -> None:
    assert order.predict(JUDGE.inputs).tobytes() == order.predict(JUDGE.seen).tobytes()
    at_top = JUDGE.inputs.assign(**FIXED["order"])
    assert order.predict(JUDGE.inputs).tobytes() == order.predict(at_top, as_seen=True).tobytes()
    assert (("quality", "fashion"), (*order.features, SHOWN_POSITION)) == (order.features, order.columns)


def test_rows_that_do_not_say_where_they_were_shown_train_no_order_model() -> None:
    with pytest.raises(KeyError, match=SHOWN_POSITION):
        fit("order", (LEARN.inputs, LEARN.y), (CALIBRATE.inputs, CALIBRATE.y), FOREST, seed=1, threads=1)


def _served(one: World, days: int) -> Rows:
    """Its rows as a service logs them, a list an hour from a day on; nobody is logged in."""
    lists = pd.Series(np.repeat(np.arange(LISTS), LENGTH))
    at = moment("2024-01-01") + pd.to_timedelta(24 * days + lists, unit="h").astype("timedelta64[us]")
    nobody, sku = pd.Series([None] * len(lists), dtype="str"), pd.Series([f"s{number % LENGTH}" for number in range(len(lists))])
    line_id = pd.Series(["l" if ordered else None for ordered in one.y], dtype="str")
    shown = pd.DataFrame({"request_id": f"d{days}-" + lists.astype("str"), "position": one.position})
    asked = pd.DataFrame({"customer_id": nobody, "sku": sku, "at": at})
    return Rows("order", line_id, asked, one.y, at + pd.Timedelta(days=1), sku, shown)


def test_rows_and_features_that_were_logged_when_they_were_served_train_the_same_way(quick_settings: Settings) -> None:
    rows = _served(LEARN, 0)
    logged = LEARN.inputs.assign(customer_lines=0.0, style_lines=1.0)
    settings = replace(quick_settings, forests={"order": FOREST})
    one = train_one(rows, logged, newest_judge(rows, settings.blocks), settings)
    assert (*logged.columns,) == one.model.features
    np.testing.assert_array_equal(one.model.predict(one.inputs, as_seen=True), one.p)
    assert _agreement(one.model.predict(JUDGE.inputs.assign(customer_lines=0.0, style_lines=1.0))) > 0.95
    assert abs(one.evaluation.metrics["mean_ratio"].value - 1) < 0.1
