from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from domain.errors import NotEnoughData
from features.shop import Shop, latest_fact
from tests.support.moments import line, moment, product, sent_back, shop_tables

WINDOWS = {"": 14}
LINES = [line("a", "2024-01-01 23:30", order_id="o1"), line("b", "2024-01-02", order_id="o2")]


def shop_of(*, now: dt.datetime | None = None, zone: str = "UTC", **tables: list[dict[str, object]]) -> Shop:
    return Shop.of(shop_tables(products=[product("s1-38")], **tables), WINDOWS, now=now, zone=zone)


@pytest.mark.parametrize(
    ("zone", "now", "today"),
    [("UTC", "2024-01-02", 19724), ("Europe/Berlin", "2024-01-02 23:00", 19725), ("Asia/Kathmandu", "2024-01-02 18:15", 19725)],
)
def test_a_shop_stands_at_the_end_of_the_day_of_its_latest_fact_on_its_own_clock(zone: str, now: str, today: int) -> None:
    shop = shop_of(order_lines=LINES[:1], zone=zone)
    assert (moment(now), today) == (shop.now, shop.today)


def test_today_is_the_day_that_has_begun() -> None:
    at = moment("2024-01-02 23:30").to_pydatetime()
    assert (19724, 19725) == tuple(shop_of(order_lines=LINES, now=at, zone=zone).today for zone in ("UTC", "Europe/Berlin"))


def test_a_fact_that_was_told_late_is_the_latest() -> None:
    said: dict[str, object] = {"customer_id": "c1", "sku": "s1-38", "given_at": "2024-01-05", "verdict": "fits"}
    tables = shop_tables(products=[product("s1-38")], order_lines=LINES, fit_feedback=[{**said, "known_at": "2024-01-09"}])
    assert moment("2024-01-09") == latest_fact(tables)


def test_columns_that_a_table_lacks_are_passed_over() -> None:
    tables = shop_tables(products=[product("s1-38")], order_lines=LINES, returns=[sent_back("a", "2024-01-05", "2024-01-07")])
    assert moment("2024-01-07") == latest_fact({**tables, "returns": tables["returns"].drop(columns="known_at")})


def test_a_shop_without_facts_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        latest_fact(shop_tables())


def test_a_shop_has_the_tables_with_rows_and_the_columns_with_values() -> None:
    shop = shop_of(order_lines=[line("a", "2024-01-01", country="DE"), line("b", "2024-01-02")], events=[])
    assert shop.has("order_lines")
    assert shop.has("order_lines.country")
    assert not any(
        shop.has(need) for need in ("order_lines.promised_at", "order_lines.colour", "returns", "returns.reason", "events", "stock")
    )
    assert {"products", "order_lines"} == {need for need in shop.present if "." not in need}
    assert {"products.sku", "products.brand", "products.hidden"} < shop.present


def test_a_shop_without_some_lines_keeps_its_clock_and_looks_again_at_what_it_has() -> None:
    lines = [line("a", "2024-01-01", country="DE"), line("b", "2024-01-02")]
    shop = shop_of(order_lines=lines, returns=[sent_back("a", "2024-01-05", "2024-01-07")], zone="Europe/Berlin")
    less = shop.without_lines(pd.Series(["a"]))
    assert ("Europe/Berlin", shop.now) == (less.zone, less.now)
    assert (True, False) == (shop.has("returns"), less.has("returns"))
    assert (True, False) == (shop.has("order_lines.country"), less.has("order_lines.country"))
