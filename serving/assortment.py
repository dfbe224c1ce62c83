"""What the shop itself knows of an offer: its category, list price, cost, size and stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from domain.economics import MAX_AMOUNT
from domain.errors import SnapshotRefused


@dataclass(frozen=True)
class Product:
    """One sku of the assortment.

    Attributes:
        style_id: the style it is a variant of; None for an unknown sku.
        category: the shop's own category; None for an unknown sku.
        price: list price including VAT, minor units; None where unknown.
        unit_cost: cost without VAT, minor units; None where unknown.
        currency: of both.
        sized: whether it has a size.
        hidden: whether the shop does not offer it.
        stock: units that can be sold; None where not counted.
    """

    style_id: str | None
    category: str | None
    price: int | None
    unit_cost: int | None
    currency: str | None
    sized: bool
    hidden: bool
    stock: int | None

    def price_in(self, currency: str) -> int | None:
        """The list price, where it is in that currency."""
        return self.price if self.currency == currency else None

    def unit_cost_in(self, currency: str) -> int | None:
        """The cost, where it is in that currency."""
        return self.unit_cost if self.currency == currency else None


@dataclass(frozen=True)
class Shelf:
    """What became known of a sku's price and stock since the snapshot.

    Attributes:
        price: list price including VAT, minor units; None where it has not changed.
        currency: of the price; None without one.
        available: units that can be sold; None where they were not counted anew.
    """

    price: int | None
    currency: str | None
    available: int | None


UNKNOWN = Product(None, None, None, None, None, sized=False, hidden=False, stock=None)


def assortment(products: pd.DataFrame, stock: Mapping[str, int]) -> dict[str, Product]:
    """Every product by its sku.

    Args:
        products: the contract's table.
        stock: units by sku; a sku that is not there is not counted.

    Raises:
        SnapshotRefused: a price or a cost is too large to be counted exactly.
    """
    amounts = (_amounts(products, "price"), _amounts(products, "unit_cost"))
    columns = (_texts(products, "style_id"), _texts(products, "category"), *amounts, _texts(products, "currency"))
    hidden = products["hidden"].tolist() if "hidden" in products.columns else [False] * len(products)
    rows = zip(products["sku"].tolist(), *columns, _texts(products, "size"), hidden, strict=True)
    return {
        sku: Product(style, category, price, cost, currency, sized=size is not None, hidden=bool(out), stock=stock.get(sku))
        for sku, style, category, price, cost, currency, size, out in rows
    }


def currencies(products: Iterable[Product]) -> tuple[str, ...]:
    """The shop's currencies, that of the most products first."""
    counts = pd.Series([product.currency for product in products if product.currency]).value_counts()
    return tuple(str(currency) for currency in counts.index)


def _texts(products: pd.DataFrame, column: str) -> list[str | None]:
    if column not in products.columns:
        return [None] * len(products)
    return [None if pd.isna(value) else str(value) for value in products[column].tolist()]


def _amounts(products: pd.DataFrame, column: str) -> list[int | None]:
    if column not in products.columns:
        return [None] * len(products)
    values = [None if pd.isna(value) else int(value) for value in products[column].tolist()]
    for sku, value in zip(products["sku"].tolist(), values, strict=True):
        if value is not None and value > MAX_AMOUNT:
            raise SnapshotRefused(f"{column} of {sku} is {value}", expected=f"at most {MAX_AMOUNT} minor units")
    return values
