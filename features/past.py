"""Has the past changed? Fingerprints of what a shop's tables said was known before a moment.

A night's increment adds what is new to what was summed before; that is only right if the tables still say the same of the days
before. Late facts belong to the day on which they became known, so they do not disturb it; a rewritten row does.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pandas as pd

from domain.tables import TABLES
from features.engine import Embedded, Source
from features.relations import BIG, columns_of

PARTS = {"order_lines": ("delivered_at",), "returns": ("received_at", "known_at")}
"""Moments of a row that may be filled in after the row itself became known."""

TOLD_LATER = {"returns": ("reason", "condition", "disposition", "refund", "recovered_value")}
"""Columns that may be filled in when the last of these moments has come."""


def fingerprints(engine: Embedded, tables: Mapping[str, Source], before: pd.Timestamp) -> dict[str, str]:
    """A fingerprint of each table's rows that were known before a moment, whatever their order.

    Args:
        engine: DuckDB, to which the tables are given.
        tables: the shop's tables.
        before: the moment (UTC).
    """
    found = {"engine": duckdb.__version__}
    for name in (*BIG, "preferences", "consents"):
        if name in tables:
            engine.give(f"past_{name}", tables[name])
            found[name] = _fingerprint(engine, name, set(columns_of(tables[name])), before)
    return found


def _fingerprint(engine: Embedded, name: str, columns: set[str], before: pd.Timestamp) -> str:
    moment = f"TIMESTAMPTZ '{before.isoformat()}'"
    known_at = TABLES[name].known_at if name != "returns" else "requested_at"
    known = " AND ".join(f'COALESCE("{column}", {moment} - INTERVAL 1 DAY) < {moment}' for column in _known(name, known_at, columns))
    told = ", ".join(_as_known(name, column, moment) for column in sorted(columns))
    query = f"SELECT COUNT(*), COALESCE(SUM(CAST(hash({told}) % 1000000007 AS HUGEINT)), 0) FROM past_{name} WHERE {known or 'TRUE'}"  # noqa: S608
    rows, total = engine.connection.execute(query).fetchall()[0]
    return f"{rows}:{total}"


def _known(name: str, known_at: str | None, columns: set[str]) -> list[str]:
    of_row = [known_at] if known_at else []
    return [*of_row, *(["known_at"] if "known_at" in columns and name in BIG else [])]


def _as_known(name: str, column: str, moment: str) -> str:
    """A column as it was known before the moment."""
    if column in PARTS.get(name, ()):
        return f'CASE WHEN "{column}" < {moment} THEN "{column}" END'
    if column in TOLD_LATER.get(name, ()):
        return f'CASE WHEN received_at < {moment} THEN "{column}" END'
    return f'"{column}"'
