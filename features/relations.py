"""Hands a shop to an engine: the contract's tables, and two small relations that the portable SQL reads beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from domain.looks import coordinates
from domain.sizes import size_positions
from features.clock import day_sql
from features.engine import Engine, Source
from features.fact_text import DAY_US, Said
from features.measures import LOOKS, VALUES
from features.stored import AnyShop, Stored
from features.told import Told, personal_keys

ONE_SYSTEM = "-"
"""The size system of a shop that names none."""

_MARGIN_US = 3 * 365 * DAY_US
"""Windows end after the latest order, and events and verdicts may come before the first."""

BIG = ("order_lines", "returns", "fit_feedback", "tickets", "events")
"""Tables that the SQL reads as they are."""


def give(engine: Engine, shop: AnyShop, told: Told, *, named: bool = False) -> Said:
    """Make a shop known to an engine, and tell the words for its facts.

    Args:
        engine: where the SQL will run.
        shop: the shop.
        told: what its customers told it.
        named: also tell the id of the row that each fact comes from.
    """
    given = {name: source for name, source in sources_of(shop).items() if name in BIG}
    for name, source in given.items():
        engine.give(name, source)
    engine.give("skus", skus(shop.tables["products"]))
    engine.give("told", personal_keys(told.spans))
    columns = {name: frozenset(columns_of(source)) for name, source in given.items()}
    return Said(columns, shop.present, shop.windows, _day_of(engine, shop), named)


def sources_of(shop: AnyShop) -> dict[str, Source]:
    """Where each table of a shop lies."""
    return {**shop.tables, **(shop.sources if isinstance(shop, Stored) else {})}


def _day_of(engine: Engine, shop: AnyShop) -> Callable[[str], str]:
    """How the SQL turns microseconds into days on the shop's clock."""
    first = engine.fetch("SELECT MIN(unix_micros(ordered_at)) AS us FROM order_lines")["us"][0].as_py() or 0
    now = int(shop.now.timestamp() * 1e6)
    return lambda expression: day_sql(expression, shop.zone, min(first, now) - _MARGIN_US, now + _MARGIN_US)


def skus(products: pd.DataFrame) -> pd.DataFrame:
    """What facts and asked-for rows inherit from their sku.

    Returns:
        One row per sku: sku, the keys of the product, size_tenths (its size's position, tenths; missing when it cannot be ordered),
        list_price (minor units; missing when unknown), `LOOKS` (hundredths; missing where it has none, or fewer), and a 1 for each group
        of values that its tags speak for.
    """
    position = size_positions(products["size"])
    frame = products[["sku", "style_id", "category", "brand", "supplier_id", "material", "size"]].assign(
        size_system=products["size_system"].fillna(ONE_SYSTEM),
        size_tenths=pd.array(np.rint(position * 10), dtype="Int64"),
        list_price=products["price"].astype("Int64"),
    )
    return pd.concat([frame, looks(products), values(products)], axis=1)


def looks(products: pd.DataFrame) -> pd.DataFrame:
    """How each product looks: `LOOKS`, in hundredths."""
    hundredths = np.rint(coordinates(products["looks"]) * 100)
    return pd.DataFrame(hundredths, columns=list(LOOKS), index=products.index).astype("Int64")


def values(products: pd.DataFrame) -> pd.DataFrame:
    """For which groups of `VALUES` the tags of each product speak, as 0 or 1."""
    tags = products["value_tags"].fillna("").str.split(",").map(lambda found: {tag.strip() for tag in found} - {""})
    groups = {name: tags.map(lambda found, wanted=frozenset(wanted): int(bool(found & wanted))) for name, wanted in VALUES.items()}
    return pd.DataFrame(groups, dtype="int64", index=products.index)


def columns_of(source: Source) -> list[str]:
    """The columns of a relation, wherever it lies."""
    if isinstance(source, Path):
        return list(pq.read_schema(next(iter(sorted(source.rglob("*.parquet")))) if source.is_dir() else source).names)
    return list(source.columns if isinstance(source, pd.DataFrame) else source.column_names)
