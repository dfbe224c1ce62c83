"""A shop without impressions: what was ordered beside what could have been."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from features.shop import Shop
from tests.support.moments import line, moment, product, shop_tables
from training.rows import Rows, sampled
from training.sampled import sampled_impressions, served_shift
from training.settings import Sampling

SKUS = ("dress", "jeans", "scarf", "hat")
PRODUCTS = [product(sku, price=1_000 + number) for number, sku in enumerate(SKUS)]
TWO = Sampling(drawn_per_order=2, assumed_rate=0.02)
LINES = [
    line("l1", "2024-01-01", sku="dress", customer_id="ann", unit_price=700),
    line("l2", "2024-01-01", sku="jeans", customer_id="ann"),
    line("l3", "2024-01-02", sku="scarf", customer_id="bob"),
    line("l4", "2024-01-02", sku="dress", customer_id="cem"),
    line("l5", "2024-01-02", sku="scarf", customer_id="cem"),
]


def _shop(lines: list[dict[str, Any]], zone: str = "UTC") -> Shop:
    return Shop.of(shop_tables(products=PRODUCTS, order_lines=lines), {"": 14}, now=moment("2024-06-01"), zone=zone)


def _shown(lines: list[dict[str, Any]], sampling: Sampling = TWO, *, most: int = 1_000, seed: int = 1, zone: str = "UTC") -> pd.DataFrame:
    return sampled_impressions(_shop(lines, zone), sampling, most=most, seed=seed)


def _rows(lines: list[dict[str, Any]]) -> Rows:
    return sampled(_shop(lines), TWO, most=1_000, seed=1)


def test_every_order_line_stands_in_a_list_of_its_own_beside_skus_that_were_not_ordered() -> None:
    shown = _shown(LINES)
    ordered = shown[shown["line_id"].notna()]
    assert {"l1": "dress", "l2": "jeans", "l3": "scarf", "l4": "dress", "l5": "scarf"} == dict(
        zip(ordered["line_id"], ordered["sku"], strict=True)
    )
    assert set(shown["request_id"]) == {f"order line l{number}" for number in range(1, 6)}
    assert len(shown) > len(ordered)
    assert not shown.duplicated(["request_id", "sku"]).any()


@pytest.mark.parametrize("seed", range(20))
def test_what_a_customer_ordered_on_the_day_is_never_drawn_as_not_ordered(seed: int) -> None:
    drawn = _shown(LINES, seed=seed)[lambda shown: shown["line_id"].isna()]
    theirs = drawn.groupby("customer_id")["sku"].agg(set)
    assert not theirs.get("ann", set()) & {"dress", "jeans"}
    assert not theirs.get("cem", set()) & {"dress", "scarf"}


@pytest.mark.parametrize("seed", range(20))
def test_only_skus_that_sold_lately_and_were_first_sold_by_then_are_drawn(seed: int) -> None:
    lines = [
        line("old", "2023-01-01", sku="hat", customer_id="ann"),
        line("new", "2024-01-02", sku="scarf", customer_id="ann"),
        line("today", "2024-01-02", sku="dress", customer_id="bob"),
        line("later", "2024-01-03", sku="jeans", customer_id="bob"),
    ]
    shown = _shown(lines, seed=seed)
    on_the_second = shown[(shown["at"] == moment("2024-01-02")) & shown["line_id"].isna()]
    assert set(on_the_second["sku"]) <= {"scarf", "dress"}


def test_a_list_is_asked_for_at_the_first_moment_of_its_day_in_the_shops_zone() -> None:
    shown = _shown([line("l1", "2024-01-01 23:30", sku="dress"), line("l2", "2024-01-01 23:40", sku="jeans")], zone="Europe/Berlin")
    assert {moment("2024-01-01 23:00")} == set(shown["at"])


def test_prices_are_list_prices_and_places_the_top_one_whether_ordered_or_not() -> None:
    shown = _shown(LINES)
    assert shown["sku"].map({sku: 1_000 + number for number, sku in enumerate(SKUS)}).tolist() == shown["price"].tolist()
    assert {1} == set(shown["position"])


def test_a_sku_ordered_twice_by_a_customer_on_a_day_counts_once() -> None:
    twice = [*LINES, line("l6", "2024-01-02", sku="scarf", customer_id="bob")]
    assert 5 == _shown(twice)["line_id"].notna().sum()


def test_only_the_newest_orders_are_taken_and_the_same_seed_draws_the_same() -> None:
    newest = _shown(LINES, most=7)
    assert {"order line l4", "order line l5"} == set(newest["request_id"])
    pd.testing.assert_frame_equal(newest, _shown(LINES, most=7))
    many = [line(f"n{number}", "2024-01-03", sku=SKUS[number % 4], customer_id=f"c{number}") for number in range(40)]
    assert not _shown(many)["sku"].equals(_shown(many, seed=2)["sku"])


def test_rows_are_ordered_or_not_and_known_when_their_day_is_over() -> None:
    rows = _rows(LINES)
    assert 5 == rows.y.sum() < len(rows)
    assert (rows.y == rows.line_id.notna()).all()
    assert (rows.known_at - rows.asked["at"] == pd.Timedelta(days=1)).all()
    assert "order line" in rows.learned_from
    assert served_shift(rows.y, TWO) == rows.shift == rows.at(np.array([0])).shift


def test_a_shop_that_sells_one_sku_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="no order line stands beside a sku that was on offer too"):
        _rows([line("l1", "2024-01-01", sku="hat"), line("l2", "2024-01-02", sku="hat")])


def test_the_shift_turns_the_drawn_share_into_the_assumed_one() -> None:
    y = np.array([1, 0, 0])
    odds = (1 / 3) / (2 / 3) * np.exp(served_shift(y, TWO))
    assert 0.02 == pytest.approx(odds / (1 + odds))
