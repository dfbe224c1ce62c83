from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from experiments.demo_shop import DemoShop, ShopSettings
from experiments.demo_shop.choosing import look, p_orders, p_take
from experiments.demo_shop.history import Shop
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import NOT_SHOWN, Shown
from experiments.demo_shop.showing import LOGGING, draw_shown, popularity_scores
from experiments.demo_shop.visits import Visits

Floats = npt.NDArray[np.float64]
MANY = 60_000
SCORES = np.array([0.0, 0.5, 1.0, -1.0, 3.0])
OFFERED = np.array([True, True, True, True, False])
LOGGED_AT, OTHERWISE_AT = 0.6, 0.9


def _visits(count: int) -> Visits:
    zero = np.zeros(count, dtype=np.int64)
    return Visits(np.arange(count), zero, zero, zero, zero, np.tile(np.arange(5), (count, 1)), zero, zero > 0, zero, zero)


def _propensities(scores: Floats, offered: npt.NDArray[np.bool_], slot: npt.NDArray[np.int64], temperature: float) -> Floats:
    """The formula, position by position: exp(score / T) over the sum of those that are left."""
    weight = np.where(offered, np.exp(scores / temperature), 0.0)
    rows, found = np.arange(len(slot)), np.ones(slot.shape)
    for position in range(slot.shape[1]):
        there = slot[:, position] != NOT_SHOWN
        taken = np.maximum(slot[:, position], 0)
        found[there, position] = (weight[rows, taken] / weight.sum(axis=1).clip(1e-300))[there]
        weight[rows[there], taken[there]] = 0.0
    return found


@pytest.fixture(scope="module")
def drawn() -> Shown:
    """Three positions drawn from four offers, for many visits."""
    return draw_shown(np.tile(SCORES, (MANY, 1)), np.tile(OFFERED, (MANY, 1)), 3, LOGGED_AT, _visits(MANY), Noise(1))


def test_what_cannot_be_shown_is_not(drawn: Shown) -> None:
    assert {0, 1, 2, 3} == set(drawn.slot.ravel())


def test_no_offer_is_shown_twice(drawn: Shown) -> None:
    assert all((drawn.slot[:, one] != drawn.slot[:, other]).all() for one, other in itertools.combinations(range(3), 2))


def test_propensities_are_those_of_the_formula(drawn: Shown) -> None:
    expected = _propensities(np.tile(SCORES, (MANY, 1)), np.tile(OFFERED, (MANY, 1)), drawn.slot, LOGGED_AT)

    np.testing.assert_allclose(drawn.propensity, expected)


def test_the_first_position_is_as_frequent_as_its_propensity(drawn: Shown) -> None:
    for slot in range(4):
        there = drawn.slot[:, 0] == slot
        assert drawn.propensity[there, 0].mean() == pytest.approx(there.mean(), abs=4 * np.sqrt(0.25 / MANY))


def test_the_product_along_a_list_is_the_probability_of_the_list(drawn: Shown) -> None:
    total = 0.0
    for order in itertools.permutations(range(4), 3):
        there = (drawn.slot == order).all(axis=1)
        p = float(np.prod(_propensities(SCORES[None, :], OFFERED[None, :], np.array([order]), LOGGED_AT)))
        total += p
        assert p == pytest.approx(there.mean(), abs=5 * np.sqrt(p * (1 - p) / MANY))
    assert total == pytest.approx(1)


def test_short_lists_are_filled_up_with_nothing() -> None:
    shown = draw_shown(
        np.tile(SCORES, (3, 1)), np.array([OFFERED, OFFERED & False, np.eye(5, dtype=bool)[2]]), 5, 1.0, _visits(3), Noise(1)
    )

    assert [4, 0, 1] == shown.offered.sum(axis=1).tolist()
    assert [NOT_SHOWN, 2] == shown.slot[[1, 2], [0, 0]].tolist()
    assert [0, 1] == shown.propensity[[1, 2], [0, 0]].tolist()
    assert (shown.propensity[~shown.offered] == 0).all()


def test_extreme_scores_still_have_propensities() -> None:
    scores = np.array([[900.0, 0.0, -900.0, 899.0, 0.0]])
    shown = draw_shown(scores, np.ones((1, 5), dtype=bool), 5, 1.0, _visits(1), Noise(1))

    assert np.isfinite(shown.propensity).all()
    assert 1 == shown.propensity[0, -1]


