"""Every feature of every order line, written in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.generated import WINDOWS, ZONE
from benchmarks.measured import Clock
from features.batches import write_features
from features.engine import embedded
from features.stored import Stored

_EVERY_SECONDS = 0.5


def write(clock: Clock, tables: str, folder: str, scratch: str, memory_mb: int, threads: int | None = None) -> dict[str, Any]:
    """Write the features of all lines.

    Args:
        clock: takes the time of each step.
        tables: folder of the shop.
        folder: where to.
        scratch: a new folder for what is in between.
        memory_mb: DuckDB's bound.
        threads: DuckDB's; by default one per core.
    """
    Path(scratch).mkdir(parents=True)
    with clock.phase("opening the shop"):
        shop = Stored.of(Path(tables), WINDOWS, ZONE)
    with embedded(memory_mb=memory_mb, threads=threads) as engine:
        spill = Path(engine.connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
        with _largest(spill) as spilled, _largest(Path(scratch)) as between:
            rows = write_features(shop, Path(folder), engine, Path(scratch), progress=clock.progress)
    first = next(iter(sorted(Path(folder).glob("*.parquet"))))
    columns = len(pq.read_schema(first).names) - 1
    return {"rows": rows, "features": columns, "written MiB": _mib(Path(folder)), "spilled MiB": max(spilled), "scratch MiB": max(between)}


@contextmanager
def _largest(folder: Path) -> Iterator[list[int]]:
    """How large a folder gets meanwhile, in MiB, looked at twice a second."""
    seen, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(_EVERY_SECONDS):
            seen.append(_mib(folder))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield seen
    finally:
        ended.set()
        looking.join()


def _mib(folder: Path) -> int:
    return sum(_bytes(file) for file in folder.rglob("*")) // 2**20


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:  # it has just been deleted
        return 0
