"""Finds the purchase that a cancellation takes back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pandas as pd


@dataclass
class _Purchase:
    row: int
    units_left: int


def match_cancellations(rows: pd.DataFrame) -> pd.Series:
    """The purchase that each cancellation takes back: the latest earlier one with enough units left.

    Rows are taken in the order of time; at the same time, in the order of the table. A cancellation is matched whole, to one purchase
    of the same customer and sku; a purchase can be taken back in several parts, never more than its units.

    Args:
        rows: customer_id, sku, at, units (above 0), cancels (true for a cancellation), indexed by row number.

    Returns:
        The purchase's row number, indexed by the cancellation's; a cancellation without a match is absent.
    """
    cancelled = rows[rows["cancels"]].set_index(["customer_id", "sku"]).index
    involved = rows[rows.set_index(["customer_id", "sku"]).index.isin(cancelled)].sort_values("at", kind="stable")
    purchases: defaultdict[tuple[str, str], list[_Purchase]] = defaultdict(list)
    matches: dict[int, int] = {}
    columns = (involved[name].tolist() for name in ("customer_id", "sku", "units", "cancels"))
    for row, customer_id, sku, units, cancels in zip(involved.index.tolist(), *columns, strict=True):
        earlier = purchases[customer_id, sku]
        if not cancels:
            earlier.append(_Purchase(row, units))
        elif (purchase := _latest_with(units, earlier)) is not None:
            purchase.units_left -= units
            matches[row] = purchase.row
    return pd.Series(matches, dtype="int64")


def _latest_with(units: int, purchases: list[_Purchase]) -> _Purchase | None:
    return next((purchase for purchase in reversed(purchases) if purchase.units_left >= units), None)
