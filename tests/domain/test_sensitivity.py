from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.economics import unit_economics
from domain.errors import NotEnoughData, PolicyRefused
from domain.policy import Policy, parse_policy
from domain.presets import PRESETS
from domain.recovery import ALL, Recovery, Share
from domain.sensitivity import LEVERS, OWN, Ordered, Scenario, Till, ordered, scaled, scenarios, tills

POLICY = parse_policy("""
[shop]
time_zone = "UTC"
[returns]
window_days = 30
[vat]
rate = 0.0
[vat.by_country]
DE = 0.19
[economics]
preset = "eu_fashion_ehi2023"
[economics.category.lamp]
preset = "eu_home"
return_fee_eur_cents = 200
""")
EHI = POLICY.economics(None)

Row = dict[str, Any]


def line(outcome: str, *, price: int | None = 4000, cost: int | None = 1600, **more: Any) -> Row:
    """One dress, EUR 40 net, bought at EUR 16: M and L are EUR 19.50."""
    return {"outcome": outcome, "price": price, "cost": cost, "units": 1, "country": "US", "category": "dress", **more}


def shop(*rows: Row) -> Ordered:
    names = [f"s{number}" for number in range(len(rows))]
    products = pd.DataFrame({"sku": names, "category": [row["category"] for row in rows], "unit_cost": [row["cost"] for row in rows]})
    lines = pd.DataFrame(
        {
            "line_id": names,
            "sku": names,
            "country": [row["country"] for row in rows],
            "unit_price": [row["price"] for row in rows],
            "quantity": [row["units"] for row in rows],
            "currency": "EUR",
        }
    )
    typed = {"products": products.astype({"unit_cost": "Int64"}), "order_lines": lines.astype({"unit_price": "Int64", "country": "str"})}
    return ordered(typed, pd.DataFrame({"outcome": [row["outcome"] for row in rows]}))


def test_what_was_kept_earns_and_what_came_back_costs() -> None:
    of = shop(line("kept"), line("kept"), line("kept"), line("returned"))
    expected = Till(4, 4000, 1600, 0.0, 1950, 1950, 0.5, 0.25, 975)
    assert {ALL: expected, "dress": expected} == tills(of, POLICY)


def test_lines_without_a_price_or_an_outcome_are_left_out_and_counted() -> None:
    of = shop(line("kept"), line("pending"), line("pending", price=None), line("returned", price=None))
    assert (2, 1, 1) == (of.pending, of.unpriced, tills(of, POLICY)[ALL].lines)


@pytest.mark.parametrize("rows", [[line("pending")], [line("kept", price=None)]])
def test_nothing_to_look_at_is_refused(rows: list[Row]) -> None:
    with pytest.raises(NotEnoughData, match="no order line has a price and a known outcome"):
        shop(*rows)


