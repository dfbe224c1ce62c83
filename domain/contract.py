"""Checks a shop's tables against the data contract and reports every violation at once."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pandera.pandas as pa

from domain.conform import conform
from domain.rules import cross_table_violations, future_violations
from domain.tables import NEEDED, TABLES, Table, Tables
from domain.violations import SHOWN_ROWS, ContractBroken, Violation, violation_of


def check(tables: Tables, *, now: dt.datetime) -> tuple[dict[str, pd.DataFrame], list[Violation]]:
    """Conform and check raw tables.

    Args:
        tables: raw tables by name, as read from files: optional columns may be absent, ids must be text.
        now: facts later than this moment are violations.

    Returns:
        The tables with every optional column present, every dtype as the contract says and nothing told twice, and all violations.
        The tables may be trusted only when there are no violations.
    """
    violations = [_unknown_table(name) for name in tables if name not in TABLES]
    violations += [_missing_table(name) for name in NEEDED if name not in tables]
    conformed: dict[str, pd.DataFrame] = {}
    comparable: dict[str, pd.DataFrame] = {}
    for name in (name for name in TABLES if name in tables):
        conformed[name], found = conform(TABLES[name], tables[name])
        violations += found
        if not found:
            repeated = _repeated(TABLES[name], conformed[name])
            violations += _schema_violations(TABLES[name], conformed[name], repeated)
            comparable[name] = conformed[name]
            conformed[name] = conformed[name][~repeated].reset_index(drop=True)
    return conformed, violations + future_violations(comparable, now) + cross_table_violations(comparable)


def checked(tables: Tables, *, now: dt.datetime) -> dict[str, pd.DataFrame]:
    """The conformed tables.

    Raises:
        ContractBroken: with every violation.
    """
    conformed, violations = check(tables, now=now)
    if violations:
        raise ContractBroken(violations)
    return conformed


def _unknown_table(name: str) -> Violation:
    return Violation(name, "", "is no table of the contract", advice=f"rename or remove it; known: {', '.join(TABLES)}")


def _missing_table(name: str) -> Violation:
    return Violation(name, "", "is missing", advice="the contract needs products, order_lines and returns")


def _repeated(table: Table, frame: pd.DataFrame) -> pd.Series:
    """Rows that only tell again, in every column, what an earlier row has told; none where a table may not repeat itself."""
    again = frame.duplicated(list(table.key), keep=False) & table.repeats
    return frame[again].duplicated().reindex(frame.index, fill_value=False)


def _schema_violations(table: Table, frame: pd.DataFrame, repeated: pd.Series) -> list[Violation]:
    found = _pandera_violations(table, frame)
    twice = frame[~repeated].duplicated(list(table.key), keep=False).reindex(frame.index, fill_value=False)
    return found + violation_of(
        table.name, ", ".join(table.key), "must be unique", twice, "remove the duplicates, or give each row its own id"
    )


def _pandera_violations(table: Table, frame: pd.DataFrame) -> list[Violation]:
    try:
        table.schema.validate(frame.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return [_case(table, str(column), str(rule), group) for (column, rule), group in cases.groupby(["column", "check"], sort=False)]
    return []


def _case(table: Table, column: str, rule: str, cases: pd.DataFrame) -> Violation:
    rows = sorted(int(index) + 1 for index in cases["index"] if index is not None)
    if rule == "not_nullable":
        return Violation(table.name, column, "must not be empty", tuple(rows[:SHOWN_ROWS]), len(rows), "fill it in, or leave the rows out")
    met = ", ".join(str(value) for value in cases["failure_case"].unique()[:3])
    return Violation(table.name, column, rule, tuple(rows[:SHOWN_ROWS]), len(rows), f"found {met}")
