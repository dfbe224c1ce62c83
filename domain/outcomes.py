"""When is an order line kept? When its return window has closed and nothing was asked back; until then nobody knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from domain.known import first_told, known_since
from domain.sizes import SIZE_REASONS
from domain.tables import UTC

PENDING, KEPT, RETURNED = "pending", "kept", "returned"


def outcomes(lines: pd.DataFrame, returns: pd.DataFrame, windows: Mapping[str, int], *, now: dt.datetime) -> pd.DataFrame:
    """What became of every order line, as far as it is known at `now`.

    A line is *returned* when a return asked for inside its window has arrived: known at that arrival. It is *kept* when the
    window has closed and none was asked for: known at the window's end. A return that was asked for inside the window and is
    still on its way leaves the line pending; one asked for after the window is goodwill, and the line counts as kept.
    The window opens with the delivery, or with the promised delivery or the order where a shop does not record it.
    A request or an arrival that was told late is known only then: a line can be kept for days before it turns out that it was
    asked back in time. Corrections of a return change nothing.

    Args:
        lines: the contract's order_lines.
        returns: the contract's returns.
        windows: days from delivery in which a return may be asked for, by country; "" holds the default.
        now: facts known later than this moment are not known.

    Returns:
        One row per line, in the order of `lines`: line_id, outcome (pending, kept, returned), window_ends, matured_at (UTC; NaT
        while pending), asked_back (bool: a return was asked for inside the window), label_known_at (since when asked_back can
        be told: the window's end, or later where the first such request was known later).
    """
    window_ends = _window_ends(lines, windows)
    line_id = lines["line_id"].reset_index(drop=True)
    inside = _asked_inside(lines, returns, window_ends)
    asked_at, arrived_at = (_first_known(inside, column, line_id, now) for column in ("requested_at", "received_at"))
    returned, asked_back = (moments.notna().to_numpy() for moments in (arrived_at, asked_at))
    kept = ~returned & (window_ends <= now).to_numpy() & ~asked_back
    return pd.DataFrame(
        {
            "line_id": line_id,
            "outcome": np.select([returned, kept], [RETURNED, KEPT], PENDING),
            "window_ends": window_ends,
            "matured_at": arrived_at.where(returned, window_ends.where(kept)),
            "asked_back": asked_back,
            "label_known_at": window_ends.mask(asked_at > window_ends, asked_at),
        }
    ).astype({"outcome": "str"})


def arrivals(lines: pd.DataFrame, returns: pd.DataFrame, windows: Mapping[str, int], *, now: dt.datetime) -> pd.DataFrame:
    """Every return that was asked for inside its line's window and is known by `now` to have arrived, in the order it became known.

    Returns:
        One row per return, as it was first told: line_id, received_at (when the arrival was known), quantity, size_related.
    """
    inside = _asked_inside(lines, first_told(returns), _window_ends(lines, windows))
    inside = inside.assign(received_at=known_since(inside, "received_at"), size_related=inside["reason"].isin(SIZE_REASONS))
    arrived = inside[inside["received_at"] <= now].sort_values("received_at", kind="stable")
    return arrived[["line_id", "received_at", "quantity", "size_related"]].reset_index(drop=True)


def _window_ends(lines: pd.DataFrame, windows: Mapping[str, int]) -> pd.Series:
    days = lines["country"].map(dict(windows)).fillna(windows[""])
    opens = lines["delivered_at"].fillna(lines["promised_at"]).fillna(lines["ordered_at"])
    return (opens + pd.to_timedelta(days, unit="D")).astype(UTC).reset_index(drop=True)


def _asked_inside(lines: pd.DataFrame, returns: pd.DataFrame, window_ends: pd.Series) -> pd.DataFrame:
    ends = window_ends.set_axis(pd.Index(lines["line_id"])).reindex(returns["line_id"]).set_axis(returns.index)
    return returns[returns["requested_at"] <= ends]


def _first_known(inside: pd.DataFrame, column: str, line_id: pd.Series, now: dt.datetime) -> pd.Series:
    """When a moment of any of its returns was first known, line by line; NaT where none is known by `now`."""
    first = known_since(inside, column).groupby(inside["line_id"]).min()
    return first[first <= now].reindex(line_id).reset_index(drop=True).astype(UTC)
