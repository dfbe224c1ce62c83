"""What the shop itself knows of an offer: its category, list price, cost, size and stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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
        known: whether it is one; False only of a sku that the assortment does not hold.
        brand: None where unknown.
        size: as printed; None where it has none.
        colour: None where unknown.
        size_system: the system that the size belongs to; None where the shop names none.
    """

    style_id: str | None
    category: str | None
    price: int | None
    unit_cost: int | None
    currency: str | None
    sized: bool
    hidden: bool
    stock: int | None
    known: bool = True
    brand: str | None = None
    size: str | None = None
    colour: str | None = None
    size_system: str | None = None

    def price_in(self, currency: str) -> int | None:
        """The list price, where it is in that currency."""
        return self.price if self.currency == currency else None

    def unit_cost_in(self, currency: str) -> int | None:
        """The cost, where it is in that currency."""
        return self.unit_cost if self.currency == currency else None


UNKNOWN = Product(None, None, None, None, None, sized=False, hidden=False, stock=None, known=False)


@dataclass(frozen=True)
class Shelf:
    """What changed of a sku since the snapshot; None where nothing did.

    Attributes:
        price: the list price now, including VAT, minor units.
        currency: of the price.
        available: units that can be sold now.
    """

    price: int | None = None
    currency: str | None = None
    available: int | None = None


NO_CHANGES: Mapping[str, Shelf] = {}


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
    more = (_texts(products, name) for name in ("brand", "size", "colour", "size_system"))
    rows = zip(products["sku"].tolist(), *columns, hidden, *more, strict=True)
    return {
        sku: Product(style, category, price, cost, currency, size is not None, bool(out), stock.get(sku), True, brand, size, colour, system)
        for sku, style, category, price, cost, currency, out, brand, size, colour, system in rows
    }


def by_style(products: Mapping[str, Product]) -> dict[str, tuple[str, ...]]:
    """The skus of every style, in the order of the assortment."""
    found: dict[str, list[str]] = {}
    for sku, product in products.items():
        if product.style_id is not None:
            found.setdefault(product.style_id, []).append(sku)
    return {style: tuple(skus) for style, skus in found.items()}


def on_shelf(products: Mapping[str, Product], skus: Sequence[str], shelf: Mapping[str, Shelf]) -> Mapping[str, Product]:
    """At least some skus as they are now, by sku; one that is not in the assortment is there if something is told of it."""
    if not shelf:
        return products
    found = {sku: products[sku] for sku in skus if sku in products}
    return found | {sku: _as_it_is_now(products.get(sku, UNKNOWN), shelf[sku]) for sku in skus if sku in shelf}


def _as_it_is_now(product: Product, now: Shelf) -> Product:
    if now.available is not None:
        product = replace(product, stock=now.available)
    if now.price is None:
        return product
    cost = product.unit_cost if now.currency == product.currency else None  # it was told in the other currency
    return replace(product, price=now.price, currency=now.currency, unit_cost=cost)


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
