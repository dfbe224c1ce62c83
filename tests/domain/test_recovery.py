from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conform import conform
from domain.policy import parse_policy
from domain.recovery import ALL, WORTH, Recovery, Share, estimate_recovery
from domain.tables import TABLES

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
POLICY = """
[shop]
time_zone = "UTC"
[returns]
window_days = 30
[vat]
rate = 0.25
[vat.by_country]
US = 0.0
[economics]
preset = "eu_fashion_ehi2023"
[economics.category.lamp]
preset = "eu_home"
"""
A, B = 0.625, 0.5
"""What the preset assumes."""

Row = dict[str, Any]


def came_back(condition: str | None, recovered: int | None, **more: Any) -> Row:
    """A dress of EUR 100 net (125 with VAT) that came back."""
    return {"category": "dress", "price": 12500, "units": 1, "country": "DE", "condition": condition, "recovered_value": recovered, **more}


def recovery(*rows: Row, policy: str = POLICY, now: dt.datetime = NOW) -> dict[str, Recovery]:
    return estimate_recovery(tables(rows), parse_policy(policy), now=now)


def tables(rows: tuple[Row, ...]) -> dict[str, pd.DataFrame]:
    returns = [
        {
            "return_id": row.get("return_id", f"r{number}"),
            "line_id": f"l{row.get('line', number)}",
            "quantity": row["units"],
            "requested_at": "2024-02-01T00:00:00Z",
            "received_at": row.get("received_at", "2024-02-05T00:00:00Z"),
            "condition": row["condition"],
            "recovered_value": row["recovered_value"],
            "known_at": row.get("known_at"),
        }
        for number, row in enumerate(rows)
    ]
    lines = [
        {
            "line_id": f"l{number}",
            "order_id": f"o{number}",
            "customer_id": "c",
            "sku": row["category"],
            "ordered_at": "2024-01-20T00:00:00Z",
            "quantity": row["units"],
            "unit_price": row["price"],
            "country": row["country"],
            "currency": "EUR",
        }
        for number, row in enumerate(rows)
    ]
    skus = sorted({"dress", "shirt", "lamp"} | {row["category"] for row in rows})
    products = [{"sku": sku, "style_id": sku, "category": sku, "currency": "EUR"} for sku in skus]
    raw = {"products": products, "order_lines": lines, "returns": returns}
    columns = {"products": list(products[0]), "order_lines": list(_LINE), "returns": list(_RETURN)}
    return {name: conform(TABLES[name], pd.DataFrame(found, columns=columns[name]))[0] for name, found in raw.items()}


_LINE = ("line_id", "order_id", "customer_id", "sku", "ordered_at", "quantity", "unit_price", "country", "currency")
_RETURN = ("return_id", "line_id", "quantity", "requested_at", "received_at", "condition", "recovered_value", "known_at")


def leaning(seen: float, n: float, leaned_on: float) -> float:
    return (n * seen + WORTH * leaned_on) / (n + WORTH)


def values(found: Recovery) -> tuple[float, float]:
    return found.resold_as_new_share.value, found.recovery_share.value


def test_without_returns_the_assumption_stands_with_the_range_that_its_source_states() -> None:
    found = recovery()["dress"]
    assert (0, (A, B), (A, B)) == (found.returns, values(found), found.assumed)
    assert pytest.approx((0.5035, 0.7465), abs=0.00005) == (found.resold_as_new_share.low, found.resold_as_new_share.high)


def test_ranges_end_at_nothing_and_at_everything() -> None:
    certain = POLICY.replace('"eu_home"', '"eu_home"\nresold_as_new_share = 0.99\nrecovery_share = 0.01')
    found = recovery(policy=certain)["lamp"]
    assert (1.0, 0.0) == (found.resold_as_new_share.high, found.recovery_share.low)


def test_a_is_the_share_in_condition_as_new_and_b_what_the_others_brought() -> None:
    found = recovery(came_back("as_new", 10000), came_back("as_new", 10000), came_back("worn", 4000), came_back("damaged", 0))["dress"]
    assert (4, 0) == (found.returns, found.without_value)
    assert pytest.approx((leaning(0.5, 4, A), leaning(0.2, 2, B))) == values(found)


def test_as_new_units_that_were_marked_down_count_by_what_they_brought() -> None:
    found = recovery(came_back("as_new", 8000), came_back("worn", 3000))["dress"]
    assert pytest.approx(leaning(0.4, 2, A)) == found.resold_as_new_share.value
    assert pytest.approx(leaning(0.3 / 1.2, 1.2**2 / (0.2**2 + 1), B)) == found.recovery_share.value


def test_a_unit_brings_at_most_its_net_price() -> None:
    assert values(recovery(came_back("as_new", 10000))["dress"]) == values(recovery(came_back("as_new", 15000))["dress"])
    assert values(recovery(came_back("worn", 10000))["dress"]) == values(recovery(came_back("worn", 15000))["dress"])


def test_units_of_unknown_condition_are_not_as_new() -> None:
    assert values(recovery(came_back("worn", 5000))["dress"]) == values(recovery(came_back(None, 5000))["dress"])


def test_the_net_price_is_that_of_the_lines_country() -> None:
    in_germany, in_america = (recovery(came_back("worn", 5000, country=country))["dress"] for country in ("DE", "US"))
    assert pytest.approx((leaning(0.5, 1, B), leaning(0.4, 1, B))) == (in_germany.recovery_share.value, in_america.recovery_share.value)
    assert in_germany == recovery(came_back("worn", 5000, country=None))["dress"]


