"""What reaches the shop late, and what it finds out afterwards. Numbers are guesses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Ints, Texts, moments, named
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.outcomes import CAUSES
from experiments.demo_shop.settings import ShopSettings

_TOLD_LATE = 0.02
_HOURS_LATE = (1.0, 12.0)

_FOUND_OUT = 0.3
"""Of the returns whose stated reason is not the true one, the share where the inspection finds the true one."""

_INSPECTED_AFTER_DAYS = (1.0, 3.0)


def some_told_late(settings: ShopSettings, facts: pd.DataFrame, happened: str, rng: np.random.Generator) -> pd.DataFrame:
    """The facts, a few of which the shop knows only hours after they happened; what it never got to know is told at once."""
    late = rng.random(len(facts)) < _TOLD_LATE
    known = _seconds(facts[happened]) + (rng.uniform(*_HOURS_LATE, len(facts)) * 3_600).astype(np.int64)
    return facts.assign(known_at=moments(known, late & (known < settings.end)))


def with_corrections(
    settings: ShopSettings, returns: pd.DataFrame, line_ids: Texts, outcomes: Outcomes, rng: np.random.Generator
) -> pd.DataFrame:
    """The returns, some with a second row: days after the arrival the inspection found the true reason."""
    cause = named(CAUSES, outcomes.cause[pd.Index(line_ids).get_indexer(pd.Index(returns["line_id"]))])
    wrong = returns["received_at"].notna() & (returns["reason"] != cause)
    found = (wrong & (rng.random(len(returns)) < _FOUND_OUT)).to_numpy()
    known = _seconds(returns["received_at"]) + (rng.uniform(*_INSPECTED_AFTER_DAYS, len(returns)) * DAY).astype(np.int64)
    told = returns.assign(known_at=moments(known))
    later = told.assign(reason=cause)[found & (known < settings.end)]
    at_once = told.assign(known_at=moments(known, np.zeros(len(returns), dtype=bool)))
    return pd.concat([at_once, later]).sort_values(["return_id", "known_at"], na_position="first", ignore_index=True)


def _seconds(times: pd.Series) -> Ints:
    """Seconds since 1970; 0 where a time is missing."""
    return np.asarray(times.fillna(pd.Timestamp(0, tz="UTC")).dt.tz_localize(None).to_numpy().astype("datetime64[s]"), dtype=np.int64)
