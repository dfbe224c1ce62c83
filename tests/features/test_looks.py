"""Features of looks on shops of a few rows whose values can be told by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import today as of_a_day
from features.build import build
from features.explain import asked_offer, explain, feature_of
from features.moves import moves
from features.shop import Shop
from tests.support.moments import line, moment, product
from tests.support.told_facts import shop_of

GOODS = [product("a", looks="1 0"), product("b", looks="-1 0"), product("c", looks="1 4"), product("d")]


def viewed(*skus: str, day: int = 10, customer: str = "c1") -> list[dict[str, object]]:
    """Views a minute apart."""
    ids = range(len(skus))
    return [
        {
            "event_id": f"{customer}-{day}-{number}",
            "customer_id": customer,
            "sku": sku,
            "kind": "view",
            "at": f"2024-01-{day} 09:{number:02}",
        }
        for number, sku in zip(ids, skus, strict=True)
    ]


def shop_with(events: list[dict[str, object]], **tables: list[dict[str, object]]) -> Shop:
    usual = {"products": GOODS, "order_lines": [line("l", "2024-01-01", sku="b")], "events": events}
    return shop_of("UTC", **{**usual, **tables})


def value(shop: Shop, name: str, sku: str, at: str = "2024-01-20 12:00", customer: str = "c1") -> float:
    return float(build(shop, asked_offer(shop, customer, sku, at=moment(at)))[name].iloc[0])


ALL_VIEWS = [*viewed("a", "c"), *viewed("b", "b", customer="c2")]
"""Everybody's mean is 0 1; ten views at it and then those of c1, 1 0 and 1 4, have the mean 2/12 14/12."""


def test_an_offer_matches_where_it_leans_the_same_way_as_the_views_of_the_customer() -> None:
    shop = shop_with(ALL_VIEWS)
    found = {sku: value(shop, "customer_looks_match", sku) for sku in ("a", "b", "c")}
    assert found == pytest.approx({"a": 1 / 6 - 1 / 6, "b": -1 / 6 - 1 / 6, "c": 1 / 6 + 3 / 6})


def test_the_distance_is_from_what_the_customer_views() -> None:
    shop = shop_with(ALL_VIEWS)
    assert np.hypot(5 / 6, 7 / 6) == pytest.approx(value(shop, "customer_looks_distance", "a"))


def test_of_a_customer_who_has_viewed_nothing_nothing_is_matched() -> None:
    shop = shop_with(ALL_VIEWS)
    assert (0.0, np.sqrt(2)) == pytest.approx([value(shop, f"customer_looks_{name}", "a", customer="c3") for name in ("match", "distance")])


def test_orders_have_a_mean_of_their_own() -> None:
    ordered = [line("l1", "2024-01-01", sku="a"), line("l2", "2024-01-01", sku="b", customer_id="c2"), line("l3", "2024-01-02", sku="d")]
    shop = shop_with([], order_lines=ordered)
    assert 1 / 6 == pytest.approx(value(shop, "customer_ordered_looks_match", "c"))
    assert "customer_looks_match" not in build(shop, asked_offer(shop, "c1", "a")).columns


def test_today_counts_up_to_the_moment_against_yesterdays_mean() -> None:
    shop = shop_with([*ALL_VIEWS, *viewed("a", "a", "b", day=20)])
    found = [value(shop, "today_looks_match", "a", at=at) for at in ("2024-01-20 09:00", "2024-01-20 09:02", "2024-01-20 12:00")]
    assert [0.0, 2 / 5 * 1 + -2 / 5 * -1, 1 / 6 + 3 / 6] == pytest.approx(found)


def test_only_the_latest_moves_of_today_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_a_day, "LATEST", 2)
    shop = shop_with([*ALL_VIEWS, *viewed("c", "a", "a", day=20)])
    without = shop_with([*ALL_VIEWS, *viewed("b", "a", "a", day=20)])
    assert value(shop, "today_looks_match", "a") == value(without, "today_looks_match", "a")
    assert len(moves(shop.tables)) == 8


def test_a_value_that_is_missing_says_that_the_looks_are_not_told() -> None:
    shop = shop_with(ALL_VIEWS)
    asked = asked_offer(shop, "c1", "d", at=moment("2024-01-20 12:00"))
    found = explain(shop, asked, [feature_of(shop, name) for name in ("customer_looks_match", "today_looks_match")])
    assert {"the sku's looks are not told"} == {one.reason_missing for one in found}


def test_a_shop_without_looks_has_none_of_these_features() -> None:
    shop = shop_with(ALL_VIEWS, products=[product(sku) for sku in "abcd"])
    names = pd.Index(build(shop, asked_offer(shop, "c1", "a")).columns)
    assert [] == names[names.str.contains("looks_")].tolist()
