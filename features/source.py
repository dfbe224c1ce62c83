"""Reads and writes a shop's tables: a folder of Parquet or CSV files, or a DuckDB file."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from domain.contract import checked
from domain.errors import TablesRefused
from domain.tables import TABLES, Tables
from features.sealed import write_whole

_SUFFIXES = (".parquet", ".csv")
_TABLES_AND_VIEWS = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"
_MARK = ".written-by-keeprank"


def read_raw(path: Path) -> dict[str, pd.DataFrame]:
    """The tables as they lie there, unchecked.

    Args:
        path: a folder with `<table>.parquet`, `<table>.csv` or a partitioned folder `<table>/` each, or a DuckDB file.

    Raises:
        TablesRefused: there is nothing to read, a file is damaged, or a table lies there twice.
    """
    if path.is_dir():
        return _read_folder(path)
    if path.is_file():
        return _read_duckdb(path)
    raise TablesRefused(f"{path} does not exist", expected="a folder of Parquet or CSV tables, or a DuckDB file")


def read_tables(path: Path, *, now: dt.datetime) -> dict[str, pd.DataFrame]:
    """The tables, checked against the contract.

    Raises:
        TablesRefused: they cannot be read.
        domain.violations.ContractBroken: they break the contract.
    """
    return checked(read_raw(path), now=now)


def write_tables(tables: Tables, folder: Path) -> None:
    """Write each table to `folder/<name>.parquet`; the folder appears whole or not at all.

    Raises:
        TablesRefused: the folder exists and holds something else than tables of the contract.
    """
    _refuse_foreign(folder)

    def write(partial: Path) -> None:
        for name, frame in tables.items():
            columns = [column for column in TABLES[name].schema.columns if column in frame.columns]
            frame[columns].to_parquet(partial / f"{name}.parquet", index=False)
        mark(partial)

    write_whole(folder, write)


def mark(folder: Path) -> None:
    """Say that Keeprank wrote a folder of tables."""
    (folder / _MARK).write_text("Keeprank wrote these tables, and may replace them.\n")


def is_ours(folder: Path) -> bool:
    """Whether `write_tables` wrote a folder, so that its tables have been checked."""
    return (folder / _MARK).is_file()


def require_ours(folder: Path) -> None:
    """Refuse a folder that `write_tables` did not write.

    Raises:
        TablesRefused: it has no mark of it: nobody has checked its tables.
    """
    if not is_ours(folder):
        raise TablesRefused(
            f"{folder} was not written by Keeprank", advice="write it with `keeprank check DIR --write DEST`, which checks it first"
        )


def parquet_files(folder: Path) -> list[Path]:
    """The tables of a folder that `write_tables` wrote."""
    return sorted(file for file in folder.iterdir() if file.suffix == ".parquet")


def fingerprint(frame: pd.DataFrame) -> str:
    """A hash of a table's content, the same for the same rows in the same order (SHA-256, 16 hex digits)."""
    digest = hashlib.sha256("|".join(frame.columns).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def _refuse_foreign(folder: Path) -> None:
    if folder.is_file():
        raise TablesRefused(f"{folder} is a file", expected="a folder to write tables to")
    entries = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    ours = {_MARK, *(f"{name}.parquet" for name in TABLES)}
    foreign = entries if _MARK not in entries else [name for name in entries if name not in ours]
    if foreign:
        raise TablesRefused(f"{folder} already holds {', '.join(foreign[:3])}", advice="name a new folder; this one would be replaced")


def _read_folder(folder: Path) -> dict[str, pd.DataFrame]:
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    foreign = [entry.name for entry in entries if entry.suffix not in _SUFFIXES and not (entry.is_dir() and entry.name in TABLES)]
    if foreign:
        raise TablesRefused(
            f"{folder} holds {', '.join(foreign[:5])}",
            expected="nothing but <table>.parquet, <table>.csv and folders <table>/",
            advice="rename or move it: a table that is not read, such as consents, would go unnoticed",
        )
    if not entries:
        raise TablesRefused(f"{folder} holds no tables", expected="files such as order_lines.parquet or order_lines.csv")
    names = [entry.stem for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TablesRefused(f"{folder} holds {', '.join(twice)} twice", advice="keep one file or folder per table")
    return {name: _read_entry(entry) for name, entry in zip(names, entries, strict=True)}


def _read_entry(entry: Path) -> pd.DataFrame:
    try:
        return _read_csv(entry) if entry.suffix == ".csv" else _read_parquet(entry)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TablesRefused(f"{entry} cannot be read: {error}", expected="a whole Parquet or CSV file") from error


def _read_csv(file: Path) -> pd.DataFrame:
    frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
    if not isinstance(frame.index, pd.RangeIndex):
        raise ValueError("its rows have more fields than its header")
    return frame


def _read_parquet(entry: Path) -> pd.DataFrame:
    frame: pd.DataFrame = pq.read_table(entry).to_pandas()
    return frame


def _read_duckdb(path: Path) -> dict[str, pd.DataFrame]:
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            names = [row[0] for row in connection.execute(_TABLES_AND_VIEWS).fetchall()]
            return {name: connection.table(name).to_arrow_table().to_pandas() for name in names}
    except duckdb.Error as error:
        raise TablesRefused(f"{path} is no readable DuckDB file: {error}", expected="a folder of tables, or a DuckDB file") from error
