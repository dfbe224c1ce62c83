"""Nothing that became known at or after a row's time changes a feature of the row."""

from __future__ import annotations

from random import Random

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from features.asked import of_order_lines
from features.build import FEATURES, build
from tests.support.moments import line, moment, product, sent_back
from tests.support.news import happening_when_known, known_by, news
from tests.support.tiny_shops import QUICK, TinyShop, asked_of, tiny_shops
from tests.support.told_facts import shop_of

NOT_OF_TODAY = {feature.name for feature in FEATURES if feature.family != "today"}


@given(tiny=tiny_shops(), number=st.integers(12, 29), random=st.randoms(use_true_random=True))
@QUICK
def test_a_row_sees_what_the_shop_knew_by_then_whatever_comes_later(tiny: TinyShop, number: int, random: Random) -> None:
    at = sorted(row["at"] for row in tiny.asked)[number]
    asked = [{**row, "at": at} for row in tiny.asked]
    then = TinyShop(known_by(tiny.rows, at), asked, tiny.zone)
    later = TinyShop(news(tiny.rows, at, random), asked, tiny.zone)
    assume(then.rows["returns"])  # a shop that has never known a return does not know what is kept
    found = build(then.shop(), then.asked_rows())
    pd.testing.assert_frame_equal(found, build(later.shop(), later.asked_rows())[found.columns.tolist()], check_exact=True)


@given(tiny=tiny_shops())
@settings(QUICK, max_examples=2)
def test_what_is_told_late_counts_in_histories_as_if_it_had_happened_when_it_was_told(tiny: TinyShop) -> None:
    told_late, happening = happening_when_known(tiny.rows)
    assume(told_late["returns"])
    found, expected = (build(TinyShop(rows, tiny.asked, tiny.zone).shop(), tiny.asked_rows()) for rows in (told_late, happening))
    names = [name for name in expected.columns if name in NOT_OF_TODAY]
    pd.testing.assert_frame_equal(expected[names], found[names], check_exact=True)


def test_lines_of_one_order_at_one_time_see_each_other_as_basket_and_neither_as_history_nor_as_moves() -> None:
    order = [line(name, "2024-01-10 12:00", order_id="o", sku=sku) for name, sku in [("a", "s1-38"), ("b", "s1-40"), ("c", "s2-38")]]
    before = line("x", "2024-01-09", sku="s1-38")
    shop = shop_of(
        products=[product("s1-38"), product("s1-40"), product("s2-38")],
        order_lines=[*order, before, line("d", "2024-01-10 13:00", order_id="o2", sku="s1-40")],
        returns=[sent_back("x", "2024-01-10 12:00", None)],
        events=[{"event_id": "e", "customer_id": "c1", "sku": "s1-38", "kind": "view", "at": "2024-01-10 11:00"}],
    )
    built = build(shop, of_order_lines(shop.tables)).set_index(shop.tables["order_lines"]["line_id"])
    names = [
        "basket_lines",
        "basket_same_style",
        "style_lines",
        "customer_lines",
        "today_moves",
        "today_lines_ordered",
        "today_style_ordered",
    ]
    expected = {"a": [3, 2, 1, 1, 1, 0, 0], "b": [3, 2, 1, 1, 1, 0, 0], "c": [3, 1, 0, 1, 1, 0, 0], "d": [1, 1, 1, 1, 5, 3, 2]}
    assert expected == {str(name): row.tolist() for name, row in built.loc[list(expected), names].iterrows()}


@pytest.mark.parametrize(
    ("zone", "midnights"),
    [
        ("Europe/Berlin", ["2024-03-30 23:00", "2024-03-31 22:00", "2024-10-26 22:00", "2024-10-27 23:00"]),
        ("America/New_York", ["2024-03-10 05:00", "2024-03-11 04:00", "2024-11-03 04:00", "2024-11-04 05:00"]),
    ],
)
def test_a_day_of_23_hours_and_one_of_25_end_at_midnight_on_the_shops_clock(zone: str, midnights: list[str]) -> None:
    begun = [moment(midnight) for midnight in midnights]
    eves = [line(f"eve{number}", str(at - pd.Timedelta("1us")), sku="s1-38") for number, at in enumerate(begun)]
    dawns = [line(f"dawn{number}", str(at), sku="s1-40") for number, at in enumerate(begun)]
    asked = [{"customer_id": "c1", "sku": sku, "at": at + pd.Timedelta("1us")} for sku in ("s1-38", "s1-40") for at in begun]
    built = build(shop_of(zone, order_lines=[*eves, *dawns]), asked_of(asked))
    assert [1, 2, 3, 4, 0, 1, 2, 3] == built["sku_lines"].tolist()
    assert [1] * 8 == built["today_lines_ordered"].tolist()
    assert [1] * 8 == built["customer_days_since_order"].tolist()
