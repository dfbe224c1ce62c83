from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import PolicyRefused
from domain.money import EXPONENTS, Money, exponent, half_even


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_currencies_have_their_decimals(currency: str, decimals: int) -> None:
    assert decimals == exponent(currency)


@pytest.mark.parametrize(("decimals", "currencies"), [(0, 16), (2, 37), (3, 7)])
def test_every_currency_is_a_code_of_three_letters(decimals: int, currencies: int) -> None:
    codes = [code for code, found in EXPONENTS.items() if found == decimals]
    assert currencies == len(codes)
    assert all(re.fullmatch("[A-Z]{3}", code) for code in codes)


@pytest.mark.parametrize("currency", ["", "eur", "XYZ", "EURO"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(PolicyRefused, match="unknown currency"):
        Money(1, currency)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(123456, "EUR"), "EUR 1,234.56"),
        (Money(-5, "EUR"), "EUR -0.05"),
        (Money(1234, "JPY"), "JPY 1,234"),
        (Money(1, "KWD"), "KWD 0.001"),
    ],
)
def test_money_is_written_with_the_currencys_decimals(money: Money, text: str) -> None:
    assert text == str(money)


def test_money_adds_subtracts_and_compares() -> None:
    assert Money(3, "EUR") == Money(1, "EUR") + Money(2, "EUR")
    assert Money(-1, "EUR") == Money(1, "EUR") - Money(2, "EUR") == -Money(1, "EUR")
    assert Money(1, "EUR") < Money(2, "EUR")


def test_two_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot combine EUR with USD"):
        Money(1, "EUR") + Money(1, "USD")


@pytest.mark.parametrize(("amount", "rounded"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("-0.5", 0), ("-1.5", -2), ("0.51", 1)])
def test_halves_go_to_the_even_neighbour(amount: str, rounded: int) -> None:
    assert rounded == half_even(Decimal(amount))


def test_money_is_a_value() -> None:
    with pytest.raises(AttributeError):
        Money(1, "EUR").minor = 2  # type: ignore[misc]


def test_an_amount_times_a_long_fraction_is_rounded_once() -> None:
    assert Money(5 * 10**11 + 1, "EUR") == Money(10**12, "EUR").times(Decimal("0.5000000000005000000000000000000001"))


@given(minor=st.integers(-(10**12), 10**12))
def test_half_of_an_amount_twice_is_off_by_at_most_one(minor: int) -> None:
    half = Money(minor, "EUR").times(Decimal("0.5"))
    assert abs((half + half - Money(minor, "EUR")).minor) <= 1
