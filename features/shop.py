"""A shop as the features see it: its checked tables, and what became of every order line by a given moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from domain.errors import NotEnoughData
from domain.outcomes import outcomes
from domain.tables import TABLES, Tables
from features.clock import days, midnight


@dataclass(frozen=True)
class Shop:
    """Checked tables and the outcome of each order line.

    Attributes:
        tables: the contract's tables; optional ones may be absent.
        outcomes: one row per order line, as `domain.outcomes.outcomes` returns it.
        windows: return window in days by country; "" is the default.
        now: facts later than this moment are not known.
    """

    tables: Tables
    outcomes: pd.DataFrame
    windows: Mapping[str, int]
    now: dt.datetime

    @classmethod
    def of(cls, tables: Tables, windows: Mapping[str, int], *, now: dt.datetime | None = None) -> Shop:
        """The shop at `now`, which defaults to the end of the day (UTC) of its latest fact."""
        now = now or midnight(int(days(pd.Series([latest_fact(tables)]))[0]) + 1).to_pydatetime()
        return cls(tables, outcomes(tables["order_lines"], tables["returns"], windows, now=now), windows, now)

    def without_lines(self, line_ids: pd.Series) -> Shop:
        """The same shop, had these order lines (with their returns and verdicts) never been."""
        kept = {name: _without(frame, line_ids) for name, frame in self.tables.items()}
        return Shop(kept, _without(self.outcomes, line_ids), self.windows, self.now)

    def has(self, table: str) -> bool:
        """Whether the shop has facts of this kind."""
        return table in self.tables and len(self.tables[table]) > 0


def latest_fact(tables: Tables) -> dt.datetime:
    """When the latest fact of the tables became known (UTC).

    Raises:
        NotEnoughData: the tables hold no fact.
    """
    latest = [tables[name][table.known_at].max() for name, table in TABLES.items() if table.known_at and name in tables]
    known: list[pd.Timestamp] = [moment for moment in latest if not pd.isna(moment)]
    if not known:
        raise NotEnoughData("the tables hold no fact", expected="at least one order line")
    return max(known).to_pydatetime()


def _without(frame: pd.DataFrame, line_ids: pd.Series) -> pd.DataFrame:
    return frame[~frame["line_id"].isin(line_ids)].reset_index(drop=True) if "line_id" in frame.columns else frame
