"""Nothing that became known at or after a row's time changes a feature of the row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

from features.build import build
from features.shop import Shop
from tests.support.moments import line, product, sent_back
from tests.support.tiny_shops import CUSTOMERS, NOW, QUICK, SKUS, START, WINDOWS, Row, Rows, TinyShop, asked_of, tables_of, tiny_shops


def before(rows: Rows, at: dt.datetime) -> Rows:
    """What a shop knew: histories until the day of `at`, declarations and consents until `at`; returns under way without arrival."""
    day = at.replace(hour=0)
    known = {
        "order_lines": [row for row in rows["order_lines"] if row["ordered_at"] < day],
        "fit_feedback": [row for row in rows["fit_feedback"] if row["given_at"] < day],
        "preferences": [row for row in rows["preferences"] if row["stated_at"] < at],
    }
    if "consents" in rows:
        known["consents"] = [row for row in rows["consents"] if row["at"] < at]
    ids = {row["line_id"] for row in known["order_lines"]}
    returns = [_as_known(row, day) for row in rows["returns"] if row["line_id"] in ids and row["requested_at"] < day]
    return {"products": rows["products"], **known, "returns": returns}


def _as_known(row: Row, day: dt.datetime) -> Row:
    arrived = row["received_at"] is not None and row["received_at"] < day
    return row if arrived else {**row, "received_at": None}


@given(tiny=tiny_shops())
@QUICK
def test_a_row_sees_what_the_shop_knew_by_then_and_nothing_else(tiny: TinyShop) -> None:
    row = max(tiny.asked, key=lambda row: row["at"])
    known = before(tiny.rows, row["at"])
    assume(all(known[name] or name == "consents" for name in known))  # features of a table without a row are missing
    then = Shop.of(tables_of(known), WINDOWS, now=NOW)
    pd.testing.assert_frame_equal(build(then, asked_of([row])), build(tiny.shop(), asked_of([row])), check_exact=True)


_HOURS = st.integers(0, 40 * 24)
_NEWS = st.fixed_dictionaries(
    {"hours": _HOURS, "customer_id": st.sampled_from(CUSTOMERS), "sku": st.sampled_from(SKUS), "line": st.integers(0, 20)}
)


def news(rows: Rows, at: dt.datetime, drawn: list[dict[str, Any]]) -> Rows:
    """The same shop with an order, a return, a verdict, a preference and a consent from `at` (or its day) on for each of `drawn`."""
    day = at.replace(hour=0)
    more = {name: list(given) for name, given in rows.items()}
    for number, fact in enumerate(drawn):
        on_day, later, who = day + dt.timedelta(hours=fact["hours"]), at + dt.timedelta(hours=fact["hours"]), fact["customer_id"]
        lines = rows["order_lines"]
        sold = [row for row in lines if (row["delivered_at"] or row["ordered_at"]) <= on_day]
        about = {"customer_id": who, "sku": fact["sku"]}
        # in front of the older rows, and in an order that may already have lines
        more["order_lines"].insert(0, {**lines[0], **about, "line_id": f"new{number}", "ordered_at": on_day, "delivered_at": None})
        if sold:
            line_id = sold[fact["line"] % len(sold)]["line_id"]
            back = {"return_id": f"new{number}", "line_id": line_id, "quantity": 1, "requested_at": on_day, "reason": "size"}
            more["returns"].insert(0, {**back, "received_at": on_day})
        more["fit_feedback"].append({**about, "given_at": on_day + dt.timedelta(seconds=number), "verdict": "small"})
        stated = {"customer_id": who, "stated_at": later + dt.timedelta(seconds=number), "attribute": "height_cm", "value": "199"}
        more["preferences"].append(stated)
        if "consents" in more:
            for purpose in ("personalisation", "measurements"):
                said = {"granted": bool(number % 2), "at": later + dt.timedelta(seconds=number)}
                more["consents"].append({"customer_id": who, "purpose": purpose, **said})
    return more


@given(tiny=tiny_shops(), drawn=st.lists(_NEWS, min_size=1, max_size=4))
@QUICK
def test_news_at_or_after_the_rows_time_changes_nothing(tiny: TinyShop, drawn: list[dict[str, Any]]) -> None:
    row = tiny.asked[0]
    more = Shop.of(tables_of(_unique(news(tiny.rows, row["at"], drawn))), WINDOWS, now=NOW)
    pd.testing.assert_frame_equal(build(tiny.shop(), asked_of([row])), build(more, asked_of([row])), check_exact=True)


def _unique(rows: Rows) -> Rows:
    keys = {"fit_feedback": ("customer_id", "sku", "given_at"), "preferences": ("customer_id", "stated_at", "attribute")}
    keys |= {"consents": ("customer_id", "purpose", "at")}
    unique = {name: {tuple(row[key] for key in keys[name]): row for row in reversed(rows[name])} for name in keys if name in rows}
    return rows | {name: list(found.values()) for name, found in unique.items()}


def test_a_second_parcel_does_not_rewrite_the_day_of_the_first() -> None:
    first = sent_back("l", "2024-01-05", "2024-01-06", reason="quality")
    second = {**sent_back("l", "2024-01-05", "2024-01-20", reason="size"), "return_id": "r2"}
    bought = {**line("l", "2024-01-01", quantity=2), "ordered_at": START}
    asked = asked_of([{"customer_id": "c1", "sku": "s1-38", "at": START + dt.timedelta(days=9)}])
    seen = []
    for returns in ([first], [first, second]):
        tables = tables_of({"products": [product("s1-38")], "order_lines": [bought], "returns": _timed(returns)})
        seen.append(build(Shop.of(tables, WINDOWS, now=START + dt.timedelta(days=60)), asked))
    assert 0.5 == seen[0]["style_returned_units_share"][0]
    assert 0.0 == seen[0]["style_returned_for_size_rate"][0]
    pd.testing.assert_frame_equal(seen[0], seen[1], check_exact=True)


def test_a_line_that_came_back_for_its_size_in_two_parcels_counts_once() -> None:
    parcels = [{**sent_back("l", "2024-01-02", f"2024-01-0{day}", reason="size"), "return_id": f"r{day}"} for day in (3, 4)]
    bought = {**line("l", "2024-01-01", quantity=2), "ordered_at": START}
    tables = tables_of({"products": [product("s1-38")], "order_lines": [bought], "returns": _timed(parcels)})
    asked = asked_of([{"customer_id": "c1", "sku": "s1-38", "at": START + dt.timedelta(days=9)}])
    built = build(Shop.of(tables, WINDOWS, now=NOW), asked)
    assert (1.0, 1.0) == (built["style_returned_for_size_rate"][0], built["style_returned_units_share"][0])


def _timed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {name: pd.Timestamp(row[name], tz="UTC") for name in ("requested_at", "received_at")} for row in rows]
