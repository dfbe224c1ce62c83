"""A few facts of two kinds, and rows that are asked about them, as an engine knows them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.engine import Embedded
from features.fact_text import OF_A_PRODUCT, Kind
from features.histories import ASKED_KEYS, asked_keys_sql

ORDERED = Kind("ordered", ("customer_id", "sku"), ("ordered_lines",), "")
RETURNED = Kind("returned", ("customer_id", "sku"), ("returned_lines",), "")
KINDS = (ORDERED, RETURNED)
SKUS = {"a-1": "a", "a-2": "a", "b-1": "b"}
"""Their styles; x is a sku that is not in the assortment."""

Asked = tuple[str | None, str | None, int]
"""Customer, sku and day."""

Happened = tuple[str | None, str | None, int, str]
"""Customer, sku, day, and whether it was ordered or returned."""


def given_to(engine: Embedded, happened: list[Happened], asked: list[Asked], *, defined: bool = False) -> None:
    """Tell an engine what happened and what is asked.

    Each fact counts 1, unless facts are defined as tables that the engine can forget: then 1 and the rest of its day by 3.
    """
    engine.give("skus", assortment())
    for kind in KINDS:
        rows = [(who, sku, day, 1) for who, sku, day, what in happened if what == kind.name]
        engine.give(
            f"given_{kind.name}" if defined else kind.name,
            frame(rows, customer_id="str", sku="str", day="int64", **dict.fromkeys(kind.measures, "int64")),
        )
        if defined:
            engine.define(kind.name, f"SELECT customer_id, sku, day, 1 + ABS(day) % 3 AS {kind.measures[0]} FROM given_{kind.name}")  # noqa: S608
    spine = [(number, *row) for number, row in enumerate(asked)]
    engine.give("asked", frame(spine, row_number="int64", customer_id="str", sku="str", day="int64"))
    engine.define(ASKED_KEYS, asked_keys_sql())


def assortment() -> pd.DataFrame:
    """The relation `skus`; of a product only the style is told."""
    styles = {key: list(SKUS.values()) if key == "style_id" else [None] * len(SKUS) for key in OF_A_PRODUCT}
    return pd.DataFrame({"sku": list(SKUS), **styles}).astype(dict.fromkeys(("sku", *OF_A_PRODUCT), "str"))


def frame(rows: list[Any], **kinds: str) -> pd.DataFrame:
    """Rows with columns of these kinds."""
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
