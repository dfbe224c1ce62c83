from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from domain.known import first_told
from domain.sizes import SIZE_REASONS
from experiments.demo_shop import DemoShop
from experiments.demo_shop.delivery import DAYS_LATE, lateness_shares
from experiments.demo_shop.fit import fit_of
from experiments.demo_shop.outcomes import hazards_of, p_alone, p_by_cause, under_way
from experiments.demo_shop.people import PAYMENTS

LONG_AGO = pd.Timestamp("2026-08-15", tz="UTC")
"""What was delivered before has come back by the end, if ever."""


@pytest.fixture(scope="module")
def settled(shop: DemoShop, lines: pd.DataFrame) -> pd.DataFrame:
    """Lines whose fate is known, with what the tables say of it."""
    came_back = lines["line_id"].isin(shop.tables["returns"]["line_id"])
    return lines.assign(came_back=came_back)[lines["delivered_at"] < LONG_AGO]


def test_the_return_rate_is_that_of_european_fashion(settled: pd.DataFrame) -> None:
    assert 0.30 <= settled["came_back"].mean() <= 0.46


def test_nearly_half_of_the_returns_are_for_size(shop: DemoShop) -> None:
    assert 0.35 <= first_told(shop.tables["returns"])["reason"].isin(SIZE_REASONS).mean() <= 0.55


def test_the_tables_tell_what_the_truth_knows(settled: pd.DataFrame) -> None:
    assert (settled["came_back"] == settled["returned"]).all()


@pytest.mark.parametrize("known", ["p_return", "p_at_order"])
def test_the_truth_is_calibrated(settled: pd.DataFrame, known: str) -> None:
    assert settled[known].mean() == pytest.approx(settled["came_back"].mean(), abs=0.015)


@pytest.mark.parametrize("known", ["p_return", "p_at_order"])
def test_the_truth_is_calibrated_in_every_decile(settled: pd.DataFrame, known: str) -> None:
    deciles = settled.groupby(pd.qcut(settled[known], 10))[[known, "came_back"]].agg(["mean", "size"])
    p = deciles[known, "mean"]
    errors: pd.Series = (deciles["came_back", "mean"] - p) / np.sqrt(p * (1 - p) / deciles[known, "size"])

    assert errors.abs().max() < 3.5  # standard errors; ten deciles exceed them by chance once in 200 times


def test_size_returns_are_calibrated_too(shop: DemoShop, settled: pd.DataFrame) -> None:
    reason = settled["line_id"].map(first_told(shop.tables["returns"]).set_index("line_id")["reason"])
    stated_share = 0.87  # 8 % say only "size", 5 % "other" or nothing

    assert (reason == "too_small").mean() == pytest.approx(settled["p_small"].mean() * stated_share, abs=0.02)
    assert (reason == "too_large").mean() == pytest.approx(settled["p_large"].mean() * stated_share, abs=0.02)


def test_at_most_one_of_two_sizes_is_kept(lines: pd.DataFrame) -> None:
    pairs = lines[lines["bracketed"]].assign(kept=lambda pair: ~pair["returned"]).groupby(["order_id", "style_id"])["kept"]

    assert {2} == set(pairs.size())
    assert {0, 1} == set(pairs.sum())


def test_two_sizes_of_a_style_are_always_a_bracket(lines: pd.DataFrame) -> None:
    sizes = lines.groupby(["order_id", "style_id"])["sku"].transform("size")

    assert (lines["bracketed"] == (sizes == 2)).all()


def test_the_brand_that_runs_smallest_is_too_small_more_often(shop: DemoShop, lines: pd.DataFrame) -> None:
    bias = shop.truth.brand_bias_cm
    too_small = (lines["verdict"] == 0).groupby(lines["brand"]).mean()

    assert too_small[min(bias, key=bias.__getitem__)] > 1.3 * too_small.mean()
    assert too_small[max(bias, key=bias.__getitem__)] < too_small.mean()


def test_a_larger_size_never_feels_smaller(shop: DemoShop) -> None:
    people, assortment = shop.truth.shop.people, shop.truth.shop.assortment
    skus = np.flatnonzero(assortment.sku_style == assortment.sku_style[assortment.sku_number > 0][0])
    feels = fit_of(people, assortment, np.zeros(len(skus), dtype=np.int64), skus, assortment.launched[assortment.sku_style[skus]]).feels

    assert (np.diff(feels[:, 0]) <= 0).all()
    assert (np.diff(feels[:, 2]) >= 0).all()
    np.testing.assert_allclose(feels.sum(axis=1), 1)


def test_things_without_a_size_are_never_too_small(lines: pd.DataFrame) -> None:
    one_size = lines[lines["size"].isna()]

    assert len(one_size) > 0
    assert (one_size[["p_small", "p_large"]] == 0).all(axis=None)


def test_ordered_alone_is_the_mean_over_payments_and_delays(shop: DemoShop) -> None:
    people, assortment, reasons = shop.truth.shop.people, shop.truth.shop.assortment, shop.truth.shop.settings.world.reasons
    customer, sku = np.arange(50), np.arange(50) * 7
    style = assortment.sku_style[sku]
    hazards = hazards_of(reasons, people, assortment, customer, sku, assortment.price[style], assortment.launched[style])
    late = lateness_shares(people.country[customer])
    expected = sum(
        people.payment[customer, payment] * late[:, days] * p_by_cause(under_way(reasons, hazards, people, one, one * 0 + days)).sum(axis=1)
        for payment in range(len(PAYMENTS))
        for days in DAYS_LATE
        for one in [np.full(50, payment)]
    )

    np.testing.assert_allclose(p_alone(reasons, hazards, people), expected)


def test_the_truth_answers_for_any_customer_and_sku_on_the_last_day(shop: DemoShop) -> None:
    truth = shop.truth.shop
    assortment, world, one = truth.assortment, truth.settings.world, np.array([0])
    at, price = np.array([truth.settings.end]), assortment.price[assortment.sku_style[one]]
    hazards = hazards_of(world.reasons, truth.people, assortment, one, one, price, at, growth=world.drift.fussiness_per_year)

    expected = p_alone(world.reasons, hazards, truth.people)
    np.testing.assert_array_equal(expected, shop.truth.p_return([truth.people.ids[0]], [assortment.skus[0]]))


def test_the_truth_of_a_line_is_that_of_its_pair_if_neither_brand_nor_supplier_changed(shop: DemoShop, lines: pd.DataFrame) -> None:
    alone = shop.truth.p_return(lines["customer_id"], lines["sku"])

    assert np.corrcoef(alone, lines["p_alone"])[0, 1] > 0.8  # second persons, brands that changed their cut, bad batches


def test_the_truth_refuses_strangers(shop: DemoShop) -> None:
    with pytest.raises(LookupError, match="c999999"):
        shop.truth.p_return(["c999999"], [str(shop.truth.shop.assortment.skus[0])])
