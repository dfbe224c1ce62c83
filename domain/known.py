"""When did the shop know? A fact may be told late, and what is told of a return may be corrected later."""

from __future__ import annotations

import pandas as pd


def known_since(frame: pd.DataFrame, column: str) -> pd.Series:
    """When a row's moment became known: at that moment, or at `known_at` where the row was told later; NaT where it is missing."""
    happened, told = frame[column], frame["known_at"]
    return happened.mask(happened.notna() & (told > happened), told)


def first_told(returns: pd.DataFrame) -> pd.DataFrame:
    """Each return as it was first told, in the order of `returns`."""
    return returns[~_by_time(returns).duplicated("return_id").reindex(returns.index)]


def holds(returns: pd.DataFrame) -> pd.Series:
    """Which rows of the returns are not corrected by a later one."""
    return ~_by_time(returns).duplicated("return_id", keep="last").reindex(returns.index)


def _by_time(returns: pd.DataFrame) -> pd.DataFrame:
    """What was told at once comes first."""
    return returns[["return_id", "known_at"]].sort_values("known_at", kind="stable", na_position="first")
