"""Reads the columns that an adapter needs from a public data file, or says in one message all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow.parquet as pq

from domain.errors import ImportRefused

_LARGEST = 1e15
"""Numbers from here on are no amounts, counts or ids, and would lose digits on the way."""

_SHOWN_ROWS = 3


@dataclass(frozen=True)
class Field:
    """A column that the adapter reads.

    Attributes:
        kind: text; a whole number; a number; a time (without zone it is taken as UTC).
        may_be_empty: whether a row may leave it out.
    """

    kind: Literal["text", "whole number", "number", "time"]
    may_be_empty: bool = False


def read_fields(path: Path, fields: Mapping[str, Field]) -> pd.DataFrame:
    """The asked-for columns of a Parquet or CSV (`.csv`) file; further columns are not even read.

    Returns:
        One column per field: str, Int64 / int64 (may be empty / not), float64 or datetime64[us, UTC].

    Raises:
        ImportRefused: the file cannot be read, lacks columns, holds no rows, or holds values of another kind.
    """
    raw = _read(path, fields)
    if raw.empty:
        raise ImportRefused(f"{path} holds no rows", expected=_wanted(fields))
    converted = {name: _converted(raw[name], field) for name, field in fields.items()}
    problems = [problem for name, field in fields.items() for problem in _problems(name, field, raw[name], converted[name])]
    if problems:
        raise ImportRefused(f"{path}: {'; '.join(problems)}", expected=_wanted(fields))
    return pd.DataFrame({name: _exact(converted[name], field) for name, field in fields.items()})


def _wanted(fields: Mapping[str, Field]) -> str:
    return "columns " + ", ".join(f"{name} ({field.kind}{', may be empty' * field.may_be_empty})" for name, field in fields.items())


def _read(path: Path, fields: Mapping[str, Field]) -> pd.DataFrame:
    if not path.is_file():
        raise ImportRefused(f"{path} is no file", expected="a Parquet or CSV file")
    try:
        present = _csv_header(path) if _is_csv(path) else pq.read_schema(path).names
        missing = [name for name in fields if name not in present]
        if missing:
            raise ImportRefused(f"{path} lacks {', '.join(missing)}", expected=_wanted(fields))
        return _read_csv(path, list(fields)) if _is_csv(path) else pq.read_table(path, columns=list(fields)).to_pandas()
    except (OSError, ValueError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}", expected="a Parquet file, or a CSV file in UTF-8") from error


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _csv_header(path: Path) -> list[str]:
    return list(pd.read_csv(path, nrows=0).columns)


def _read_csv(path: Path, columns: list[str]) -> pd.DataFrame:
    return pd.read_csv(path, usecols=columns, dtype=str, keep_default_na=False, na_values=[""])


def _converted(values: pd.Series, field: Field) -> pd.Series:
    """What is of the field's kind; empty where it is not."""
    if field.kind == "text":
        return _text(values)
    if field.kind == "time":
        return _time(values)
    numbers = _number(values)
    return numbers.where(numbers.mod(1).eq(0)) if field.kind == "whole number" else numbers


def _text(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.StringDtype):
        return values.astype("str")
    is_text = values.map(lambda value: isinstance(value, str)).astype(bool)
    return values.astype(object).where(is_text, None).astype("str")


def _time(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return pd.to_datetime(values, utc=True).dt.as_unit("us")
    return pd.to_datetime(_text(values), utc=True, format="ISO8601", errors="coerce").dt.as_unit("us")


def _number(values: pd.Series) -> pd.Series:
    spelled = pd.to_numeric(values if pd.api.types.is_any_real_numeric_dtype(values) else _text(values), errors="coerce").astype("float64")
    return spelled.where(spelled.abs() < _LARGEST)


def _exact(values: pd.Series, field: Field) -> pd.Series:
    if field.kind == "whole number":
        return values.astype("Int64" if field.may_be_empty else "int64")
    return values


def _problems(name: str, field: Field, raw: pd.Series, converted: pd.Series) -> list[str]:
    wrong = raw.notna() & converted.isna()
    found = [f"{name} is no {field.kind} in {_rows(wrong)}, such as {raw[wrong].iloc[0]!r}"] if wrong.any() else []
    if raw.isna().any() and not field.may_be_empty:
        found.append(f"{name} is empty in {_rows(raw.isna())}")
    return found


def _rows(where: pd.Series) -> str:
    numbers = [row + 1 for row, here in enumerate(where) if here]
    more = ", …" if len(numbers) > _SHOWN_ROWS else ""
    return (
        f"{len(numbers):,} {'row' if len(numbers) == 1 else 'rows'} ({', '.join(f'{number:,}' for number in numbers[:_SHOWN_ROWS])}{more})"
    )
