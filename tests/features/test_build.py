from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import FeaturesRefused, NotEnoughData
from features.build import FEATURE_NAMES, FEATURES, build
from features.shop import Shop
from tests.support.moments import line, moment, product, sent_back, shop_tables
from tests.support.tiny_shops import NOW, QUICK, WINDOWS, Row, TinyShop, asked_of, tables_of, tiny_shops

NEEDED = ("products", "order_lines", "returns")


@given(tiny=tiny_shops(), seed=st.integers(0, 10**6))
@settings(QUICK, max_examples=3)
def test_the_order_of_rows_does_not_matter_and_one_by_one_gives_the_same(tiny: TinyShop, seed: int) -> None:
    asked = tiny.asked_rows()
    expected = build(tiny.shop(), asked)
    shuffled = {name: frame.sample(frac=1, random_state=seed).reset_index(drop=True) for name, frame in tables_of(tiny.rows).items()}
    other = Shop.of(shuffled, WINDOWS, now=NOW)
    order = np.random.default_rng(seed).permutation(len(asked))
    found = build(other, asked.iloc[order])
    pd.testing.assert_frame_equal(expected, found.set_axis(order).sort_index(), check_exact=True)
    last = len(asked) - 1
    alone = build(other, asked.iloc[[last]])
    pd.testing.assert_frame_equal(expected.iloc[[last]].reset_index(drop=True), alone, check_exact=True)


@given(tiny=tiny_shops(further=False))
@QUICK
def test_a_shop_with_the_three_needed_tables_gets_every_other_feature_as_missing(tiny: TinyShop) -> None:
    built = build(tiny.shop(), tiny.asked_rows())
    lacking = [feature.name for feature in FEATURES if not set(NEEDED).issuperset(feature.tables)]
    assert len(lacking) > 10
    assert built[lacking].isna().all(axis=None)
    assert built["style_return_rate"].notna().any() or not any(row["sku"] != "unheard-of" for row in tiny.asked)


@given(tiny=tiny_shops())
@settings(QUICK, max_examples=3)
def test_without_consent_every_feature_of_the_purpose_is_missing(tiny: TinyShop) -> None:
    nobody_agreed = TinyShop({**tiny.rows, "consents": []}, tiny.asked)
    built = build(nobody_agreed.shop(), nobody_agreed.asked_rows())
    personal = [feature.name for feature in FEATURES if feature.purpose != "service"]
    assert built[personal].isna().all(axis=None)
    public = [feature.name for feature in FEATURES if feature.purpose == "service"]
    pd.testing.assert_frame_equal(built[public], build(tiny.shop(), tiny.asked_rows())[public], check_exact=True)


def small_shop(**further: list[dict[str, object]]) -> Shop:
    tables = shop_tables(
        products=[product("s1-38"), product("s1-40")],
        order_lines=[line("a", "2024-01-01", unit_price=1000), line("b", "2024-01-02", sku="s1-40", unit_price=3000)],
        returns=[sent_back("a", "2024-01-03", "2024-01-04")],
        **further,
    )
    return Shop.of(tables, WINDOWS, now=NOW)


def test_a_shop_that_records_no_return_knows_no_return_rate() -> None:
    tables = shop_tables(products=[product("s1-38")], order_lines=[line("a", "2024-01-01")])
    built = build(Shop.of(tables, WINDOWS, now=NOW), asked_of([{"customer_id": "c1", "sku": "s1-38", "at": moment("2024-03-01")}]))
    assert built[[feature.name for feature in FEATURES if "returns" in feature.tables]].isna().all(axis=None)
    assert 1.0 == built["style_lines"][0]


def test_the_formulas_say_what_they_mean() -> None:
    row = {"customer_id": "c1", "sku": "s1-38", "at": moment("2024-03-01"), "quantity": 2.0, "unit_price": 4000.0, "basket_value": 16000.0}
    values = build(small_shop(), asked_of([row])).iloc[0]
    assert 0.5 == values["share_of_basket"]
    assert 8000.0 == values["line_value"]
    assert np.log(2.0) == pytest.approx(values["price_vs_style"])
    assert 2000.0 == values["customer_mean_price"]
    assert 60.0 == values["customer_tenure_days"]
    assert 59.0 == values["customer_days_since_order"]
    assert 0.0 == values["customer_pending_lines"]
    assert -2.0 == values["size_vs_customer"]
    assert (1 + 100 * 0.05) / (2 + 100) < values["style_return_rate"] < 1 / 2


