"""Where the portable SQL runs: embedded in this process by default, on Spark past one machine (`features.spark`)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa

Source: TypeAlias = pd.DataFrame | pa.Table | Path
"""A relation: in memory, or a Parquet file or folder that is read when it is needed and never as a whole."""


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    """A frame as every engine is given it: moments in UTC, no index, and a missing value of any column, NaN of a double too, is NULL."""
    zoned = frame.select_dtypes("datetimetz")  # pyarrow asks for their values in a way that pandas warns of
    in_utc = {str(name): zoned[name].dt.tz_convert(None) for name in zoned}
    return pa.Table.from_pandas(frame.assign(**in_utc), preserve_index=False).replace_schema_metadata(None)


class Engine(Protocol):
    """Runs one text on named relations, and gives the same whole numbers wherever it runs.

    Timestamps are UTC; the text may call `unix_micros(timestamp)`, microseconds since 1970.
    """

    def give(self, name: str, source: Source) -> None:
        """Make a relation known by a name."""

    def define(self, name: str, select: str) -> None:
        """Make the result of a SELECT known by a name, computed once."""

    def fetch(self, select: str) -> pa.Table:
        """The result of a SELECT."""

    def write(self, select: str, file: Path) -> None:
        """Write the result of a SELECT to Parquet: a file, or a folder of parts."""


class Embedded:
    """DuckDB in this process; what does not fit its memory goes to a temporary folder.

    Attributes:
        connection: the DuckDB connection.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE OR REPLACE TEMP MACRO unix_micros(moment) AS epoch_us(moment)")  # as Spark calls it

    def give(self, name: str, source: Source) -> None:
        """Make a relation known by a name."""
        if isinstance(source, Path):
            files = str(source / "**" / "*.parquet") if source.is_dir() else str(source)
            self.connection.read_parquet(files).create_view(name, replace=True)
        else:
            self.connection.register(name, as_arrow(source) if isinstance(source, pd.DataFrame) else source)

    def define(self, name: str, select: str) -> None:
        """Make the result of a SELECT known by a name, computed once."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")

    def forget(self, name: str) -> None:
        """Give back what the result of a SELECT that was made known takes."""
        self.connection.execute(f"DROP TABLE {name}")

    def fetch(self, select: str) -> pa.Table:
        """The result of a SELECT."""
        return self.connection.sql(select).to_arrow_table()

    def write(self, select: str, file: Path) -> None:
        """Write the result of a SELECT to a Parquet file."""
        self.connection.sql(select).write_parquet(str(file))

    def write_parts(self, select: str, folder: Path, *, by: str) -> None:
        """Write the result of a SELECT to a folder of Parquet, with a folder for each value of a column."""
        folder.mkdir(parents=True)
        self.connection.execute(f"COPY ({select}) TO '{folder}' (FORMAT parquet, PARTITION_BY ({by}), OVERWRITE_OR_IGNORE)")


@contextmanager
def embedded(*, memory_mb: int | None = None, threads: int | None = None) -> Iterator[Embedded]:
    """An embedded engine that is closed, with everything it kept on disk, when it is left.

    Args:
        memory_mb: what it may hold in memory before it spills, in MiB; by default DuckDB's own bound, 80 % of the machine.
        threads: by default one per core.
    """
    with tempfile.TemporaryDirectory(prefix="keeprank-") as spill, duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{spill}'")
        connection.execute("SET preserve_insertion_order = false")
        if memory_mb is not None:
            connection.execute(f"SET memory_limit = '{memory_mb}MiB'")
        if threads is not None:
            connection.execute(f"SET threads = {threads}")
        yield Embedded(connection)