def test_a_line_counts_with_all_its_units() -> None:
    of = shop(line("kept", units=3), line("returned"))
    assert (2, 3900, 0.5, (3 * 1950 - 1950) // 2) == _some(tills(of, POLICY)[ALL])


def _some(till: Till) -> tuple[int, int, float, int]:
    return till.lines, till.margin, till.return_rate, till.kept


def test_a_category_and_a_market_have_their_own_costs_and_vat() -> None:
    of = shop(line("returned", category="lamp"), line("kept", country="DE"), line("kept", country=None))
    found = tills(of, POLICY)
    assert [ALL, "dress", "lamp"] == list(found)
    assert (390 + 60 + 1500 + 1000 - 200, -2750) == (found["lamp"].loss, found["lamp"].kept)
    assert (3680, round((1950 + 3361 - 1600 - 390 - 60) / 2)) == (found["dress"].price_net, found["dress"].margin)


def test_an_unknown_cost_is_assumed_and_told() -> None:
    found = tills(shop(line("kept", cost=None), line("kept", cost=None), line("kept", cost=None), line("kept")), POLICY)[ALL]
    assert (0.75, 1600) == (found.cost_assumed, found.unit_cost)


def test_prices_are_medians_of_lines() -> None:
    of = shop(*[line("kept", price=4000, cost=1000)] * 3, line("kept", price=90000, cost=50000), line("returned", price=1, cost=1))
    assert (4000, 1000) == (tills(of, POLICY)[ALL].price_net, tills(of, POLICY)[ALL].unit_cost)


@pytest.mark.parametrize(("price", "cost"), [(4000, 4000), (1, 0)])
def test_lines_that_lose_money_even_when_kept_have_no_break_even(price: int, cost: int) -> None:
    assert math.isnan(tills(shop(line("kept", price=price, cost=cost)), POLICY)[ALL].break_even)


@pytest.mark.parametrize(
    ("cost", "fee", "expected"), [(1600, 0, 0.5), (3550, 0, 0.0), (1600, 1950, 1.0), (1600, 1951, math.nan), (3550, 1950, math.nan)]
)
def test_a_break_even_is_told_up_to_the_edges_of_what_turns_the_sign(cost: int, fee: int, expected: float) -> None:
    costs = replace(POLICY, by_category={"": replace(EHI, return_fee_eur_cents=fee)})
    assert pytest.approx(expected, nan_ok=True) == tills(shop(line("kept", cost=cost)), costs)[ALL].break_even


def test_a_currency_without_a_rate_is_refused() -> None:
    with pytest.raises(PolicyRefused, match="no exchange rate for GBP"):
        tills(replace(shop(line("kept")), currency="GBP"), POLICY)


_LINES = st.builds(
    line,
    st.sampled_from(["kept", "returned", "pending"]),
    price=st.none() | st.integers(0, 20000),
    cost=st.none() | st.integers(0, 9000),
    units=st.integers(1, 3),
    country=st.sampled_from(["US", "DE", None]),
    category=st.sampled_from(["dress", "lamp"]),
)
_SOME_LINES = st.lists(_LINES, max_size=6).map(lambda rows: [*rows, line("kept"), line("returned", category="lamp")])


@given(rows=_SOME_LINES)
def test_what_is_left_is_the_sum_over_lines_each_looked_at_alone(rows: list[Row]) -> None:
    found = tills(shop(*rows), POLICY)
    for category, till in found.items():
        alone = [
            _alone(row) for row in rows if row["outcome"] != "pending" and row["price"] is not None and category in ("", row["category"])
        ]
        assert len(alone) == till.lines
        margin, loss, kept = (round(Fraction(sum(part), len(alone))) for part in zip(*alone, strict=True))
        assert (margin, loss, kept) == (till.margin, till.loss, till.kept)


def _alone(row: Row) -> tuple[int, int, int]:
    cost = np.array([math.nan if row["cost"] is None else row["cost"]])
    price = np.array([row["price"]])
    unit = unit_economics(price, cost, [row["category"]], country=row["country"], currency="EUR", policy=POLICY)
    margin, loss = int(unit.margin_if_kept[0]) * row["units"], int(unit.loss_if_returned[0]) * row["units"]
    return margin, loss, margin if row["outcome"] == "kept" else -loss


SHOP = shop(line("kept"), line("kept", cost=None), line("returned"), line("kept", category="lamp"), line("returned", category="lamp"))
OF_OWN = {ALL: Recovery(3, 0, Share(1.0, 1, 1), Share(0.4, 0, 1), (0.625, 0.5))}


def by_name(policy: Policy = POLICY, recovery: dict[str, Recovery] | None = None) -> dict[tuple[str, float | None], Scenario]:
    return {(found.name, found.change): found for found in scenarios(SHOP, policy, recovery or {})}


def test_every_cost_is_halved_and_half_as_much_again_and_both_presets_stand_beside() -> None:
    expected = [(name, change) for name in LEVERS for change in (-0.5, 0.5)]
    assert [*expected, ("eu_fashion_ehi2023", None), ("de_fashion_bamberg2021", None)] == list(by_name())


def test_costs_that_are_zero_have_nothing_to_change() -> None:
    free = replace(POLICY, by_category={"": replace(EHI, outbound_shipping_eur_cents=0)})
    assert {"outbound shipping", "return fee"} == set(LEVERS) - {name for name, _ in by_name(free)}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("outbound shipping", {"outbound_shipping_eur_cents": 195}),
        ("payment fee", {"payment_fee_share": 0.0075}),
        ("return handling", {"return_handling_eur_cents": 375}),
        ("sold again as new (a)", {"resold_as_new_share": 0.3125}),
        ("what the others bring (b)", {"recovery_share": 0.25}),
    ],
)
def test_half_a_cost_is_half_of_its_fields(name: str, fields: dict[str, Any]) -> None:
    halved = replace(POLICY, by_category={"": replace(EHI, **fields)})
    assert tills(SHOP, halved)["dress"] == by_name()[name, -0.5].tills["dress"]


