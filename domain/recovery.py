"""What do returned units still bring? Estimated from the shop's own returns, leaning on the policy's assumption while they are few.

    a = share of returned units sold again as new;  b = what the others still bring, as a share of the net price
    estimate = (n * seen + WORTH * assumed) / (n + WORTH)

A category leans on the other categories, and all of them on the policy's a and b. Categories for which the policy assumes another a or
b, such as those of another preset, are other goods: they lean on each other only.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.known import holds
from domain.policy import Policy
from domain.tables import Tables

AS_NEW = "as_new"
"""The condition of units that are sold again as new."""

WORTH = 60
"""An assumption counts like this many returns: EHI's 50-75 % sold as new is then the 95 % range of 0.625 before a return is seen."""

ALL = ""
"""The key of all categories that the policy treats like its default, together."""

_Z95 = 1.959964
_SUMS = ["returns", "units", "units_squared", "as_new", "rest", "rest_squared", "rest_value", "without_value"]


@dataclass(frozen=True)
class Share:
    """A share, and the range that holds the true one with 95 %.

    The range is the normal approximation of a Beta posterior with n + WORTH observations, given what is leaned on. Shares that are no
    yes or no, such as b, vary less than that: their range is too wide rather than too narrow.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Recovery:
    """What the returned units of a category still bring.

    Attributes:
        returns: arrived returns whose `recovered_value` is known.
        without_value: arrived returns whose `recovered_value` is not known; if these are the unsold, the estimate flatters.
        resold_as_new_share: a.
        recovery_share: b.
        assumed: a and b as the policy has them.
    """

    returns: int
    without_value: int
    resold_as_new_share: Share
    recovery_share: Share
    assumed: tuple[float, float]


def estimate_recovery(tables: Tables, policy: Policy, *, now: dt.datetime) -> dict[str, Recovery]:
    """The a and b of every category of the products, and of `ALL`.

    Each returned unit counts once, whatever its price. A unit in condition `as_new` counts towards a with what it brought (at most its
    net price), the other units' takings make b: so a + (1 - a) b is what the average unit brought, even if as-new units were marked down.
    Returns of many units count as fewer of one unit (Kish's effective number), as units of one parcel share its fate.

    Args:
        tables: the contract's products, order_lines and returns; of corrected returns the latest row counts.
        policy: its VAT rates, and the a and b that it assumes.
        now: what was told later is not known.
    """
    assumed = {str(category): _assumed(policy, str(category)) for category in sorted(tables["products"]["category"].unique())}
    sums = _returned(tables, policy, now).groupby("category")[_SUMS].sum().reindex([*assumed], fill_value=0.0)
    estimates = {ALL: _pooled(sums, assumed, _assumed(policy, ALL))}
    for category, prior in assumed.items():
        others = _pooled(sums.drop(index=category), assumed, prior)
        leaned_on = (others.resold_as_new_share.value, others.recovery_share.value)
        estimates[category] = _estimate(sums.loc[[category]], leaned_on, prior)
    return estimates


def _assumed(policy: Policy, category: str) -> tuple[float, float]:
    economics = policy.economics(category)
    return economics.resold_as_new_share, economics.recovery_share


def _returned(tables: Tables, policy: Policy, now: dt.datetime) -> pd.DataFrame:
    """One row per arrived return of a priced line: its category, and what it adds to each of the sums."""
    known = _held(tables["returns"], now)
    line = tables["order_lines"].set_index("line_id").loc[known["line_id"]].reset_index()
    category = tables["products"].set_index("sku")["category"].loc[line["sku"]].reset_index(drop=True)
    vat = line["country"].map(dict(policy.vat)).fillna(policy.vat[""]).astype("float64")
    units = known["quantity"].astype("float64")
    net = units * line["unit_price"].astype("float64") / (1 + vat)
    share = (known["recovered_value"].astype("float64") / net).clip(upper=1)
    valued = share.notna().astype("float64")
    units, is_new = units * valued, (known["condition"] == AS_NEW).astype("float64")
    as_new = units * is_new * share
    rest = units - as_new
    columns = (valued, units, units**2, as_new, rest, rest**2, units * (1 - is_new) * share, 1 - valued)
    return pd.DataFrame({"category": category, **dict(zip(_SUMS, columns, strict=True))})[net > 0]


def _held(returns: pd.DataFrame, now: dt.datetime) -> pd.DataFrame:
    """What is known at `now` of each arrived return."""
    told = returns["known_at"].fillna(returns["received_at"])
    known = returns[told <= now]
    arrived = known["return_id"].isin(known.loc[known["received_at"] <= now, "return_id"])
    return known[holds(known) & arrived].reset_index(drop=True)


def _pooled(sums: pd.DataFrame, assumed: Mapping[str, tuple[float, float]], prior: tuple[float, float]) -> Recovery:
    """What the categories with the same assumption show together."""
    return _estimate(sums.loc[[category for category in sums.index if assumed[category] == prior]], prior, prior)


def _estimate(of_categories: pd.DataFrame, leaned_on: tuple[float, float], assumed: tuple[float, float]) -> Recovery:
    sums = of_categories.sum()
    return Recovery(
        returns=int(sums["returns"]),
        without_value=int(sums["without_value"]),
        resold_as_new_share=_leaning(sums["as_new"], sums["units"], sums["units_squared"], leaned_on[0]),
        recovery_share=_leaning(sums["rest_value"], sums["rest"], sums["rest_squared"], leaned_on[1]),
        assumed=assumed,
    )


def _leaning(value: float, weight: float, squared: float, leaned_on: float) -> Share:
    """The weighted mean value / weight, drawn towards what is leaned on."""
    n = weight**2 / squared if squared > 0 else 0.0
    seen = value / weight if squared > 0 else leaned_on
    estimate = float(np.clip((n * seen + WORTH * leaned_on) / (n + WORTH), 0, 1))
    reach = _Z95 * math.sqrt(estimate * (1 - estimate) / (n + WORTH + 1))
    return Share(estimate, max(0.0, estimate - reach), min(1.0, estimate + reach))
