"""Has the past changed? Fingerprints of what a shop's tables said was known before a moment.

A night's increment adds what is new to what was summed before; that is only right if the tables still say the same of the days
before. Late facts belong to the day on which they became known, so they do not disturb it; a rewritten row does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pandas as pd

from domain.tables import TABLES
from features.engine import Embedded, Source
from features.relations import BIG, columns_of

PARTS = {"order_lines": ("delivered_at",), "returns": ("received_at", "known_at")}
"""Moments of a row that may be filled in after the row itself became known."""

TOLD_LATER = {"returns": ("reason", "condition", "disposition", "refund", "recovered_value")}
"""Columns that may be filled in when the last of these moments has come."""


def fingerprints(engine: Embedded, tables: Mapping[str, Source], *moments: pd.Timestamp) -> list[dict[str, str]]:
    """Fingerprints of each table's rows that were known before each of some moments, whatever their order.

    Args:
        engine: DuckDB, to which the tables are given.
        tables: the shop's tables.
        moments: UTC; several cost little more than one.
    """
    found: list[dict[str, str]] = [{"engine": duckdb.__version__} for _ in moments]
    for name in (*BIG, "preferences", "consents"):
        if name in tables:
            engine.give(f"past_{name}", tables[name])
            told = [f"TIMESTAMPTZ '{moment.isoformat()}'" for moment in moments]
            for one, fingerprint in zip(found, _fingerprints(engine, name, set(columns_of(tables[name])), told), strict=True):
                one[name] = fingerprint
    return found


def _fingerprints(engine: Embedded, name: str, columns: set[str], moments: Sequence[str]) -> list[str]:
    """Of one table: rows, and the sum of their hashes; what says the same at all moments is hashed once."""
    late = sorted(columns & {*PARTS.get(name, ()), *TOLD_LATER.get(name, ())})
    always = ", ".join(f'"{column}"' for column in sorted(columns - {*late}))
    sums = []
    for moment in moments:
        known = " AND ".join(_known(name, columns, moment)) or "TRUE"
        row = ", ".join(["always", *(_as_known(name, column, moment) for column in late)])
        hashed = f"CAST(hash({row}) % 1000000007 AS HUGEINT)" if late else "CAST(always % 1000000007 AS HUGEINT)"
        sums += [f"COUNT(*) FILTER ({known})", f"COALESCE(SUM({hashed}) FILTER ({known}), 0)"]
    query = f"SELECT {', '.join(sums)} FROM (SELECT *, hash({always}) AS always FROM past_{name}) AS told"  # noqa: S608
    found = engine.connection.execute(query).fetchall()[0]
    return [f"{rows}:{total}" for rows, total in zip(found[::2], found[1::2], strict=True)]


def _known(name: str, columns: set[str], moment: str) -> list[str]:
    """The conditions that a row was known before a moment."""
    of_row = "requested_at" if name == "returns" else TABLES[name].known_at
    told = [*([of_row] if of_row else []), *(["known_at"] if "known_at" in columns and name in BIG else [])]
    return [f'COALESCE("{column}", {moment} - INTERVAL 1 DAY) < {moment}' for column in told]


def _as_known(name: str, column: str, moment: str) -> str:
    """A column as it was known before the moment."""
    if column in PARTS.get(name, ()):
        return f'CASE WHEN "{column}" < {moment} THEN "{column}" END'
    if column in TOLD_LATER.get(name, ()):
        return f'CASE WHEN received_at < {moment} THEN "{column}" END'
    return f'"{column}"'
