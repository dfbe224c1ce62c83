"""A shop as the features see it: its checked tables, and what became of every order line by a given moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

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
        now: facts known later than this moment are not known.
        zone: the time zone (IANA) in which the shop's days begin at midnight.
    """

    tables: Tables
    outcomes: pd.DataFrame
    windows: Mapping[str, int]
    now: dt.datetime
    zone: str = "UTC"

    @classmethod
    def of(cls, tables: Tables, windows: Mapping[str, int], *, now: dt.datetime | None = None, zone: str = "UTC") -> Shop:
        """The shop at `now`, which defaults to the end of the day (in its zone) of its latest fact."""
        now = now or midnight(_day(latest_fact(tables), zone) + 1, zone).to_pydatetime()
        return cls(tables, outcomes(tables["order_lines"], tables["returns"], windows, now=now), windows, now, zone)

    def without_lines(self, line_ids: pd.Series) -> Shop:
        """The same shop, had these order lines (with their returns and verdicts) never been."""
        kept = {name: _without(frame, line_ids) for name, frame in self.tables.items()}
        return Shop(kept, _without(self.outcomes, line_ids), self.windows, self.now, self.zone)

    @property
    def today(self) -> int:
        """The day (in the shop's zone, since 1970-01-01) that has begun at `now`."""
        return _day(self.now, self.zone)

    @cached_property
    def present(self) -> frozenset[str]:
        """Every table with a row, and every "table.column" with a value that is not missing."""
        rows = {name: frame for name, frame in self.tables.items() if len(frame)}
        told = (f"{name}.{column}" for name, frame in rows.items() for column in frame.columns if frame[column].notna().any())
        return frozenset({*rows, *told})

    def has(self, need: str) -> bool:
        """Whether the shop has facts of this kind: rows of a table, or values in a "table.column"."""
        return need in self.present


def latest_fact(tables: Tables) -> dt.datetime:
    """When the latest fact of the tables happened or became known (UTC).

    Raises:
        NotEnoughData: the tables hold no fact.
    """
    told = (
        (name, column) for name, table in TABLES.items() if table.known_at and name in tables for column in (table.known_at, "known_at")
    )
    latest = [tables[name][column].max() for name, column in told if column in tables[name].columns]
    known: list[pd.Timestamp] = [moment for moment in latest if not pd.isna(moment)]
    if not known:
        raise NotEnoughData("the tables hold no fact", expected="at least one order line")
    return max(known).to_pydatetime()


def _day(moment: dt.datetime, zone: str) -> int:
    return int(days(pd.Series([moment]), zone)[0])


def _without(frame: pd.DataFrame, line_ids: pd.Series) -> pd.DataFrame:
    return frame[~frame["line_id"].isin(line_ids)].reset_index(drop=True) if "line_id" in frame.columns else frame
