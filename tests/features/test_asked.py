from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from domain.errors import FeaturesRefused
from domain.tables import UTC
from features.asked import ASKED, of_offers, of_order_lines, require_asked
from tests.support.moments import line, moment, product, shop_tables
from tests.support.tiny_shops import asked_of

PRODUCTS = [product("s1-38"), product("s1-40"), product("s2-38")]


def bought(*lines: dict[str, object]) -> dict[str, pd.DataFrame]:
    return shop_tables(products=PRODUCTS, order_lines=[{**each, "country": "DE"} for each in lines])


def order(*skus_units_prices: tuple[str, int, int | None]) -> list[dict[str, object]]:
    return [
        line(f"l{number}", "2024-01-01", order_id="o", sku=sku, quantity=units, unit_price=price)
        for number, (sku, units, price) in enumerate(skus_units_prices)
    ]


def test_the_basket_counts_the_row_and_everything_ordered_with_it() -> None:
    lines = order(("s1-38", 2, 1000), ("s1-40", 1, 1500), ("s2-38", 1, 500), ("s1-38", 1, 1000))
    asked = of_order_lines(bought(*lines, line("x", "2024-01-01", sku="s1-38")))
    assert [4, 4, 4, 4, 1] == asked["basket_lines"].tolist()
    assert [5, 5, 5, 5, 1] == asked["basket_units"].tolist()
    assert [5000, 5000, 5000, 5000, 1000] == asked["basket_value"].tolist()
    assert [3, 3, 1, 3, 1] == asked["basket_same_style"].tolist()
    assert [2, 1, 1, 2, 1] == asked["basket_same_sku"].tolist()


def test_a_basket_with_an_unknown_price_has_no_value() -> None:
    asked = of_order_lines(bought(*order(("s1-38", 1, 1000), ("s1-40", 1, None)), line("x", "2024-01-01")))
    assert [True, True, False] == asked["basket_value"].isna().tolist()


def test_order_lines_are_asked_for_in_their_own_order() -> None:
    asked = of_order_lines(bought(line("b", "2024-01-02", sku="s2-38"), line("a", "2024-01-01")))
    assert ["s2-38", "s1-38"] == asked["sku"].tolist()
    assert [moment("2024-01-02"), moment("2024-01-01")] == asked["at"].tolist()
    require_asked(asked)


@pytest.mark.parametrize(
    "lines",
    [
        [("s1-38", 1, 1000)],
        [("s1-38", 2, 1000), ("s1-40", 1, 1500), ("s2-38", 3, 500), ("s1-38", 1, 900)],
        [("s1-38", 1, None), ("s2-38", 1, 500)],
    ],
)
def test_an_offer_beside_a_basket_asks_what_the_same_order_asks(lines: list[tuple[str, int, int | None]]) -> None:
    tables = bought(*order(*lines))
    expected = of_order_lines(tables)
    things = tables["order_lines"][["sku", "quantity", "unit_price"]]
    for number in range(len(things)):
        offer, basket = things.iloc[[number]], things.drop(index=number)
        found = of_offers(tables["products"], offer, basket, customer_id="c1", country="DE", at=moment("2024-01-01"))
        pd.testing.assert_frame_equal(expected.iloc[[number]].reset_index(drop=True), found)


def test_offers_of_an_unknown_sku_to_an_unknown_shopper_are_asked_for() -> None:
    offers = pd.DataFrame({"sku": ["?", "s1-38"], "quantity": [1, 1], "unit_price": [np.nan, 1000.0]})
    shop = shop_tables(products=PRODUCTS)
    asked = of_offers(shop["products"], offers, offers.iloc[:0], customer_id=None, country=None, at=moment("2024-01-01"))
    require_asked(asked)
    assert asked["customer_id"].isna().all()
    assert [1, 1] == asked["basket_same_style"].tolist()


def test_no_offers_ask_nothing() -> None:
    none = pd.DataFrame({"sku": [], "quantity": [], "unit_price": []})
    asked = of_offers(shop_tables()["products"], none, none, customer_id="c1", country=None, at=moment("2024-01-01"))
    assert (0, len(ASKED)) == asked.shape


def asked_row() -> pd.DataFrame:
    return asked_of([{"customer_id": "c1", "sku": "s1-38", "at": moment("2024-01-01")}])


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (lambda asked: asked.drop(columns=["quantity", "sku"]), "lack sku, quantity"),
        (lambda asked: asked.assign(at=asked["at"].dt.tz_localize(None)), "have at as datetime64"),
        (lambda asked: asked.assign(quantity=1), "have quantity as int64"),
        (lambda asked: asked.assign(sku=pd.Series([None], dtype="str")), "empty sku or at"),
        (lambda asked: asked.assign(at=pd.Series([pd.NaT], dtype=UTC)), "empty sku or at"),
    ],
)
def test_what_is_no_asked_for_row_is_refused(broken: Callable[[pd.DataFrame], pd.DataFrame], named: str) -> None:
    with pytest.raises(FeaturesRefused, match=named):
        require_asked(broken(asked_row()))
