"""When is an order line kept? When its return window has closed and nothing was asked back; until then nobody knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from domain.sizes import SIZE_REASONS
from domain.tables import UTC

PENDING, KEPT, RETURNED = "pending", "kept", "returned"


def outcomes(lines: pd.DataFrame, returns: pd.DataFrame, windows: Mapping[str, int], *, now: dt.datetime) -> pd.DataFrame:
    """What became of every order line, as far as it is known at `now`.

    A line is *returned* when a return asked for inside its window has arrived: known at that arrival. It is *kept* when the
    window has closed and none was asked for: known at the window's end. A return that was asked for inside the window and is
    still on its way leaves the line pending; one asked for after the window is goodwill, and the line counts as kept.
    The window opens with the delivery, or with the promised delivery or the order where a shop does not record it.

    Args:
        lines: the contract's order_lines.
        returns: the contract's returns.
        windows: days from delivery in which a return may be asked for, by country; "" holds the default.
        now: facts later than this moment are not known.

    Returns:
        One row per line, in the order of `lines`: line_id, outcome (pending, kept, returned), window_ends, matured_at (UTC; NaT
        while pending), asked_back (bool: a return was asked for inside the window).
    """
    window_ends = _window_ends(lines, windows)
    inside = _asked_inside(lines, returns, window_ends)
    arrived = inside[inside["received_at"] <= now]
    line_id = lines["line_id"].reset_index(drop=True)
    first = arrived.groupby("line_id")["received_at"].min()
    arrived_at = first.reindex(line_id).reset_index(drop=True).astype(UTC)
    returned = arrived_at.notna().to_numpy()
    asked_back = line_id.isin(inside.loc[inside["requested_at"] <= now, "line_id"]).to_numpy()
    kept = ~returned & (window_ends <= now).to_numpy() & ~asked_back
    return pd.DataFrame(
        {
            "line_id": line_id,
            "outcome": np.select([returned, kept], [RETURNED, KEPT], PENDING),
            "window_ends": window_ends,
            "matured_at": arrived_at.where(returned, window_ends.where(kept)),
            "asked_back": asked_back,
        }
    ).astype({"outcome": "str"})


def arrivals(lines: pd.DataFrame, returns: pd.DataFrame, windows: Mapping[str, int], *, now: dt.datetime) -> pd.DataFrame:
    """Every return that was asked for inside its line's window and has arrived by `now`, in the order of its arrival.

    Returns:
        One row per return: line_id, received_at, quantity, size_related.
    """
    inside = _asked_inside(lines, returns, _window_ends(lines, windows))
    arrived = inside[inside["received_at"] <= now].sort_values("received_at", kind="stable")
    return arrived[["line_id", "received_at", "quantity", "size_related"]].reset_index(drop=True)


def _window_ends(lines: pd.DataFrame, windows: Mapping[str, int]) -> pd.Series:
    days = lines["country"].map(dict(windows)).fillna(windows[""])
    opens = lines["delivered_at"].fillna(lines["promised_at"]).fillna(lines["ordered_at"])
    return (opens + pd.to_timedelta(days, unit="D")).astype(UTC).reset_index(drop=True)


def _asked_inside(lines: pd.DataFrame, returns: pd.DataFrame, window_ends: pd.Series) -> pd.DataFrame:
    ends = window_ends.set_axis(pd.Index(lines["line_id"])).reindex(returns["line_id"]).set_axis(returns.index)
    inside = returns["requested_at"] <= ends
    return returns.loc[inside, ["line_id", "requested_at", "received_at", "quantity"]].assign(
        size_related=returns["reason"].isin(SIZE_REASONS)
    )
