"""Writes the data contract as a page for the people who export a shop's tables."""

from __future__ import annotations

import pandera.pandas as pa

from domain.tables import TABLES, Table

_INTRODUCTION = """# Data contract

This page is generated from `domain/tables.py` by `keeprank docs`; do not edit it.

Hand over a folder with one Parquet file (or a partitioned folder, or a CSV file) per table, named like the table, or one DuckDB file.
`keeprank check FOLDER` reports every violation at once, with table, column, rows and what to do.

- Every time is UTC: a timestamp with time zone in Parquet, `2024-05-01T12:00:00Z` in CSV.
- Money is a whole number of minor units (cents) of one currency per folder.
- Ids are text, so that leading zeros survive.
- Only the three needed tables are needed; every further one adds features, and never breaks anything.
- *Known at* is the column that says when a row's fact reached the shop: features at a time use only facts known before it. A row that
  was told later than it happened says so in its column `known_at`, and counts from then on; an empty `known_at` means: at once.
- A return may be corrected, after its inspection for example: by a further row of the same `return_id` with a later `known_at`. Until then
  the earlier row counts. A correction changes what was sent back, why, its condition and its money, never its line or its times.
- Events may be told twice, as event streams do: rows that are equal in every column are one event.

Between tables: skus and lines that are referred to must exist; a return comes after its order, arrives after it was asked for, and gives
back at most the units ordered and the money paid (as last corrected); nothing is known before it happened, and nothing but plans lies in
the future.
"""

_KINDS = {
    "datetime64[us, UTC]": "time (UTC)",
    "bool": "true / false",
    "Int64": "whole number",
    "int64": "whole number",
    "float64": "decimal number",
}


def contract_page() -> str:
    """The page, as Markdown."""
    return "\n".join([_INTRODUCTION, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    needed = "**needed**" if table.needed else "optional"
    late = ", or at `known_at` where that is later" if "known_at" in table.schema.columns else ""
    known = f" Known at `{table.known_at}`{late}." if table.known_at else ""
    key = ", ".join(f"`{column}`" for column in table.key)
    head = f"## {table.name}\n\n{table.meaning} ({needed}; unique by {key}.{known})\n"
    columns = "| column | what | needed | meaning | must |\n|---|---|---|---|---|"
    rows = [_row(name, column) for name, column in table.schema.columns.items()]
    return "\n".join([head, columns, *rows, ""])


def _row(name: str, column: pa.Column) -> str:
    kind = _KINDS.get(str(column.dtype), "text")
    needed = "yes" if column.required and not column.nullable else "column" if column.required else ""
    rules = "; ".join(str(check.error) for check in column.checks if check.error != "must not be empty")
    return f"| `{name}` | {kind} | {needed} | {column.description} | {rules} |"
