"""Brings a raw table to the contract's dtypes, losing nothing: what cannot be converted exactly is a violation."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from domain.tables import UTC, Table
from domain.violations import Violation, violation_of

_TRUTH = {"true": True, "false": False}


def conform(table: Table, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Violation]]:
    """Convert `raw` to the table's dtypes.

    Text that spells a number, a truth value or an ISO 8601 time with an offset is read as such (CSV files hold nothing else);
    optional columns that are absent come back empty.

    Returns:
        The converted table, columns in the contract's order, and the violations met. With violations the table is `raw`.
    """
    columns = table.schema.columns
    violations = [
        Violation(table.name, str(name), "is no column of the contract", advice="rename or remove it")
        for name in raw.columns
        if name not in columns
    ]
    converted: dict[str, pd.Series] = {}
    for name, column in columns.items():
        if name not in raw.columns:
            if column.required:
                violations.append(Violation(table.name, name, "is missing", advice=f"add it: {column.description}"))
            converted[name] = _absent(column, len(raw))
            continue
        converted[name], found = _converted(table.name, name, column, raw[name].reset_index(drop=True))
        violations += found
    return (raw, violations) if violations else (pd.DataFrame(converted), [])


def _absent(column: pa.Column, rows: int) -> pd.Series:
    if _kind(column) == "bool":
        return pd.Series([False] * rows, dtype=bool)
    return pd.Series([None] * rows, dtype=_dtype(column))


def _dtype(column: pa.Column) -> object:
    return {"text": "str", "moment": UTC, "bool": bool, "whole": "Int64", "int": "int64", "float": "float64"}[_kind(column)]


def _kind(column: pa.Column) -> str:
    names = {"datetime64[us, UTC]": "moment", "bool": "bool", "Int64": "whole", "int64": "int", "float64": "float"}
    return names.get(str(column.dtype), "text")


def _converted(table: str, name: str, column: pa.Column, values: pd.Series) -> tuple[pd.Series, list[Violation]]:
    kind = _kind(column)
    convert = {"text": _text, "moment": _moment, "bool": _bool, "whole": _whole, "int": _whole, "float": _float}[kind]
    result, lost, rule, advice = convert(values)
    empty = result.isna() if kind in ("int", "bool") else pd.Series(False, index=values.index)
    found = violation_of(table, name, rule, lost, advice)
    found += violation_of(table, name, "must not be empty", empty & ~lost, "fill it in, or leave the rows out")
    return (values, found) if found else (result.astype(_dtype(column)), [])


def _text(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    wrong = values.notna() & ~values.map(lambda value: isinstance(value, str)).astype(bool)
    return values, wrong, "must be text", "write ids and codes as text, so that leading zeros survive"


def _moment(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    rule, advice = "must be a UTC time", "write UTC: timestamp with time zone in Parquet, 2024-05-01T12:00:00Z in CSV"
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC").dt.as_unit("us"), pd.Series(False, index=values.index), rule, advice
    if pd.api.types.is_datetime64_dtype(values):
        return values, values.notna(), rule, advice
    text = values.astype("str")
    has_zone = text.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True, na=False)
    parsed = pd.to_datetime(text.where(has_zone), utc=True, errors="coerce", format="ISO8601")
    return parsed.dt.as_unit("us"), values.notna() & parsed.isna(), rule, advice


def _bool(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    result = (
        values if values.dtype == bool else values.map(lambda value: value if isinstance(value, bool) else _TRUTH.get(str(value).lower()))
    )
    return result, values.notna() & result.isna(), "must be true or false", "write true or false"


def _whole(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    result = _exact_int64(values)
    return result, values.notna() & result.isna(), "must be a whole number", "write money in minor units (cents), without decimals"


def _exact_int64(values: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(values):
        return values.astype("Int64")
    if pd.api.types.is_float_dtype(values):
        return values.where(values.mod(1).eq(0)).astype("Int64")
    digits = values.astype("str").str.strip().str.extract(r"^([+-]?\d{1,18})(?:\.0+)?$", expand=False)
    return digits.astype("Int64")


def _float(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    result = pd.to_numeric(values, errors="coerce")
    return result, values.notna() & result.isna(), "must be a number", "write a decimal number"