def test_half_a_unit_cost_is_half_of_the_known_and_of_the_assumed() -> None:
    found = by_name()["unit cost", -0.5].tills["dress"]
    assert (800, tills(SHOP, POLICY)["dress"].margin + 800) == (found.unit_cost, found.margin)


def test_an_all_in_cost_of_returns_is_handling() -> None:
    all_in = replace(POLICY, by_category={"": PRESETS["us_apparel"].economics})
    scenario = by_name(all_in)["return handling", -0.5]
    assert tills(SHOP, all_in)["dress"].loss - 540 == scenario.tills["dress"].loss


def test_a_preset_stands_in_for_everything_that_the_policy_says() -> None:
    bamberg = replace(POLICY, by_category={"": PRESETS["de_fashion_bamberg2021"].economics})
    assert tills(SHOP, bamberg) == by_name()["de_fashion_bamberg2021", None].tills


def test_the_shops_own_a_and_b_are_a_scenario_where_returns_tell_them() -> None:
    own = by_name(recovery=OF_OWN)[OWN, None]
    assert 1950 - 750 == own.tills["dress"].loss
    assert tills(SHOP, POLICY)["lamp"] == own.tills["lamp"]
    assert (OWN, None) not in by_name(recovery={ALL: replace(OF_OWN[ALL], returns=0)})


def test_costs_stated_all_in_stay_beside_own_a_and_b() -> None:
    all_in = replace(POLICY, by_category={"": PRESETS["us_apparel"].economics})
    assert tills(SHOP, all_in) == by_name(all_in, OF_OWN)[OWN, None].tills


@pytest.mark.parametrize("names", LEVERS.values())
def test_no_change_is_no_change(names: tuple[str, ...]) -> None:
    assert EHI == scaled(EHI, names, 0.0)


@given(rows=_SOME_LINES)
@settings(max_examples=25)
def test_changed_by_nothing_everything_is_as_it_is(rows: list[Row]) -> None:
    of = shop(*rows)
    unchanged = replace(
        POLICY,
        by_category={category: scaled(costs, names, 0.0) for category, costs in POLICY.by_category.items() for names in LEVERS.values()},
    )
    assert tills(of, POLICY) == tills(of, unchanged, unit_cost_factor=1.0)


@pytest.mark.parametrize(("cents", "change", "expected"), [(5, -0.5, 2), (7, -0.5, 4), (5, 0.5, 8), (3, 0.5, 4), (1, -1.0, 0)])
def test_changed_cents_are_rounded_half_even(cents: int, change: float, expected: int) -> None:
    assert expected == scaled(replace(EHI, return_fee_eur_cents=cents), ("return_fee_eur_cents",), change).return_fee_eur_cents


def test_a_share_ends_at_one() -> None:
    assert 1.0 == scaled(replace(EHI, resold_as_new_share=0.93), ("resold_as_new_share",), 0.5).resold_as_new_share


@given(rows=_SOME_LINES)
@settings(max_examples=25)
def test_dearer_never_leaves_more_and_cheaper_never_less(rows: list[Row]) -> None:
    of = shop(*rows)
    base = tills(of, POLICY)
    for scenario in scenarios(of, POLICY, {}):
        if scenario.change is None:
            continue
        good = scenario.name in ("return fee", "sold again as new (a)", "what the others bring (b)")
        sign = scenario.change * (1 if good else -1)
        for category, till in scenario.tills.items():
            assert (till.kept - base[category].kept) * sign >= 0
            if not math.isnan(till.break_even) and not math.isnan(base[category].break_even):
                assert (till.break_even - base[category].break_even) * sign >= 0