def test_the_impressions_table_holds_the_draw(shop: DemoShop) -> None:
    impressions = shop.tables["impressions"]
    lists = impressions.groupby("request_id", sort=False)

    assert {LOGGING} == set(impressions["policy"])
    assert impressions["propensity"].between(0, 1, inclusive="right").all()
    assert (impressions["position"] == lists.cumcount() + 1).all()
    assert not impressions.duplicated(["request_id", "sku"]).any()


def test_every_order_line_but_second_sizes_comes_from_an_impression(shop: DemoShop) -> None:
    lines = shop.tables["order_lines"]
    led_to = shop.tables["impressions"].dropna(subset="line_id")
    joined = lines.merge(led_to, on="line_id", suffixes=("", "_shown"))

    assert (joined[["sku", "customer_id", "unit_price"]].to_numpy() == joined[["sku_shown", "customer_id_shown", "price"]].to_numpy()).all()
    assert (joined["ordered_at"] > joined["at"]).all()
    others = lines[~lines["line_id"].isin(led_to["line_id"])]
    assert (others["line_id"].str[1:].astype(int) % 2 == 1).all()


@dataclass(frozen=True)
class Log:
    """Visits that were shown something at one temperature, with what they would be shown at another.

    Attributes:
        ordered: (visits, shown) whether it was ordered.
        weight: (visits, shown) new over old propensities, multiplied down to the position.
        value: true expected styles ordered per visit at the other temperature.
        orders: true P(any order).
    """

    ordered: npt.NDArray[np.bool_]
    weight: Floats
    value: float
    orders: float


@pytest.fixture(scope="module")
def log() -> Log:
    shop = Shop.of(ShopSettings(seed=7, customers=20_000, styles=80, days=60))
    ordered, weight, value, orders = [], [], [], []
    for day in range(20, 60, 2):
        visits, numbers = shop.visits(day, first=1_000_000 * day), shop.settings.world.visits
        scores, v = popularity_scores(shop.assortment, visits), shop.appeal(visits)
        old = draw_shown(scores, visits.found, numbers.shown, LOGGED_AT, visits, shop.noise)
        new = draw_shown(scores, visits.found, numbers.shown, OTHERWISE_AT, visits, Noise(77))
        ordered.append(look(numbers, visits, old.of(visits.styles), old.of(v), old.offered, shop.noise).ordered)
        would_be = _propensities(scores, visits.found, old.slot, OTHERWISE_AT)
        weight.append(np.cumprod(would_be / np.where(old.offered, old.propensity, 1.0), axis=1))
        p_each, p_any = p_orders(numbers, np.where(new.offered, p_take(numbers, new.of(v)), 0.0))
        value.append(p_each.sum(axis=1))
        orders.append(p_any)
    return Log(np.concatenate(ordered), np.concatenate(weight), np.concatenate(value).mean(), np.concatenate(orders).mean())


def test_weights_are_one_on_the_average(log: Log) -> None:
    assert len(log.weight) > 10_000
    for weight in log.weight.T:
        assert 1 == pytest.approx(weight.mean(), abs=3 * weight.std() / np.sqrt(len(weight)))


def _within(estimates: Floats, truth: float) -> bool:
    """Inside the 95 % interval; over 32 other seeds the errors were standard normal."""
    return bool(abs(estimates.mean() - truth) < 1.96 * estimates.std() / np.sqrt(len(estimates)))


def test_orders_under_another_temperature_are_estimated_from_the_log(log: Log) -> None:
    """The weight of the whole list, plain and self-normalised (by the delta method)."""
    any_order, weight = log.ordered.any(axis=1), log.weight[:, -1]
    estimate = (weight * any_order).sum() / weight.sum()

    assert _within(weight * any_order, log.orders)
    assert _within(estimate + weight * (any_order - estimate) / weight.mean(), log.orders)


def test_what_lies_below_does_not_matter_so_weights_down_to_the_position_do(log: Log) -> None:
    """Visitors look from the top, as in a cascade, so that each position needs the weights above it only; that is less noisy."""
    styles, whole = (log.weight * log.ordered).sum(axis=1), log.weight[:, -1] * log.ordered.sum(axis=1)
    by_position = (log.weight * log.ordered).sum(axis=0) / log.weight.sum(axis=0)
    residual = (log.weight * (log.ordered - by_position) / log.weight.mean(axis=0)).sum(axis=1)

    assert _within(styles, log.value)
    assert _within(whole, log.value)
    assert _within(by_position.sum() + residual, log.value)
    assert styles.std() < whole.std()


def test_the_log_alone_would_mislead(log: Log) -> None:
    assert not _within(log.ordered.sum(axis=1).astype(np.float64), log.value)
