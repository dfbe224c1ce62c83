"""Says numbers, moves and refusals the way people read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.money import exponent
from domain.policy import Objective
from serving.wire import Fallback, FallbackLevel

_MINUS = "\N{MINUS SIGN}"

OBJECTIVES: Mapping[Objective, str] = {
    "kept_margin": "kept margin",
    "conversion": "conversion",
    "return_blind_margin": "margin, blind to returns",
}

FALLBACKS: Mapping[Fallback, str] = {
    "none": "nothing is missing: the customer's history and the offer's are known",
    "new_customer": "a new customer: scored without a history of her own",
    "new_offer": "a new offer: scored without a history of its own",
    "new_customer_and_offer": "a new customer and a new offer: scored without the history of either",
    "prior": "no return model: the return rate is the policy's assumption",
    "deadline": "no time to rank: the offers stand in the caller's own order",
}

EXCLUDED: Mapping[str, str] = {
    "hidden": "it is hidden, by the shop or by the request",
    "out_of_stock": "it is out of stock",
    "price_unknown": "no price is known in this currency",
}

WIDTHS: Mapping[FallbackLevel, str] = {
    "none": "as orders of this kind did",
    "customer_and_item": "as orders of such customers and items did, whatever their risk",
    "all": "as all orders did",
    "unknown": "too few were seen to tell",
}

SHARES: Mapping[str, str] = {"size": "size", "quality": "quality", "taste": "taste", "other": "other reasons"}


def percent(share: float, decimals: int = 1) -> str:
    r"""A share of 0 to 1.

    >>> percent(0.2958), percent(0.5, 0), percent(-0.005) == "\N{MINUS SIGN}0.5\xa0%"
    ('29.6\xa0%', '50\xa0%', True)
    """
    return _signed(f"{100 * share:.{decimals}f}") + "\N{NO-BREAK SPACE}%"


def amount(minor: float, currency: str) -> str:
    r"""Minor units as an amount, without the currency; halves to the even neighbour.

    >>> amount(123456, "EUR"), amount(-0.4, "EUR"), amount(1500, "JPY"), amount(-5, "EUR") == "\N{MINUS SIGN}0.05"
    ('1,234.56', '0.00', '1,500', True)
    """
    decimals = exponent(currency)
    return _signed(f"{Decimal(round(minor)).scaleb(-decimals):,.{decimals}f}")


def money(minor: float, currency: str) -> str:
    r"""The same with the currency.

    >>> money(1234, "EUR")
    'EUR\xa012.34'
    """
    return f"{currency}\N{NO-BREAK SPACE}{amount(minor, currency)}"


def change(before: float, after: float) -> str:
    r"""By how much something changed, in words where percent say nothing.

    >>> change(200, 202), change(0, 5), change(-10, 10), change(7, 7)
    ('+1.0\xa0%', 'from nothing', 'from a loss', 'the same')
    """
    if f"{before:.6g}" == f"{after:.6g}":
        return "the same"
    if before == 0:
        return "from nothing"
    if before < 0:
        return "from a loss"
    told = percent(after / before - 1.0)
    return told if told.startswith(_MINUS) else f"+{told}"


def number(value: float, decimals: int = 1) -> str:
    """A number with its thousands apart.

    >>> number(1234.56), number(-0.04)
    ('1,234.6', '0.0')
    """
    return _signed(f"{value:,.{decimals}f}")


def value(told: float | None, unit: str) -> str:
    r"""What a model read, with its unit.

    >>> value(0.583, "rate"), value(12.0, "lines"), value(None, "days")
    ('58\xa0%', '12 lines', 'not known')
    """
    if told is None:
        return "not known"
    return percent(told, 0) if unit == "rate" else f"{_signed(f'{told:.4g}')} {unit}"


def places(count: int) -> str:
    """How many places.

    >>> places(1), places(3)
    ('1 place', '3 places')
    """
    return f"{count} place" if count == 1 else f"{count} places"


def _signed(text: str) -> str:
    """With a real minus sign, and without one before zero."""
    digits = text.removeprefix("-")
    return _MINUS + digits if text.startswith("-") and digits.strip("0.,") else digits
