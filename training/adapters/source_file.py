"""Reads the columns that an adapter needs from a public data file, or says in one message all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True)
class Delimited:
    """How a text file is laid out.

    Attributes:
        separator: between two values.
        missing: how the file spells that a value is missing.
    """

    separator: str = ","
    missing: tuple[str, ...] = ("",)


CSV = Delimited()
"""A plain CSV file."""


def read_fields(path: Path, fields: Mapping[str, Field], text: Delimited | None = None) -> pd.DataFrame:
    """The asked-for columns of a Parquet or text file; further columns are not even read.

    Args:
        path: the file.
        fields: what to read.
        text: how the file is laid out; by default a file whose name ends in .csv is CSV, and any other Parquet.

    Returns:
        One column per field: str, Int64 / int64 (may be empty / not), float64 or datetime64[us, UTC].

    Raises:
        ImportRefused: the file cannot be read, lacks columns, holds no rows, or holds values of another kind.
    """
    raw = _read(path, fields, text or (CSV if path.suffix.lower() == ".csv" else None))
    return typed(path, raw, fields)


def typed(path: Path, raw: pd.DataFrame, fields: Mapping[str, Field]) -> pd.DataFrame:
    """Columns of a file as their fields say.

    Raises:
        ImportRefused: there are no rows, or values of another kind; all of them are told at once.
    """
    if raw.empty:
        raise ImportRefused(f"{path} holds no rows", expected=_wanted(fields))
    converted = {name: _converted(raw[name], field) for name, field in fields.items()}
    problems = [problem for name, field in fields.items() for problem in _problems(name, field, raw[name], converted[name])]
    if problems:
        raise ImportRefused(f"{path}: {'; '.join(problems)}", expected=_wanted(fields))
    return pd.DataFrame({name: _exact(converted[name], field) for name, field in fields.items()})


def _wanted(fields: Mapping[str, Field]) -> str:
    return "columns " + ", ".join(f"{name} ({field.kind}{', may be empty' * field.may_be_empty})" for name, field in fields.items())


def refuse_missing(path: Path, present: Iterable[str], fields: Mapping[str, Field]) -> None:
    """Refuse a file that lacks columns, and name all of them.

    Raises:
        ImportRefused: it does.
    """
    missing = sorted(set(fields) - set(present), key=list(fields).index)
    if missing:
        raise ImportRefused(f"{path} lacks {', '.join(missing)}", expected=_wanted(fields))


def _read(path: Path, fields: Mapping[str, Field], text: Delimited | None) -> pd.DataFrame:
    wanted = "a Parquet or CSV file" if text in (None, CSV) else f"a text file whose values are separated by {text.separator!r}"
    if not path.is_file():
        raise ImportRefused(f"{path} is no file", expected=wanted)
    try:
        refuse_missing(path, _header(path, text), fields)
        return _read_text(path, list(fields), text) if text else pq.read_table(path, columns=list(fields)).to_pandas()
    except (OSError, ValueError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}", expected="a Parquet file, or a text file in UTF-8") from error


def _header(path: Path, text: Delimited | None) -> list[str]:
    return list(pd.read_csv(path, nrows=0, sep=text.separator).columns) if text else pq.read_schema(path).names


def _read_text(path: Path, columns: list[str], text: Delimited) -> pd.DataFrame:
    return pd.read_csv(path, usecols=columns, dtype=str, sep=text.separator, keep_default_na=False, na_values=list(text.missing))


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
