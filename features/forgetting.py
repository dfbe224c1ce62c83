"""Takes people who were erased out of a folder of tables: it is replaced whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from domain.errors import TablesRefused
from domain.forgetting import NEEDED, Erased, Traces, customers_in, follow, stays
from domain.tables import TABLES
from features.sealed import write_whole

Progress = Callable[[Iterable[Path], str], Iterable[Path]]
"""Wraps a loop over files, for a progress bar; the sentence says what it does."""

WhoWasErased = Callable[[Iterable[str]], Erased]
"""Of some customers, those who were erased."""

_CSV, _PARQUET = ".csv", ".parquet"


def forget(folder: Path, erased_of: WhoWasErased, *, track: Progress = lambda files, _: files) -> dict[str, int]:
    """Take everybody who was erased out of a folder of tables. What loses no row is not written anew; done twice, it is done once.

    Args:
        folder: tables as Parquet files, CSV files, or folders of Parquet files.
        erased_of: says who was erased.
        track: wraps the loops over files.

    Returns:
        How many rows each table lost; only those that lost some.

    Raises:
        TablesRefused: it is no such folder, or a file cannot be read.
    """
    folder = folder.resolve()
    _finish(folder)
    files = _files(folder)
    erased, traces = _found(folder, files, erased_of, track)
    counted = {file: _goes(folder, file, erased, traces) for file in track(files, "counting rows")} if erased else {}
    gone = {file: rows for file, rows in counted.items() if rows}
    if gone:
        write_whole(folder, lambda partial: _write(folder, partial, gone, erased, traces, track))
    names = dict.fromkeys(_table(folder, file) for file in gone)
    return {name: sum(rows for file, rows in gone.items() if _table(folder, file) == name) for name in names}


def _finish(folder: Path) -> None:
    """What a run that was killed has left: the folder that it was replacing is put back, or removed if the new one is there."""
    for old in folder.parent.glob(f".{folder.name}.*.replaced"):
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)
    for half in folder.parent.glob(f".{folder.name}.*.partial"):
        shutil.rmtree(half)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        advice = f"write its tables to a folder first: keeprank check {folder} --write DIR"
        raise TablesRefused(f"{folder} is no folder", expected="a folder of Parquet or CSV tables", advice=advice)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not _hidden(folder, file))
    foreign = [file.relative_to(folder).as_posix() for file in files if not _is_table(folder, file)]
    if foreign:
        raise TablesRefused(
            f"{folder} holds {', '.join(foreign[:5])}",
            expected="nothing but <table>.parquet, <table>.csv and folders <table>/ of Parquet files",
            advice="rename or move it: people in it would be overlooked",
        )
    return files


def _hidden(folder: Path, file: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _is_table(folder: Path, file: Path) -> bool:
    below = len(file.relative_to(folder).parts) > 1
    return _table(folder, file) in TABLES and file.suffix in ((_PARQUET,) if below else (_PARQUET, _CSV))


def _table(folder: Path, file: Path) -> str:
    first, *rest = file.relative_to(folder).parts
    return first if rest else Path(first).stem


def _found(folder: Path, files: list[Path], erased_of: WhoWasErased, track: Progress) -> tuple[Erased, Traces]:
    """Who was erased of those whom the tables name, and the lines and sessions that are theirs."""
    named: set[str] = set()
    for file in track(files, "looking for people who were erased"):
        for part in _parts(file):
            named.update(customers_in(_table(folder, file), part))
    erased, traces = erased_of(named), Traces()
    for file in track(files, "following their orders and sessions") if erased else ():
        for part in _parts(file):
            follow(_table(folder, file), part, erased, traces)
    return erased, traces


def _goes(folder: Path, file: Path, erased: Erased, traces: Traces) -> int:
    return sum(int((~stays(_table(folder, file), part, erased, traces)).sum()) for part in _parts(file))


def _write(folder: Path, partial: Path, gone: Mapping[Path, int], erased: Erased, traces: Traces, track: Progress) -> None:
    every = [file for file in folder.rglob("*") if file.is_file()]
    for file in track(every, "writing the tables anew"):
        target = partial / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file not in gone:
            os.link(file, target)
        elif file.suffix == _CSV:
            frame = _read_csv(file)
            frame[stays(_table(folder, file), frame, erased, traces)].to_csv(target, index=False)
        else:
            _write_parquet(_table(folder, file), file, target, erased, traces)


def _write_parquet(name: str, file: Path, target: Path, erased: Erased, traces: Traces) -> None:
    with pq.ParquetFile(file) as source, pq.ParquetWriter(target, source.schema_arrow) as written:
        for number in range(source.num_row_groups):
            rows = source.read_row_group(number)
            stay = stays(name, _needed(rows), erased, traces)
            written.write_table(rows.filter(pa.array(stay.to_numpy(dtype=bool))))


def _parts(file: Path) -> Iterator[pd.DataFrame]:
    """What of a file's rows tells whom they are about, a part at a time."""
    try:
        if file.suffix == _CSV:
            yield _read_csv(file)
            return
        with pq.ParquetFile(file) as source:
            columns = [name for name in NEEDED if name in source.schema_arrow.names]
            for number in range(source.num_row_groups):
                yield _needed(source.read_row_group(number, columns=columns))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TablesRefused(f"{file} cannot be read: {error}", expected="a whole Parquet or CSV file") from error


def _needed(rows: pa.Table) -> pd.DataFrame:
    found: pd.DataFrame = rows.select([name for name in NEEDED if name in rows.column_names]).to_pandas()
    return found if found.shape[1] else pd.DataFrame(index=pd.RangeIndex(rows.num_rows))


def _read_csv(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
