"""Money as whole minor units of one currency: cents are counted, never approximated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from domain.errors import PolicyRefused

EXPONENTS: Mapping[str, int] = {
    code: exponent
    for exponent, codes in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
        2: "AED AUD BAM BGN BRL CAD CHF CNY CZK DKK EGP EUR GBP HKD HUF IDR ILS INR MAD MXN MYR NOK NZD PHP PLN "
        "QAR RON RSD SAR SEK SGD THB TRY TWD UAH USD ZAR",
        3: "BHD IQD JOD KWD LYD OMR TND",
    }.items()
    for code in codes.split()
}
"""Minor-unit exponents of ISO 4217: EUR has 2 decimals, JPY none, KWD three."""


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217).

    Raises:
        PolicyRefused: the currency is not known.
    """
    if currency not in EXPONENTS:
        raise PolicyRefused(f"unknown currency {currency!r}", expected="an ISO 4217 code such as EUR", advice="add it to domain/money.py")
    return EXPONENTS[currency]


def half_even(amount: Decimal) -> int:
    """Round to a whole number, halves to the even neighbour.

    >>> [half_even(Decimal(text)) for text in ("0.5", "1.5", "2.5", "-0.5")]
    [0, 2, 2, 0]
    """
    return int(amount.to_integral_value(rounding=ROUND_HALF_EVEN))


@dataclass(frozen=True, order=False)
class Money:
    """An amount of one currency.

    Attributes:
        minor: whole minor units, such as cents; may be negative.
        currency: ISO 4217 code.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def times(self, factor: Decimal) -> Money:
        """The amount times a number, rounded half-even once."""
        return Money(round(self.minor * Fraction(factor)), self.currency)

    def __str__(self) -> str:
        decimals = exponent(self.currency)
        return f"{self.currency} {Decimal(self.minor).scaleb(-decimals):,.{decimals}f}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other.minor
