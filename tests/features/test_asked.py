from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.errors import FeaturesRefused
from domain.tables import UTC
from features.asked import ASKED, of_impressions, of_offers, of_order_lines, require_asked
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


def test_what_is_added_to_an_order_later_did_not_lie_in_the_basket() -> None:
    first, *rest = order(("s1-38", 2, 1000), ("s1-40", 1, 1500), ("s1-38", 1, 500))
    asked = of_order_lines(bought(first, *({**line, "ordered_at": "2024-01-01 00:10"} for line in rest)))
    assert [1, 2, 2] == asked["basket_lines"].tolist()
    assert [2, 2, 2] == asked["basket_units"].tolist()
    assert [2000, 2000, 2000] == asked["basket_value"].tolist()
    assert [1, 2, 2] == asked["basket_same_style"].tolist()
    assert [1, 1, 1] == asked["basket_same_sku"].tolist()


def test_a_line_is_asked_for_with_its_market_channel_payment_promise_and_discount() -> None:
    given = {"channel": "app", "payment_method": "card", "promised_at": "2024-01-04", "discount": 250}
    asked = of_order_lines(bought(line("a", "2024-01-01", **given), line("b", "2024-01-01")))
    assert ["DE", "app", "card", moment("2024-01-04"), 250.0] == asked[["country", *given]].iloc[0].tolist()
    assert asked.loc[1, list(given)].isna().all()


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
    given = {"channel": "app", "payment_method": "card", "promised_at": "2024-01-04"}
    tables = bought(*({**one, **given, "discount": 50 * number or None} for number, one in enumerate(order(*lines))))
    expected = of_order_lines(tables)
    things = tables["order_lines"][["sku", "quantity", "unit_price", "discount"]]
    about: dict[str, Any] = {"channel": "app", "payment_method": "card", "promised_at": moment("2024-01-04")}
    for number in range(len(things)):
        offer, basket = things.iloc[[number]], things.drop(index=number)
        found = of_offers(tables["products"], offer, basket, customer_id="c1", country="DE", at=moment("2024-01-01"), **about)
        pd.testing.assert_frame_equal(expected.iloc[[number]].reset_index(drop=True), found)


# Impressions.

PRICED = [product("s1-38", price=1000), product("s2-38", price=None)]


def shown(**columns: object) -> dict[str, object]:
    return {"request_id": "r", "at": "2024-01-01", "customer_id": "c1", "sku": "s1-38", "position": 1, "price": 800, **columns}


def of_shown(*impressions: dict[str, object], **tables: list[dict[str, object]]) -> pd.DataFrame:
    numbered = [{**one, "request_id": f"r{number}"} for number, one in enumerate(impressions)]
    return of_impressions(shop_tables(products=PRICED, impressions=numbered, **tables))


def test_an_impression_asks_what_the_same_offer_to_an_empty_basket_asks() -> None:
    found = of_shown(shown(), customers=[{"customer_id": "c1", "joined_at": "2023-01-01", "country": "DE"}])
    offer = pd.DataFrame({"sku": ["s1-38"], "quantity": [1.0], "unit_price": [800.0], "discount": [200.0]})
    products = shop_tables(products=PRICED)["products"]
    expected = of_offers(products, offer, offer.iloc[:0], customer_id="c1", country="DE", at=moment("2024-01-01"))
    pd.testing.assert_frame_equal(expected, found)
    require_asked(found)


@pytest.mark.parametrize(
    ("impression", "price", "discount"),
    [
        (shown(price=1000), 1000.0, 0.0),
        (shown(price=1200), 1200.0, np.nan),
        (shown(price=None), np.nan, np.nan),
        (shown(sku="s2-38"), 800.0, np.nan),
    ],
)
def test_the_price_is_what_was_shown_and_the_discount_what_the_list_price_lay_above_it(
    impression: dict[str, object], price: float, discount: float
) -> None:
    asked = of_shown(impression)
    np.testing.assert_array_equal([[price, discount, price]], asked[["unit_price", "discount", "basket_value"]])


def test_an_unknown_shopper_and_an_unknown_account_have_no_market() -> None:
    customers: list[dict[str, object]] = [
        {"customer_id": "c1", "joined_at": "2023-01-01", "country": "DE"},
        {"customer_id": "c3", "joined_at": "2023-01-01", "country": None},
    ]
    impressions = [shown(customer_id=who) for who in ("c1", None, "c2", "c3")]
    assert [False, True, True, True] == of_shown(*impressions, customers=customers)["country"].isna().tolist()
    without = of_shown(*impressions)
    assert without["country"].isna().all()
    assert [False, True, False, False] == without["customer_id"].isna().tolist()
    require_asked(without)


def test_no_impressions_ask_nothing() -> None:
    require_asked(of_shown())
    assert (0, len(ASKED)) == of_shown().shape


def test_offers_of_an_unknown_sku_to_an_unknown_shopper_are_asked_for() -> None:
    offers = pd.DataFrame({"sku": ["?", "s1-38"], "quantity": [1, 1], "unit_price": [np.nan, 1000.0], "discount": [np.nan, 0.0]})
    shop = shop_tables(products=PRODUCTS)
    asked = of_offers(shop["products"], offers, offers.iloc[:0], customer_id=None, country=None, at=moment("2024-01-01"))
    require_asked(asked)
    assert asked[["customer_id", "country", "channel", "payment_method", "promised_at"]].isna().all(axis=None)
    assert [1, 1] == asked["basket_same_style"].tolist()


def test_a_sku_that_nobody_sells_is_a_style_of_its_own() -> None:
    offers = pd.DataFrame({"sku": ["?"], "quantity": [1], "unit_price": [1000.0], "discount": [0.0]})
    asked = of_offers(shop_tables()["products"], offers, offers, customer_id=None, country=None, at=moment("2024-01-01"))
    assert [2.0, 2.0, 2.0, 2000.0] == asked[["basket_same_style", "basket_same_sku", "basket_lines", "basket_value"]].iloc[0].tolist()


def test_no_offers_ask_nothing() -> None:
    none = pd.DataFrame({"sku": [], "quantity": [], "unit_price": [], "discount": []})
    asked = of_offers(shop_tables()["products"], none, none, customer_id="c1", country=None, at=moment("2024-01-01"))
    assert (0, len(ASKED)) == asked.shape


def asked_row() -> pd.DataFrame:
    return asked_of([{"customer_id": "c1", "sku": "s1-38", "at": moment("2024-01-01")}])


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (lambda asked: asked.drop(columns=["quantity", "sku"]), "lack sku, quantity"),
        (lambda asked: asked.assign(at=asked["at"].dt.tz_localize(None)), "have at as datetime64"),
        (lambda asked: asked.assign(promised_at=None), "have promised_at as object"),
        (lambda asked: asked.assign(quantity=1), "have quantity as int64"),
        (lambda asked: asked.assign(discount="0"), "have discount as str"),
        (lambda asked: asked.assign(sku=pd.Series([None], dtype="str")), "empty sku or at"),
        (lambda asked: asked.assign(at=pd.Series([pd.NaT], dtype=UTC)), "empty sku or at"),
    ],
)
def test_what_is_no_asked_for_row_is_refused(broken: Callable[[pd.DataFrame], pd.DataFrame], named: str) -> None:
    with pytest.raises(FeaturesRefused, match=named):
        require_asked(broken(asked_row()))
