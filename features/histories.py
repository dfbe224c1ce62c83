"""Yesterday in SQL: sums over all facts known before a day, in one portable text that names no engine.

Facts are rolled up by day and summed over [first day, day - 1] and [day - 90, day - 1], so nothing of the asked-for day itself
leaks in and sums are exact. The asked-for days join the facts as zero rows: training rows and snapshots run the same text.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pandas as pd

from features.entities import RECENT_DAYS, Entity


def column(entity: Entity, measure: str) -> str:
    """The name of a history, such as style.returned_lines."""
    return f"{entity.name}.{measure}"


def history_columns(entity: Entity) -> list[str]:
    """Every history of an entity: its sums, its recent sums, and the days of its first and last order."""
    names = [*entity.measures, *(f"{measure}_{RECENT_DAYS}d" for measure in entity.recent), "first_day", "last_day"]
    return [column(entity, name) for name in names]


def history_sql(entity: Entity) -> str:
    """The SQL text for one entity.

    Reads `facts` (keys, day, measures) and `asked` (row_number, keys, day); returns row_number and the entity's histories for
    every asked-for row whose keys are all known.
    """
    keys = "".join(f"{key}, " for key in entity.keys)
    known = " AND ".join(f"{key} IS NOT NULL" for key in entity.keys) or "1 = 1"
    grouped = f"GROUP BY {keys}day"
    sums = _listed(f"CAST(SUM({measure}) AS BIGINT) AS {measure}" for measure in entity.measures)
    zeros = _listed(f"CAST(0 AS BIGINT) AS {measure}" for measure in entity.measures)
    partition = f"PARTITION BY {', '.join(entity.keys)} " if entity.keys else ""
    frame = f"OVER ({partition}ORDER BY day RANGE BETWEEN {{start}} PRECEDING AND 1 PRECEDING)"
    ever, recent = frame.format(start="UNBOUNDED"), frame.format(start=str(RECENT_DAYS))
    windows = _listed(
        [
            *(f"CAST(COALESCE(SUM({measure}) {ever}, 0) AS BIGINT) AS {measure}" for measure in entity.measures),
            *(f"CAST(COALESCE(SUM({measure}) {recent}, 0) AS BIGINT) AS {measure}_{RECENT_DAYS}d" for measure in entity.recent),
            f"MIN(CASE WHEN ordered THEN day END) {ever} AS first_day",
            f"MAX(CASE WHEN ordered THEN day END) {ever} AS last_day",
        ]
    )
    same = " AND ".join(f"asked.{key} = summed.{key}" for key in (*entity.keys, "day"))
    chosen = _listed(f'summed.{name.split(".")[1]} AS "{name}"' for name in history_columns(entity))
    return f"""
WITH rolled AS (
  SELECT {keys}day, {sums}, MAX(ordered_lines) > 0 AS ordered, FALSE AS is_asked FROM facts WHERE {known} {grouped}
  UNION ALL
  SELECT {keys}day, {zeros}, FALSE AS ordered, TRUE AS is_asked FROM asked WHERE {known} {grouped}
), daily AS (
  SELECT {keys}day, {sums}, BOOL_OR(ordered) AS ordered, BOOL_OR(is_asked) AS is_asked FROM rolled {grouped}
), summed AS (
  SELECT {keys}day, is_asked, {windows} FROM daily
)
SELECT asked.row_number, {chosen} FROM asked JOIN summed ON {same} WHERE summed.is_asked
"""  # noqa: S608  (every name in it is declared in our own code)


def run(entity: Entity, connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The entity's histories as float64, indexed by row_number; rows with an unknown key are absent.

    The connection must know the relations `facts` and `asked`, as `history_sql` says.
    """
    frame: pd.DataFrame = connection.sql(history_sql(entity)).df()
    return frame.set_index("row_number").astype("float64")


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
