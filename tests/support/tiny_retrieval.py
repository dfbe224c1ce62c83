"""Shops of a few order lines, told in one line each: who ordered what, how long ago, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from features.shop import Shop
from tests.support.tiny_shops import Row, tables_of
from training.retrieval.goods import Goods

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
DAY_US = 86_400_000_000
WINDOWS = {"": 14}

Line = tuple[str, str, float, str]
"""Customer, sku, days ago, and "kept" or the reason of the return; within 14 days "kept" is pending."""


def product(sku: str, style: str, **further: object) -> Row:
    """A dress of brand Alba, unless told otherwise."""
    return {"sku": sku, "style_id": style, "category": "dress", "brand": "Alba", "currency": "EUR", **further}


def shop_of(products: Sequence[Row], lines: Sequence[Line], **further: list[Row]) -> Shop:
    """The shop at `NOW`; a return arrives two days after the order."""
    orders: list[Row] = []
    returns: list[Row] = []
    for number, (customer, sku, days_ago, became) in enumerate(lines):
        at = NOW - dt.timedelta(days=days_ago)
        line: Row = {"line_id": f"l{number}", "order_id": f"o{number}", "customer_id": customer, "sku": sku, "ordered_at": at}
        orders.append({**line, "country": "DE", "quantity": 1, "unit_price": 1000, "currency": "EUR"})
        if became != "kept":
            back = at + dt.timedelta(days=2)
            returned: Row = {"return_id": f"r{number}", "line_id": f"l{number}", "quantity": 1, "reason": became}
            returns.append({**returned, "requested_at": back, "received_at": back})
    rows = {"products": list(products), "order_lines": orders, "returns": returns, **further}
    return Shop.of(tables_of(rows), WINDOWS, now=NOW)


def goods_of(*products: Row) -> Goods:
    """An assortment of these products."""
    return Goods.of(tables_of({"products": list(products)})["products"])


def view(event: str, customer: str, sku: str, days_ago: float, kind: str = "view") -> Row:
    """A look at a sku."""
    return {"event_id": event, "customer_id": customer, "sku": sku, "kind": kind, "at": NOW - dt.timedelta(days=days_ago)}


def counted(units: dict[str, int]) -> pd.Series:
    """Stock by sku."""
    return pd.Series(units, dtype="int64")


def moment(days_ago: float) -> pd.Timestamp:
    """So many days before `NOW`."""
    return pd.Timestamp(NOW - dt.timedelta(days=days_ago)).as_unit("us")
