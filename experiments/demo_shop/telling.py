"""What reaches the shop late, and what it finds out afterwards. Numbers are guesses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Ints, moments, named
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.noise import Keys, Noise
from experiments.demo_shop.orders import Lines
from experiments.demo_shop.outcomes import CAUSES

_TOLD_LATE = 0.02
_HOURS_LATE = (1.0, 12.0)

_FOUND_OUT = 0.3
"""Of the returns whose stated reason is not the true one, the share where the inspection finds the true one."""

_INSPECTED_AFTER_DAYS = (1.0, 3.0)


def some_told_late(facts: pd.DataFrame, happened: str, about: tuple[Ints | Keys, ...], what: str, noise: Noise) -> pd.DataFrame:
    """The facts, a few of which the shop knows only hours after they happened.

    Args:
        facts: a table.
        happened: its column that says when.
        about: what the luck of each fact hangs on.
        what: which facts these are.
        noise: the shop's luck.
    """
    late = noise.uniform(f"{what} late", *about) < _TOLD_LATE
    low, high = _HOURS_LATE
    known = _seconds(facts[happened]) + ((low + (high - low) * noise.uniform(f"{what} hours", *about)) * 3_600).astype(np.int64)
    return facts.assign(known_at=moments(known, late))


def with_corrections(returns: pd.DataFrame, lines: Lines, outcomes: Outcomes, noise: Noise) -> pd.DataFrame:
    """The returns, some with a second row: days after the arrival the inspection found the true reason."""
    rows = np.flatnonzero(outcomes.returned)
    cause, about = named(CAUSES, outcomes.cause[rows]), (lines.key[rows], lines.sku[rows])
    wrong = (returns["reason"] != cause).to_numpy()
    found = wrong & (noise.uniform("found out", *about) < _FOUND_OUT)
    low, high = _INSPECTED_AFTER_DAYS
    known = _seconds(returns["received_at"]) + ((low + (high - low) * noise.uniform("inspected", *about)) * DAY).astype(np.int64)
    later = returns.assign(reason=cause, known_at=moments(known))[found]
    at_once = returns.assign(known_at=moments(known, np.zeros(len(returns), dtype=bool)))
    return pd.concat([at_once, later], ignore_index=True)


def _seconds(times: pd.Series) -> Ints:
    return np.asarray(times.dt.tz_localize(None).to_numpy().astype("datetime64[s]"), dtype=np.int64)
