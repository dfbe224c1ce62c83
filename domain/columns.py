"""The kinds of columns that the data contract is made of: texts, moments, amounts, units, shares, flags."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from domain.looks import COORDINATES, FARTHEST, tells_looks

UTC = pd.DatetimeTZDtype("us", "UTC")

MAX_AMOUNT = 10**12
"""The largest amount in minor units that stays exact in 64 bits when a share is applied."""

MAX_UNITS = 10**6
"""The most units of one line: their value in minor units stays exact in 64 bits."""


def text(meaning: str, *, needed: bool = False, one_of: tuple[str, ...] = ()) -> pa.Column:
    """Text, never empty: an id, a code, a word."""
    checks = [pa.Check.str_length(min_value=1, error="must not be empty")]
    if one_of:
        checks.append(pa.Check.isin(one_of, error=f"must be one of: {', '.join(one_of)}"))
    return pa.Column(str, checks, nullable=not needed, required=needed, description=meaning)


def looks(meaning: str) -> pa.Column:
    """Coordinates, as text."""
    error = f"must be 1 to {COORDINATES} numbers between {-FARTHEST:.0f} and {FARTHEST:.0f}, separated by spaces"
    return pa.Column(str, pa.Check(tells_looks, element_wise=True, error=error), nullable=True, required=False, description=meaning)


def moment(meaning: str, *, needed: bool = False) -> pa.Column:
    """A UTC time."""
    return pa.Column(UTC, nullable=not needed, required=needed, description=meaning)


def known_at() -> pa.Column:
    """When a row was told late."""
    return moment("when the row reached the shop, where that was later than it happened; it counts from then on")


def whole(meaning: str, *, needed: bool = False, at_least: int = 0, at_most: int | None = None) -> pa.Column:
    """A whole number."""
    checks = [pa.Check.ge(at_least, error=f"must be at least {at_least}")]
    if at_most is not None:
        checks.append(pa.Check.le(at_most, error=f"must be at most {at_most:,}"))
    return pa.Column("int64" if needed else "Int64", checks, nullable=not needed, required=needed, description=meaning)


def amount(meaning: str) -> pa.Column:
    """Money in minor units."""
    return whole(f"{meaning}, minor units", at_most=MAX_AMOUNT)


def units(meaning: str) -> pa.Column:
    """A needed number of units, at least one."""
    return whole(meaning, needed=True, at_least=1, at_most=MAX_UNITS)


def share(meaning: str, *, needed: bool = False) -> pa.Column:
    """A probability above 0."""
    check = pa.Check.in_range(0.0, 1.0, include_min=False, error="must be above 0 and at most 1")
    return pa.Column("float64", check, nullable=not needed, required=needed, description=meaning)


def flag(meaning: str) -> pa.Column:
    """A needed truth value."""
    return pa.Column(bool, nullable=False, required=True, description=meaning)


_CURRENCY = pa.Check.str_matches(r"^[A-Z]{3}$", error="must be an ISO 4217 code such as EUR")


def currency() -> pa.Column:
    """The row's currency."""
    return pa.Column(str, _CURRENCY, nullable=False, required=True, description="ISO 4217 code of every amount in the row")


def country(*, needed: bool = False) -> pa.Column:
    """A market."""
    check = pa.Check.str_matches(r"^[A-Z]{2}$", error="must be an ISO 3166-1 alpha-2 code such as DE")
    return pa.Column(str, check, nullable=True, required=needed, description="market: ISO 3166-1 alpha-2 code")