def test_an_unknown_shopper_has_no_personal_feature_and_an_unknown_sku_no_history() -> None:
    rows: list[Row] = [
        {"customer_id": None, "sku": "s1-38", "at": moment("2024-03-01")},
        {"customer_id": "c1", "sku": "?", "at": moment("2024-03-01")},
    ]
    built = build(small_shop(), asked_of(rows))
    assert built.loc[0, [feature.name for feature in FEATURES if feature.kind == "customer"]].isna().all()
    assert 2.0 == built.loc[0, "style_lines"]
    assert built.loc[1, ["style_lines", "size_position", "category_return_rate"]].isna().all()
    assert 2.0 == built.loc[1, "customer_lines"]


def test_a_known_offer_without_facts_counts_zero() -> None:
    built = build(small_shop(), asked_of([{"customer_id": "nobody", "sku": "s1-40", "at": moment("2024-01-01 15:00")}]))
    assert 0.0 == built["style_lines"][0]
    assert 0.0 == built["customer_lines"][0]


def test_every_feature_is_a_float_column_in_the_declared_order() -> None:
    built = build(small_shop(), asked_of([{"customer_id": "c1", "sku": "s1-38", "at": moment("2024-03-01")}]))
    assert list(FEATURE_NAMES) == built.columns.tolist()
    assert {"float64"} == {str(dtype) for dtype in built.dtypes}


def test_no_rows_give_no_features() -> None:
    assert (0, len(FEATURES)) == build(small_shop(), asked_of([])).shape


def test_an_unreadable_measurement_is_missing() -> None:
    stated = {"customer_id": "c1", "stated_at": "2023-12-01", "attribute": "height_cm"}
    shop = small_shop(preferences=[{**stated, "value": "inf"}])
    built = build(shop, asked_of([{"customer_id": "c1", "sku": "s1-38", "at": moment("2024-03-01")}]))
    assert np.isnan(built["customer_height_cm"][0])


def test_a_shop_without_a_single_fact_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="no fact"):
        Shop.of(shop_tables(), WINDOWS)


def test_a_shops_now_is_the_end_of_the_day_of_its_latest_fact() -> None:
    tables = small_shop().tables
    assert moment("2024-01-05") == Shop.of(tables, WINDOWS).now


def test_without_a_line_its_return_and_outcome_are_gone_too() -> None:
    shop = small_shop().without_lines(pd.Series(["a"]))
    assert ["b"] == shop.outcomes["line_id"].tolist() == shop.tables["order_lines"]["line_id"].tolist()
    assert 0 == len(shop.tables["returns"])


def test_rows_that_lack_a_column_are_refused() -> None:
    asked = asked_of([{"customer_id": "c1", "sku": "s1-38", "at": moment("2024-03-01")}])
    with pytest.raises(FeaturesRefused, match="lack basket_units"):
        build(small_shop(), asked.drop(columns="basket_units"))


def test_a_time_after_the_shops_now_is_refused() -> None:
    shop = small_shop()
    with pytest.raises(FeaturesRefused, match="up to the shop's now"):
        build(shop, asked_of([{"customer_id": "c1", "sku": "s1-38", "at": shop.now + dt.timedelta(seconds=1)}]))


def test_positions_of_two_size_systems_are_never_compared() -> None:
    products = [product("s1-S", size_system="letters"), product("s2-38", size_system="EU"), product("s3-39", size_system="EU")]
    lines = [line("a", "2024-01-01", sku="s1-S"), line("b", "2024-01-01", sku="s2-38"), line("c", "2024-01-01", customer_id="c2")]
    tables = shop_tables(products=[*products, product("s1-38")], order_lines=lines, returns=[sent_back("c", "2024-01-02", "2024-01-03")])
    shop = Shop.of(tables, WINDOWS, now=moment("2024-04-01").to_pydatetime())
    built = build(shop, asked_of([{"customer_id": "c1", "sku": "s3-39", "at": moment("2024-03-01")}]))
    assert [1.0] == built["size_vs_customer"].tolist()
