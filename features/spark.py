"""Runs the portable SQL on Apache Spark, for a shop that one machine no longer holds; needs the extra `spark` and Java 17."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from domain.errors import SettingsRefused
from features.engine import Source, as_arrow

_SAME_AS_EMBEDDED = {
    "spark.sql.ansi.enabled": "true",  # overflow and a text that is no number are errors, never a wrong number or a NULL
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",  # "style.orders" is a column, not a text
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
_ON_THIS_MACHINE = {
    "spark.app.name": "keeprank",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.maxResultSize": "0",  # what is fetched is bounded by the memory alone
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


class OnSpark:
    """A Spark session that gives the same results as the embedded engine (Spark 4 or newer).

    Spark is lazy: a definition is computed when it is first used, and what fails in it fails then. An in-memory source travels from
    the driver to the executors, so a large one (hundreds of MiB) belongs in Parquet; a path is one that every executor can read.

    Attributes:
        session: the session, whose settings for ANSI SQL, time zone and timestamps in Parquet are set to what the text relies on.
    """

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._defined: dict[str, DataFrame] = {}
        for name, value in _SAME_AS_EMBEDDED.items():
            session.conf.set(name, value)

    def give(self, name: str, source: Source) -> None:
        """Make a relation known by a name."""
        self._read(source).createOrReplaceTempView(name)

    def define(self, name: str, select: str) -> None:
        """Make the result of a SELECT known by a name, computed once; Spark keeps it in memory, and on disk what does not fit."""
        result = self.session.sql(select)
        if name in self._defined:
            self._defined[name].unpersist()
        self._defined[name] = result.persist()
        result.createOrReplaceTempView(name)

    def fetch(self, select: str) -> pa.Table:
        """The result of a SELECT."""
        return self.session.sql(select).toArrow()

    def write(self, select: str, file: Path) -> None:
        """Write the result of a SELECT to a Parquet folder, in place of what was there."""
        self.session.sql(select).write.mode("overwrite").parquet(_url(file))

    def _read(self, source: Source) -> DataFrame:
        if isinstance(source, Path):
            return self.session.read.parquet(_url(source))
        return self.session.createDataFrame(as_arrow(source) if isinstance(source, pd.DataFrame) else source)


@contextmanager
def on_spark(master: str = "local[2]", *, settings: Mapping[str, str] | None = None) -> Iterator[OnSpark]:
    """Spark on this machine alone, stopped when it is left; a session on a cluster of machines is made elsewhere, for `OnSpark`.

    Args:
        master: `local[cores]`, or a cluster that listens on this machine.
        settings: Spark's own, such as `{"spark.driver.memory": "8g"}`; of one process, only the first session can set the memory.

    Raises:
        SettingsRefused: this process already has a session.
    """
    if SparkSession.getActiveSession() is not None:
        raise SettingsRefused("this process already has a Spark session", advice="give it to OnSpark, or stop it first")
    builder = SparkSession.builder.master(master)
    for name, value in {**_ON_THIS_MACHINE, **(settings or {})}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield OnSpark(session)
    finally:
        session.stop()


def _url(path: Path) -> str:
    return f"file://{path.absolute()}"
