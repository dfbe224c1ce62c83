"""A shop whose big tables stay on disk: for more order lines than fit into memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.tables import TABLES, Tables
from features.clock import days, midnight
from features.shop import Shop
from features.source import parquet_files, require_ours

SMALL = ("products", "customers", "preferences", "consents", "stock")
"""Tables that are read into memory as a whole."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Tables that Keeprank wrote, of which the big ones are read where they lie.

    Attributes:
        tables: the small ones.
        sources: the Parquet file or folder of each big one.
        windows: return window in days by country; "" is the default.
        now: facts later than this moment are not known.
        zone: the time zone (IANA) in which the shop's days begin at midnight.
    """

    tables: Tables
    sources: Mapping[str, Path]
    windows: Mapping[str, int]
    now: dt.datetime
    zone: str

    @classmethod
    def of(cls, folder: Path, windows: Mapping[str, int], zone: str) -> Stored:
        """A folder of tables, checked when they were written, at the end of the day of its latest fact.

        Raises:
            TablesRefused: Keeprank did not write the folder, so nobody has checked it.
        """
        require_ours(folder)
        found = {path.stem: path for path in parquet_files(folder)}
        tables = {name: pd.read_parquet(path) for name, path in found.items() if name in SMALL}
        sources = {name: path for name, path in found.items() if name not in SMALL}
        latest = pd.Series([max(_latest(name, path) for name, path in found.items() if TABLES[name].known_at)])
        return cls(tables, sources, windows, midnight(int(days(latest, zone)[0]) + 1, zone).to_pydatetime(), zone)

    @property
    def today(self) -> int:
        """The day (in the shop's zone, since 1970-01-01) that has begun at `now`."""
        return int(days(pd.Series([pd.Timestamp(self.now)]), self.zone)[0])

    @cached_property
    def present(self) -> frozenset[str]:
        """Every table with a row, and every "table.column" with a value that is not missing."""
        told = set()
        for name, frame in self.tables.items():
            told |= {name, *(f"{name}.{column}" for column in frame.columns if frame[column].notna().any())} if len(frame) else set()
        for name, path in self.sources.items():
            told |= {name, *(f"{name}.{column}" for column in _filled(path))} if _rows(path) else set()
        return frozenset(told)


AnyShop: TypeAlias = Shop | Stored
"""A shop in memory, or on disk."""


def _rows(path: Path) -> int:
    return sum(pq.read_metadata(file).num_rows for file in _files(path))


def _filled(path: Path) -> set[str]:
    """The columns with a value that is not missing, as the files' own statistics tell."""
    return {name for file in _files(path) for name in _filled_in(pq.read_metadata(file))}


def _filled_in(metadata: pq.FileMetaData) -> Iterator[str]:
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        for column in (group.column(number) for number in range(metadata.num_columns)):
            if column.statistics is None or column.statistics.null_count is None or column.statistics.null_count < group.num_rows:
                yield column.path_in_schema


def _latest(name: str, path: Path) -> pd.Timestamp:
    """The latest moment of a table, as its files' own statistics tell; a file without them is read."""
    names = pq.read_schema(_files(path)[0]).names
    columns = [column for column in (TABLES[name].known_at, "known_at") if column is not None and column in names]
    found = [moment for file in _files(path) for column in columns if (moment := _latest_in(file, column)) is not None]
    return max(found, default=pd.Timestamp(0, tz="UTC")).as_unit("us")


def _latest_in(file: Path, column: str) -> pd.Timestamp | None:
    metadata = pq.read_metadata(file)
    number = metadata.schema.to_arrow_schema().get_field_index(column)
    told = [metadata.row_group(group).column(number).statistics for group in range(metadata.num_row_groups)]
    if all(one is not None and (one.has_min_max or not one.num_values) for one in told):
        latest = max((one.max for one in told if one.has_min_max), default=None)
    else:
        latest = pc.max(pq.read_table(file, columns=[column])[column]).as_py()
    return None if latest is None else pd.Timestamp(latest).tz_convert("UTC")


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
