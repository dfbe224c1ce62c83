"""What must hold of money whatever a policy says: drawn policies, drawn offers."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.economics import UnitEconomics, expected_kept_margin, unit_economics
from domain.money import EXPONENTS, Money, half_even
from domain.policy import Policy, parse_policy
from domain.presets import PRESETS, Economics

BASE = parse_policy("""
[shop]
time_zone = "UTC"
[returns]
window_days = 30
[vat]
rate = 0.0
[economics]
preset = "eu_fashion_ehi2023"
[exchange]
USD = 1.08
JPY = 160.5
KWD = 0.33
""")
CURRENCIES = ["EUR", "USD", "JPY", "KWD"]
PARTS = [field.name for field in fields(UnitEconomics) if field.name not in ("currency", "unit_cost_assumed")]

COSTS_MORE = {
    "outbound_shipping_eur_cents": 1,
    "payment_fee_share": 1,
    "payment_fee_kept_share": 1,
    "return_handling_eur_cents": 1,
    "return_cost_share": 1,
    "resold_as_new_share": -1,
    "recovery_share": -1,
    "return_fee_eur_cents": -1,
    "unit_cost_share": 1,
}
"""Every cost, and whether more of it costs the shop more (1) or less (-1)."""

_SHARES = st.integers(0, 10**4).map(lambda parts: parts / 10**4)
_CENTS = st.integers(0, 5000)
_ECONOMICS = st.builds(Economics, **{field.name: _CENTS if field.name.endswith("_cents") else _SHARES for field in fields(Economics)})
_POLICIES = st.builds(
    lambda default, shoe, vat: replace(BASE, by_category={"": default, "shoe": shoe}, vat={"": vat, "US": 0.0}),
    _ECONOMICS,
    _ECONOMICS,
    _SHARES,
)
_OFFERS = st.lists(
    st.tuples(st.integers(0, 10**6), st.none() | st.integers(0, 10**6), st.sampled_from(["shoe", "sock", None])), min_size=1, max_size=4
)
_ANY_CURRENCY = st.sampled_from(CURRENCIES)


def money_of(
    offers: list[tuple[int, int | None, str | None]], policy: Policy, currency: str = "EUR", country: str | None = None
) -> UnitEconomics:
    prices, costs, categories = zip(*offers, strict=True)
    cost = np.array([math.nan if each is None else each for each in costs])
    return unit_economics(np.array(prices), cost, list(categories), country=country, currency=currency, policy=policy)


def left(unit: UnitEconomics, p_return: float) -> float:
    return float(expected_kept_margin(np.array([1.0]), np.array([p_return]), unit.margin_if_kept, unit.loss_if_returned)[0])


@given(offers=_OFFERS, policy=_POLICIES, currency=_ANY_CURRENCY)
def test_every_breakdown_adds_up_to_the_cent(offers: list[Any], policy: Policy, currency: str) -> None:
    unit = money_of(offers, policy, currency)
    for at in range(len(offers)):
        part = {name: int(getattr(unit, name)[at]) for name in PARTS}
        assert part["price_net"] == unit.margin_if_kept[at] + part["unit_cost"] + part["outbound_shipping"] + part["payment_fee"]
        lost = part["outbound_shipping"] + part["payment_fee_kept"] + part["return_handling"] + part["resale_loss"]
        assert lost == unit.loss_if_returned[at] + part["return_fee"]
        assert min(part.values()) >= 0
        assert part["payment_fee_kept"] <= part["payment_fee"]
        assert part["resale_loss"] <= part["price_net"] <= offers[at][0]


@given(offers=_OFFERS, policy=_POLICIES, currency=_ANY_CURRENCY)
def test_every_part_is_a_whole_number_rounded_once(offers: list[Any], policy: Policy, currency: str) -> None:
    unit = money_of(offers, policy, currency)
    for at, (price, _, category) in enumerate(offers):
        costs, net = policy.economics(category), int(unit.price_net[at])
        kept = 1 - (_exact(costs.resold_as_new_share) + (1 - _exact(costs.resold_as_new_share)) * _exact(costs.recovery_share))
        assert round(net * Fraction(round(kept * 10**6), 10**6)) == unit.resale_loss[at]
        assert round(price / (1 + _exact(policy.vat_rate(None)))) == net
        flat = Fraction(costs.return_handling_eur_cents) * _exact(policy.exchange[currency]) * Fraction(10) ** (EXPONENTS[currency] - 2)
        assert round(flat) + round(net * _exact(costs.return_cost_share)) == unit.return_handling[at]
    assert {"int64"} == {str(getattr(unit, name).dtype) for name in PARTS}


def _exact(number: float) -> Fraction:
    return Fraction(str(number))


@given(p_order=_SHARES, p_return=_SHARES, margin=st.integers(-(10**6), 10**6), loss=st.integers(-(10**6), 10**6))
def test_the_expectation_is_not_rounded_before_its_end(p_order: float, p_return: float, margin: int, loss: int) -> None:
    exact = _exact(p_order) * ((1 - _exact(p_return)) * margin - _exact(p_return) * loss)
    found = expected_kept_margin(np.array([p_order]), np.array([p_return]), np.array([margin]), np.array([loss]))[0]
    assert abs(exact - Fraction(found)) < Fraction(1, 10**6)


@given(minor=st.integers(-(10**12), 10**12), factor=st.decimals(-10, 10, places=4))
def test_an_amount_times_a_number_is_rounded_half_even_once(minor: int, factor: Decimal) -> None:
    assert Money(round(minor * Fraction(factor)), "EUR") == Money(minor, "EUR").times(factor)
    assert round(minor * Fraction(factor)) == half_even(minor * factor)


@pytest.mark.parametrize("name", COSTS_MORE)
@given(
    offer=st.tuples(st.integers(0, 10**5), st.none() | st.integers(0, 10**5), st.just(None)), policy=_POLICIES, p_return=_SHARES, by=_SHARES
)
def test_what_costs_more_never_leaves_more_nor_stands_more_returns(
    name: str, offer: Any, policy: Policy, p_return: float, by: float
) -> None:
    costs = policy.economics(None)
    step = round(1000 * by) if name.endswith("_cents") else by
    more = getattr(costs, name) + step
    assume(name.endswith("_cents") or more <= 1)
    other = replace(costs, **{name: more})
    before, after = (money_of([offer], replace(policy, by_category={"": each})) for each in (costs, other))
    sign = COSTS_MORE[name]
    assert sign * left(after, p_return) <= sign * left(before, p_return) + 1e-6
    if not np.isnan([after.break_even[0], before.break_even[0]]).any():
        assert sign * after.break_even[0] <= sign * before.break_even[0] + 1e-12


@given(price=st.integers(0, 10**5), cost=st.integers(0, 10**5), dearer=st.integers(0, 10**5), policy=_POLICIES, p_return=_SHARES)
def test_a_dearer_unit_never_leaves_more(price: int, cost: int, dearer: int, policy: Policy, p_return: float) -> None:
    before, after = money_of([(price, cost, None)], policy), money_of([(price, cost + dearer, None)], policy)
    assert left(after, p_return) <= left(before, p_return)
    assert before.loss_if_returned[0] == after.loss_if_returned[0]


@given(policy=_POLICIES, offers=_OFFERS)
def test_priors_are_no_money(policy: Policy, offers: list[Any]) -> None:
    others = {category: replace(costs, return_rate_prior=0.123, size_share_prior=0.456) for category, costs in policy.by_category.items()}
    assert _told(money_of(offers, policy)) == _told(money_of(offers, replace(policy, by_category=others)))


def test_every_field_of_economics_is_a_cost_or_a_prior() -> None:
    assert {field.name for field in fields(Economics)} == {*COSTS_MORE, "return_rate_prior", "size_share_prior"}


@given(offers=_OFFERS, policy=_POLICIES, currency=_ANY_CURRENCY)
def test_offers_do_not_change_each_others_money(offers: list[Any], policy: Policy, currency: str) -> None:
    together = _told(money_of(offers, policy, currency))
    assert together == [row for offer in offers for row in _told(money_of([offer], policy, currency))]
    assert together[::-1] == _told(money_of(offers[::-1], policy, currency))


def _told(unit: UnitEconomics) -> list[tuple[int, ...]]:
    return [tuple(int(getattr(unit, name)[at]) for name in (*PARTS, "unit_cost_assumed")) for at in range(len(unit.price_net))]


@given(offers=_OFFERS, policy=_POLICIES, times=st.integers(1, 20))
def test_prices_and_costs_times_a_number_are_money_times_that_number(offers: list[Any], policy: Policy, times: int) -> None:
    """Up to the rounding of each of the parts: half a cent before and after."""
    many = {
        category: replace(
            costs, **{field.name: getattr(costs, field.name) * times for field in fields(Economics) if field.name.endswith("_cents")}
        )
        for category, costs in policy.by_category.items()
    }
    larger = money_of(
        [(price * times, cost and cost * times, category) for price, cost, category in offers], replace(policy, by_category=many)
    )
    unit = money_of(offers, policy)
    for name, parts in (("margin_if_kept", 4), ("loss_if_returned", 8)):
        assert np.abs(getattr(larger, name) - times * getattr(unit, name)).max() <= parts * (times + 1)


@given(offers=_OFFERS, policy=_POLICIES, currency=_ANY_CURRENCY, rate=st.integers(1, 10**4))
def test_an_exchange_rate_translates_flat_costs_and_nothing_else(offers: list[Any], policy: Policy, currency: str, rate: int) -> None:
    assume(currency != "EUR")
    unit, other = (
        money_of(offers, each, currency) for each in (policy, replace(policy, exchange={**policy.exchange, currency: rate / 100}))
    )
    for name in ("price_net", "unit_cost", "payment_fee", "payment_fee_kept", "resale_loss"):
        assert getattr(unit, name).tolist() == getattr(other, name).tolist()
    elsewhere = replace(policy, exchange={name: worth if name == currency else 99.0 for name, worth in policy.exchange.items()})
    assert _told(unit) == _told(money_of(offers, elsewhere, currency))


@given(offers=_OFFERS, policy=_POLICIES)
def test_the_market_decides_the_vat_and_nothing_else(offers: list[Any], policy: Policy) -> None:
    free = money_of(offers, policy, country="US")
    assert [price for price, _, _ in offers] == free.price_net.tolist()
    assert _told(free) == _told(money_of(offers, replace(policy, vat={"": 0.0})))
    assert _told(money_of(offers, policy)) == _told(money_of(offers, policy, country="DE"))


@given(minor=st.integers(), other=st.integers(), currencies=st.permutations(sorted(EXPONENTS)).map(lambda codes: codes[:2]))
def test_no_two_currencies_are_ever_combined(minor: int, other: int, currencies: list[str]) -> None:
    one, two = Money(minor, currencies[0]), Money(other, currencies[1])
    for combine in (lambda: one + two, lambda: one - two, lambda: one < two):
        with pytest.raises(ValueError, match=f"cannot combine {currencies[0]} with {currencies[1]}"):
            combine()
    assert one != two


@given(a=st.integers(), b=st.integers(), currency=st.sampled_from(sorted(EXPONENTS)))
def test_amounts_of_one_currency_are_counted_like_whole_numbers(a: int, b: int, currency: str) -> None:
    one, two = Money(a, currency), Money(b, currency)
    assert (a + b, a - b, -a) == ((one + two).minor, (one - two).minor, (-one).minor)
    assert (a < b, a == b) == (one < two, one == two)
    assert {currency} == {(one + two).currency, (one - two).currency, (-one).currency, one.times(Decimal(2)).currency}


@given(offers=_OFFERS, policy=_POLICIES)
def test_a_break_even_is_a_rate_at_which_nothing_is_left(offers: list[Any], policy: Policy) -> None:
    unit = money_of(offers, policy)
    for at, turn in enumerate(unit.break_even):
        margin, loss = unit.margin_if_kept[at], unit.loss_if_returned[at]
        assert (margin >= 0 and loss >= 0 and margin + loss > 0) == (not np.isnan(turn))
        if not np.isnan(turn):
            assert 0 <= turn <= 1
            assert 0 == pytest.approx((1 - turn) * margin - turn * loss, abs=1e-6)


@pytest.mark.parametrize("name", PRESETS)
@given(a=_SHARES, b=_SHARES)
def test_the_resale_loss_is_what_is_neither_sold_as_new_nor_recovered(name: str, a: float, b: float) -> None:
    costs = replace(PRESETS[name].economics, resold_as_new_share=a, recovery_share=b)
    assert pytest.approx((1 - a) * (1 - b)) == costs.resale_loss_share
