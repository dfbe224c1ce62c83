"""Brings a raw table to the contract's dtypes, losing nothing: what cannot be converted exactly is a violation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa

from domain.tables import UTC, Table
from domain.violations import Violation, violation_of

_TRUTH = {"true": True, "false": False}

_EXACT_FLOAT = 2.0**53
"""From here on a double no longer tells neighbouring whole numbers apart."""

Kind = Literal["text", "moment", "bool", "whole", "int", "float"]


def conform(table: Table, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Violation]]:
    """Convert `raw` to the table's dtypes.

    Text that spells a number, a truth value or an ISO 8601 time with an offset is read as such (CSV files hold nothing else);
    optional columns that are absent come back empty. Times are kept to the microsecond.

    Returns:
        The converted table, columns in the contract's order, and the violations met. With violations the table is `raw`.
    """
    columns = table.schema.columns
    violations = [
        Violation(table.name, str(name), "is no column of the contract", advice="rename or remove it")
        for name in raw.columns
        if name not in columns
    ]
    twice = raw.columns[raw.columns.duplicated()].unique()
    violations += [Violation(table.name, str(name), "is there twice", advice="keep one column of that name") for name in twice]
    converted: dict[str, pd.Series] = {}
    for name, column in columns.items():
        if name not in raw.columns:
            if column.required:
                violations.append(Violation(table.name, name, "is missing", advice=f"add it: {column.description}"))
                continue
            converted[name] = _absent(_kind(column), len(raw))
        elif name not in twice:
            converted[name], found = _converted(table.name, name, _kind(column), raw[name].reset_index(drop=True))
            violations += found
    return (raw, violations) if violations else (pd.DataFrame(converted), [])


def _absent(kind: Kind, rows: int) -> pd.Series:
    return pd.Series([False if kind == "bool" else None] * rows, dtype=bool if kind == "bool" else object).pipe(_typed, kind)


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    dtypes: dict[Kind, Any] = {"text": "str", "moment": UTC, "bool": "bool", "whole": "Int64", "int": "int64", "float": "float64"}
    result: pd.Series = values.astype(dtypes[kind])
    return result


def _kind(column: pa.Column) -> Kind:
    names: dict[str, Kind] = {"datetime64[us, UTC]": "moment", "bool": "bool", "Int64": "whole", "int64": "int", "float64": "float"}
    return names.get(str(column.dtype), "text")


def _converted(table: str, name: str, kind: Kind, values: pd.Series) -> tuple[pd.Series, list[Violation]]:
    convert = {"text": _text, "moment": _moment, "bool": _bool, "whole": _whole, "int": _whole, "float": _float}[kind]
    result, lost, rule, advice = convert(values)
    empty = result.isna() if kind in ("int", "bool") else pd.Series(False, index=values.index)
    found = violation_of(table, name, rule, lost, advice)
    found += violation_of(table, name, "must not be empty", empty & ~lost, "fill it in, or leave the rows out")
    return (values, found) if found else (_typed(result, kind), [])


def _text(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    wrong = values.notna() & ~values.map(lambda value: isinstance(value, str)).astype(bool)
    return values, wrong, "must be text", "write ids and codes as text, so that leading zeros survive"


def _moment(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    rule, advice = "must be a UTC time", "write UTC: timestamp with time zone in Parquet, 2024-05-01T12:00:00Z in CSV"
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC").dt.as_unit("us"), pd.Series(False, index=values.index), rule, advice
    if pd.api.types.is_datetime64_dtype(values):
        return values.dt.tz_localize("UTC").dt.as_unit("us"), values.notna(), rule, advice
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
    if pd.api.types.is_signed_integer_dtype(values):
        return values.astype("Int64")
    if pd.api.types.is_float_dtype(values):
        floats = values.to_numpy(dtype="float64", na_value=np.nan)
        exact = (np.abs(floats) < _EXACT_FLOAT) & (floats == np.trunc(floats))
        return pd.Series(np.where(exact, floats, np.nan), index=values.index).astype("Int64")
    digits = values.astype("str").str.strip().str.extract(r"^(?:\+(?=[0-9]))?(-?[0-9]{1,18})(?:\.0+)?$", expand=False)
    return digits.astype("Int64")


def _float(values: pd.Series) -> tuple[pd.Series, pd.Series, str, str]:
    result = pd.to_numeric(values, errors="coerce")
    return result, values.notna() & result.isna(), "must be a number", "write a decimal number"
