from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.economics import MAX_AMOUNT, UnitEconomics, divide_half_even, expected_kept_margin, unit_economics
from domain.errors import PolicyRefused
from domain.policy import Policy, parse_policy


def policy(preset: str, *, vat: float = 0.0, category: str = "") -> Policy:
    exchange = "[exchange]\nUSD = 1.08\nJPY = 160.5\nKWD = 0.33\n"
    rest = f'[returns]\nwindow_days = 30\n[vat]\nrate = {vat}\n[economics]\npreset = "{preset}"\n{category}\n{exchange}'
    return parse_policy(f'[shop]\ntime_zone = "UTC"\n{rest}')


def of(price: int, cost: float, policy: Policy, *, currency: str = "EUR", category: str | None = None) -> UnitEconomics:
    return unit_economics(np.array([price]), np.array([cost]), [category], country=None, currency=currency, policy=policy)


@pytest.mark.parametrize(("preset", "break_even"), [("eu_fashion_ehi2023", 0.50), ("de_fashion_bamberg2021", 0.69)])
def test_an_item_of_40_bought_at_16_breaks_even_where_the_design_says(preset: str, break_even: float) -> None:
    assert break_even == pytest.approx(of(4000, 1600.0, policy(preset)).break_even[0], abs=0.005)


def test_every_part_of_a_unit_is_told() -> None:
    unit = of(4000, 1600.0, policy("eu_fashion_ehi2023"))
    assert (4000, 1600, 390, 60) == (unit.price_net[0], unit.unit_cost[0], unit.outbound_shipping[0], unit.payment_fee[0])
    assert (60, 750, 750, 0) == (unit.payment_fee_kept[0], unit.return_handling[0], unit.resale_loss[0], unit.return_fee[0])
    assert (1950, 1950) == (unit.margin_if_kept[0], unit.loss_if_returned[0])


def test_vat_is_taken_out_of_the_price() -> None:
    assert [3361] == of(4000, 1600.0, policy("eu_fashion_ehi2023", vat=0.19)).price_net.tolist()


def test_an_unknown_cost_is_assumed_and_said_so() -> None:
    unit = of(4000, float("nan"), policy("eu_fashion_ehi2023"))
    assert (1600, True) == (unit.unit_cost[0], unit.unit_cost_assumed[0])
    assert not of(4000, 1600.0, policy("eu_fashion_ehi2023")).unit_cost_assumed[0]


def test_a_category_has_its_own_costs() -> None:
    overridden = policy("eu_fashion_ehi2023", category="[economics.category.shoe]\nreturn_fee_eur_cents = 295")
    assert [295] == of(4000, 1600.0, overridden, category="shoe").return_fee.tolist()
    assert [0] == of(4000, 1600.0, overridden, category="sock").return_fee.tolist()


@pytest.mark.parametrize(
    ("currency", "shipping", "handling"),
    [("EUR", 390, 750), ("USD", 421, 810), ("JPY", 626, 1204), ("KWD", 1287, 2475)],  # JPY: 3.90 x 160.5 = 625.95, 7.50 x 160.5 = 1203.75
)
def test_the_presets_costs_are_translated(currency: str, shipping: int, handling: int) -> None:
    unit = of(4000, 1600.0, policy("eu_fashion_ehi2023"), currency=currency)
    assert (shipping, handling) == (unit.outbound_shipping[0], unit.return_handling[0])


def test_a_currency_without_a_rate_is_refused() -> None:
    with pytest.raises(PolicyRefused, match=r"no exchange rate for GBP.*one of: EUR, JPY, KWD, USD"):
        of(4000, 1600.0, policy("eu_fashion_ehi2023"), currency="GBP")


def test_a_return_that_earns_money_has_no_break_even() -> None:
    free_of_harm = "[economics.category.shoe]\nreturn_fee_eur_cents = 100000\n"
    assert np.isnan(of(400000, 1600.0, policy("eu_fashion_ehi2023", category=free_of_harm), category="shoe").break_even[0])


def test_an_item_that_loses_money_even_when_kept_has_no_break_even() -> None:
    assert np.isnan(of(1000, 1600.0, policy("eu_fashion_ehi2023")).break_even[0])


@pytest.mark.parametrize(
    ("cost", "fee", "turn"),
    [(1600, 0, 0.5), (3550, 0, 0.0), (3551, 0, np.nan), (1600, 1950, 1.0), (1600, 1951, np.nan), (3550, 1950, np.nan)],
)
def test_a_break_even_is_told_up_to_the_edges_of_what_turns_the_sign(cost: int, fee: int, turn: float) -> None:
    with_fee = policy("eu_fashion_ehi2023", category=f"[economics.category.shoe]\nreturn_fee_eur_cents = {fee}")
    assert pytest.approx(turn, nan_ok=True) == of(4000, cost, with_fee, category="shoe").break_even[0]


