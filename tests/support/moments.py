"""Times and tables as the contract wants them, from short literals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from domain.contract import checked
from domain.tables import TABLES

LATE = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
"""Later than every fact of a test."""


def moment(text: str) -> pd.Timestamp:
    """A UTC time, such as 2024-05-01 or 2024-05-01 12:00."""
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def table(name: str, *rows: Mapping[str, Any]) -> pd.DataFrame:
    """A raw table of the contract; times may be given as text, absent columns are absent."""
    frame = pd.DataFrame(list(rows)) if rows else pd.DataFrame(columns=list(TABLES[name].schema.columns))
    moments = [column for column in frame.columns if column in TABLES[name].schema.columns and column.endswith(("_at", "_on"))]
    for column in [*moments, *(["at"] if "at" in frame.columns else [])]:
        frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return frame


def shop_tables(**rows: Sequence[Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """Checked tables of the rows given; products, order_lines and returns are there even when no row is."""
    needed: dict[str, Sequence[Mapping[str, Any]]] = {"products": [], "order_lines": [], "returns": []}
    return checked({name: table(name, *given) for name, given in (needed | rows).items()}, now=LATE)


def product(sku: str, **columns: object) -> dict[str, object]:
    """A product: the sku s1-38 is style s1 in size 38 unless told otherwise."""
    style, _, size = sku.partition("-")
    return {"sku": sku, "style_id": style, "category": "dress", "brand": "b", "size": size or None, "currency": "EUR", **columns}


def line(line_id: str, ordered_at: str, **columns: object) -> dict[str, object]:
    """An order line of one unit of s1-38 by c1 at EUR 10."""
    return {
        "line_id": line_id,
        "order_id": f"o-{line_id}",
        "customer_id": "c1",
        "sku": "s1-38",
        "ordered_at": ordered_at,
        "quantity": 1,
        "unit_price": 1000,
        "currency": "EUR",
        **columns,
    }


def sent_back(line_id: str, requested_at: str, received_at: str | None, **columns: object) -> dict[str, object]:
    """A return of one unit."""
    return {
        "return_id": f"r-{line_id}",
        "line_id": line_id,
        "quantity": 1,
        "requested_at": requested_at,
        "received_at": received_at,
        **columns,
    }
