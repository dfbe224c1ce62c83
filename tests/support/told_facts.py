"""The facts of a shop as plain rows, to be told in sentences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from features.engine import embedded
from features.facts import kinds
from features.relations import give
from features.shop import Shop
from features.told import Told
from tests.support.moments import LATE, product, shop_tables
from tests.support.tiny_shops import WINDOWS

Fact = Mapping[str, Any]


def shop_of(zone: str = "UTC", **tables: list[dict[str, object]]) -> Shop:
    """A shop of these rows; it sells style s1 in sizes 38 and 40 unless told otherwise."""
    return Shop.of(shop_tables(**{"products": [product("s1-38"), product("s1-40")], **tables}), WINDOWS, now=LATE, zone=zone)


def facts_of(shop: Shop) -> dict[str, list[Fact]]:
    """The facts of each kind, by day."""
    with embedded() as engine:
        told = {kind.name: engine.fetch(kind.select) for kind in kinds(give(engine, shop, Told.of(shop.tables)))}
    return {name: sorted(table.to_pylist(), key=lambda fact: fact["day"]) for name, table in told.items()}


def days_of(facts: list[Fact], measure: str) -> dict[str, int]:
    """A measure's sums on the days (of 2024, as 01-31) on which it is not 0."""
    found: dict[str, int] = {}
    for fact in facts:
        name = f"{dt.date(1970, 1, 1) + dt.timedelta(days=fact['day']):%m-%d}"
        found[name] = found.get(name, 0) + fact[measure]
    return {day: total for day, total in found.items() if total}