def test_two_units_of_one_return_count_as_one_return_of_their_share() -> None:
    found = recovery(came_back("worn", 10000, units=2))["dress"]
    assert pytest.approx((leaning(0.0, 1, A), leaning(0.5, 1, B))) == values(found)
    assert 1 == found.returns


def test_every_unit_counts_the_same() -> None:
    found = recovery(came_back("worn", 20000, units=2), came_back("as_new", 10000))["dress"]
    assert pytest.approx(leaning(1 / 3, 9 / 5, A)) == found.resold_as_new_share.value


def test_a_correction_told_later_counts_once_it_is_told() -> None:
    first = came_back("as_new", 10000, return_id="r", line=0)
    later = came_back("worn", 2000, return_id="r", line=0, known_at="2024-03-01T00:00:00Z", received_at=None)
    assert (
        values(recovery(came_back("worn", 2000))["dress"])
        == values(recovery(first, later)["dress"])
        == values(recovery(later, first)["dress"])
    )
    before = recovery(first, later, now=dt.datetime(2024, 2, 29, 23, tzinfo=dt.UTC))["dress"]
    assert recovery(came_back("as_new", 10000))["dress"] == before


def test_a_parcel_counts_from_its_arrival() -> None:
    row = came_back("as_new", 10000)
    assert [0, 1] == [recovery(row, now=dt.datetime(2024, 2, day, tzinfo=dt.UTC))["dress"].returns for day in (4, 5)]
    assert 0 == recovery(came_back("as_new", 10000, received_at=None))["dress"].without_value


def test_returns_without_a_value_or_a_price_are_not_used() -> None:
    found = recovery(came_back("as_new", None), came_back("as_new", 1, price=None), came_back("as_new", 0, price=0))["dress"]
    assert (0, 1, (A, B)) == (found.returns, found.without_value, values(found))


def test_a_category_leans_on_the_others_and_they_on_the_preset() -> None:
    found = recovery(*[came_back("worn", 5000, category="shirt")] * 60)
    assert pytest.approx((leaning(0.0, 60, A), B)) == values(found["dress"]) == values(found["shirt"]) == values(found[ALL])
    assert (0, 60, 60) == (found["dress"].returns, found["shirt"].returns, found[ALL].returns)


def test_a_shop_of_one_category_leans_on_the_preset() -> None:
    found = tables((came_back("worn", 2000),) * 60)
    found["products"] = found["products"].query("sku == 'dress'")
    estimates = estimate_recovery(found, parse_policy(POLICY), now=NOW)
    assert [ALL, "dress"] == list(estimates)
    assert pytest.approx((leaning(0.0, 60, A), leaning(0.2, 60, B))) == values(estimates["dress"])


def test_a_category_does_not_lean_on_itself() -> None:
    rows = [came_back("worn", 5000, category="shirt")] * 60 + [came_back("as_new", 10000)] * 20
    found = recovery(*rows)
    assert pytest.approx(leaning(1.0, 20, leaning(0.0, 60, A))) == found["dress"].resold_as_new_share.value


def test_other_goods_are_not_leaned_on() -> None:
    found = recovery(*[came_back("worn", 1000, category="lamp")] * 60)
    assert (A, B) == values(found["dress"]) == values(found[ALL])
    assert pytest.approx((leaning(0.0, 60, 0.5), leaning(0.1, 60, 0.5))) == values(found["lamp"])
    assert (0.5, 0.5) == found["lamp"].assumed


def test_estimates_are_values() -> None:
    found = recovery()[ALL]
    for value, name in ((found, "returns"), (found.recovery_share, "low")):
        with pytest.raises(AttributeError):
            setattr(value, name, 0)
    assert Share(0.5, 0.4, 0.6) == Share(0.5, 0.4, 0.6)


_CAME_BACK = st.builds(
    came_back,
    st.sampled_from(["as_new", "worn", None]),
    st.none() | st.integers(0, 60000),
    units=st.integers(1, 4),
    price=st.none() | st.integers(0, 20000),
    category=st.sampled_from(["dress", "shirt", "lamp"]),
)


@given(rows=st.lists(_CAME_BACK, max_size=8))
@settings(max_examples=40)
def test_estimates_are_shares_within_their_ranges_between_what_is_seen_and_what_is_leaned_on(rows: list[Row]) -> None:
    found = recovery(*rows)
    for estimate in found.values():
        for share in (estimate.resold_as_new_share, estimate.recovery_share):
            assert 0 <= share.low <= share.value <= share.high <= 1
    for at in (0, 1):
        alike = [value for category in ("dress", "shirt") if (value := _seen(rows, category)[at]) is not None]
        assert min([*alike, (A, B)[at]]) - 1e-9 <= values(found["dress"])[at] <= max([*alike, (A, B)[at]]) + 1e-9
    counted = sum(estimate.returns + estimate.without_value for category, estimate in found.items() if category != ALL)
    assert sum(1 for row in rows if row["price"]) == counted


def _seen(rows: list[Row], category: str) -> tuple[float | None, float | None]:
    """a and b of a category's returns, by hand."""
    new = units = brought = 0.0
    for row in rows:
        if row["category"] == category and row["price"] and row["recovered_value"] is not None:
            share = min(1.0, row["recovered_value"] / (row["units"] * row["price"] / 1.25))
            units += row["units"]
            new += row["units"] * share * (row["condition"] == "as_new")
            brought += row["units"] * share * (row["condition"] != "as_new")
    return new / units if units else None, brought / (units - new) if units - new > 1e-9 else None