def test_where_nothing_is_at_stake_no_return_rate_turns_the_sign() -> None:
    free = replace(policy("eu_fashion_ehi2023"), by_category={"": replace(policy("eu_home").economics(None), **dict.fromkeys(_FLAT, 0))})
    nothing = of(0, 0.0, free)
    assert (0, 0) == (nothing.margin_if_kept[0], nothing.loss_if_returned[0])
    assert np.isnan(nothing.break_even[0])
    assert [1.0] == of(1, 0.0, free).break_even.tolist()


_FLAT = ("outbound_shipping_eur_cents", "return_handling_eur_cents", "return_fee_eur_cents")


def test_the_money_of_a_unit_is_a_value() -> None:
    with pytest.raises(AttributeError):
        of(4000, 1600.0, policy("eu_fashion_ehi2023")).currency = "USD"  # type: ignore[misc]


_PRICES = st.integers(0, MAX_AMOUNT)
_SHARES = st.integers(0, 10**6).map(lambda parts: parts / 10**6)


@given(price=_PRICES, vat=_SHARES, fee=_SHARES, kept=_SHARES, cost_share=_SHARES)
@settings(max_examples=60, deadline=None)
def test_every_share_is_rounded_half_even_exactly(price: int, vat: float, fee: float, kept: float, cost_share: float) -> None:
    base = policy("eu_fashion_ehi2023", vat=vat)
    costs = replace(base.economics(None), payment_fee_share=fee, payment_fee_kept_share=kept, unit_cost_share=cost_share)
    unit = of(price, float("nan"), replace(base, by_category={"": costs}))
    net = round(Fraction(price) / (1 + Fraction(str(vat))))
    fee_paid = round(price * Fraction(str(fee)))
    expected = (net, fee_paid, round(fee_paid * Fraction(str(kept))), round(net * Fraction(str(cost_share))))
    assert expected == (unit.price_net[0], unit.payment_fee[0], unit.payment_fee_kept[0], unit.unit_cost[0])


@pytest.mark.parametrize(
    ("numerator", "rounded"), [(4, 0), (5, 0), (6, 1), (14, 1), (15, 2), (16, 2), (25, 2), (26, 3), (-4, 0), (-5, 0), (-6, -1), (-15, -2)]
)
def test_halves_of_a_division_go_to_the_even_neighbour(numerator: int, rounded: int) -> None:
    assert [rounded] == divide_half_even(np.array([numerator]), 10).tolist()


@given(numerator=st.integers(-(10**18), 10**18), denominator=st.integers(1, 2 * 10**6))
@settings(deadline=None)
def test_division_rounds_half_even_exactly(numerator: int, denominator: int) -> None:
    assert round(Fraction(numerator, denominator)) == divide_half_even(np.array([numerator]), denominator)[0]


@given(price=_PRICES, cost=st.none() | _PRICES, preset=st.sampled_from(["eu_fashion_ehi2023", "us_apparel", "wholesale_gifts"]))
@settings(max_examples=60, deadline=None)
def test_margin_and_loss_add_up_to_the_cent(price: int, cost: int | None, preset: str) -> None:
    unit = of(price, float("nan") if cost is None else float(cost), policy(preset, vat=0.19))
    out = unit.outbound_shipping[0]
    assert unit.price_net[0] == unit.margin_if_kept[0] + unit.unit_cost[0] + out + unit.payment_fee[0]
    parts = out + unit.payment_fee_kept[0] + unit.return_handling[0] + unit.resale_loss[0] - unit.return_fee[0]
    assert parts == unit.loss_if_returned[0]


@given(
    price=st.integers(0, 10**6),
    field=st.sampled_from(["outbound_shipping_eur_cents", "return_handling_eur_cents", "payment_fee_share", "return_cost_share"]),
    p_order=_SHARES,
    p_return=_SHARES,
)
@settings(max_examples=60, deadline=None)
def test_more_cost_never_raises_value(price: int, field: str, p_order: float, p_return: float) -> None:
    usual = policy("eu_fashion_ehi2023")
    costs = usual.economics(None)
    dearer = replace(costs, **{field: getattr(costs, field) + (100 if field.endswith("cents") else 0.01)})
    worth = [
        expected_kept_margin(np.array([p_order]), np.array([p_return]), unit.margin_if_kept, unit.loss_if_returned)[0]
        for unit in (of(price, 1600.0, replace(usual, by_category={"": each})) for each in (dearer, costs))
    ]
    assert worth[0] <= worth[1]


@given(price=st.integers(2500, 10**6))
@settings(max_examples=60, deadline=None)
def test_at_break_even_nothing_is_left_below_it_something_above_it_less(price: int) -> None:
    unit = of(price, 1600.0, policy("eu_fashion_ehi2023"))
    turn, sure = unit.break_even, np.array([1.0])

    def left(p_return: float) -> float:
        return float(expected_kept_margin(sure, np.array([p_return]), unit.margin_if_kept, unit.loss_if_returned)[0])

    assert 0.0 == pytest.approx(left(turn[0]), abs=1e-6)
    assert left(turn[0] - 0.01) > 0 > left(turn[0] + 0.01)
