"""Reads prices that a source writes with a decimal point, such as 49.9, as whole cents."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pandas as pd


def in_cents(prices: pd.Series) -> pd.Series:
    """Whole hundredths of a currency's unit (Int64), half to even; missing where the price is.

    >>> in_cents(pd.Series([49.9, 0.125, None])).tolist()
    [4990, 12, <NA>]
    """
    cents = {price: int((Decimal(str(price)) * 100).to_integral_value(ROUND_HALF_EVEN)) for price in prices.dropna().unique()}
    return prices.map(cents).astype("Int64")
