"""`engine`, a fixture that runs a test on every engine: embedded, on Spark in one process, and on a Spark cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from features.engine import Engine, embedded
from tests.support.spark_cluster import QUICK_JVM, missing, spark_cluster

ENGINES = ("duckdb", "spark-local", "spark-cluster")
Fresh = Callable[[], AbstractContextManager[Engine]]
_SMALL = {
    "spark.driver.extraJavaOptions": QUICK_JVM,
    "spark.executor.extraJavaOptions": QUICK_JVM,
    "spark.executor.memory": "512m",
    "spark.cores.max": "2",  # and both workers are waited for
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",  # to look at a few rows before each step takes longer than the step
    "spark.buffer.pageSize": "1m",  # each sort, and each table that is joined by its keys, takes a page: of 16 MiB unless told otherwise
}


def found(engine: Engine, select: str) -> list[tuple[Any, ...]]:
    """The rows of a SELECT, in one order for every engine."""
    columns = [column.to_pylist() for column in engine.fetch(select).columns]
    return sorted(zip(*columns, strict=True), key=repr)


@pytest.fixture
def engine(fresh_engine: Fresh) -> Iterator[Engine]:
    """An engine that knows no relation yet."""
    with fresh_engine() as engine:
        yield engine


@pytest.fixture(scope="session", params=ENGINES)
def fresh_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """Opens engines of one kind; a process has room for one Spark, so pytest runs all tests of one kind before the next."""
    if request.param == "duckdb":
        yield embedded
        return
    if reason := missing():
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        with _spark(request.param, tmp_path_factory.mktemp(request.param)) as fresh:
            yield fresh


@contextmanager
def _spark(kind: str, folder: Path) -> Iterator[Fresh]:
    from features.spark import OnSpark, on_spark

    @contextmanager
    def fresh() -> Iterator[Engine]:
        yield OnSpark(running.session.newSession())

    with _master(kind, folder) as master, on_spark(master, settings={**_SMALL, "spark.local.dir": str(folder)}) as running:
        yield fresh


@contextmanager
def _master(kind: str, folder: Path) -> Iterator[str]:
    if kind == "spark-local":
        yield "local[2]"
    else:
        with spark_cluster(folder) as url:
            yield url
