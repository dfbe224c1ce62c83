"""What a request asks, in columns: its offers beside the basket, at the prices of the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from features.asking import Asking, Day
from features.catalogue import Values
from serving.assortment import UNKNOWN, Product
from serving.since import micros_of
from serving.wire import BasketLine, Offer, RankRequest


def asking(request: RankRequest, products: Mapping[str, Product], currency: str, at_us: int, day: Day) -> Asking:
    """Each offer as if the customer put it into the basket now, in the order of the request: `features.asked.of_offers` in columns.

    Args:
        request: what was asked.
        products: what the shop knows of the offered skus and those in the basket.
        currency: of the request's amounts; list prices in another one count as unknown.
        at_us: the moment asked about, UTC microseconds.
        day: what the customer did since the snapshot's moment.
    """
    skus = [offer.sku for offer in request.offers]
    return _asking(request, skus, _numbers(request, skus, products, currency), at_us, day)


def asking_together(
    request: RankRequest, baskets: Sequence[Sequence[Offer]], products: Mapping[str, Product], currency: str, at_us: int, day: Day
) -> Asking:
    """Each line of each of some baskets as if the customer put it in last: the rows of the first basket, then those of the next.

    Args:
        request: who asks, where and how; its own offers and basket do not count.
        baskets: their lines.
        products: what the shop knows of them.
        currency: of the prices.
        at_us: the moment asked about, UTC microseconds.
        day: what the customer did since the snapshot's moment.
    """
    numbers = [_numbers_together(basket, products, currency) for basket in baskets]
    skus = [line.sku for basket in baskets for line in basket]
    return _asking(request, skus, {name: np.concatenate([one[name] for one in numbers]) for name in numbers[0]}, at_us, day)


def _asking(request: RankRequest, skus: Sequence[str], numbers: Mapping[str, Values], at_us: int, day: Day) -> Asking:
    return Asking(
        skus=skus,
        numbers=numbers,
        at_us=at_us,
        customer_id=request.customer_id,
        country=request.country,
        channel=request.channel,
        payment_method=request.payment_method,
        promised_us=np.nan if request.promised_at is None else float(micros_of(request.promised_at)),
        day=day,
    )


def _numbers(request: RankRequest, skus: Sequence[str], products: Mapping[str, Product], currency: str) -> dict[str, Values]:
    quantity, price = _lines(request.offers, products, currency)
    units, prices = _lines(request.basket, products, currency)
    same_style, same_sku = _alike(request.basket, skus, products)
    return {
        "quantity": quantity,
        "unit_price": price,
        "discount": _discounts(request.offers),
        "basket_lines": np.full(1, 1.0 + len(units)),
        "basket_units": quantity + units.sum(),
        "basket_value": quantity * price + (units * prices).sum(),
        "basket_same_style": same_style,
        "basket_same_sku": same_sku,
    }


def _numbers_together(lines: Sequence[Offer], products: Mapping[str, Product], currency: str) -> dict[str, Values]:
    quantity, price = _lines(lines, products, currency)
    styles = [_style(line.sku, products) for line in lines]
    same_style, same_sku = Counter(styles), Counter(line.sku for line in lines)
    return {
        "quantity": quantity,
        "unit_price": price,
        "discount": _discounts(lines),
        "basket_lines": np.full(len(lines), float(len(lines))),
        "basket_units": np.full(len(lines), quantity.sum()),
        "basket_value": np.full(len(lines), (quantity * price).sum()),
        "basket_same_style": np.array([same_style[style] for style in styles], dtype="float64"),
        "basket_same_sku": np.array([same_sku[line.sku] for line in lines], dtype="float64"),
    }


def _discounts(offers: Sequence[Offer]) -> Values:
    return np.array([np.nan if offer.discount is None else offer.discount for offer in offers], dtype="float64")


def _lines(lines: Sequence[Offer | BasketLine], products: Mapping[str, Product], currency: str) -> tuple[Values, Values]:
    """Units and price of each line: its own, or else the list price."""
    listed = [products.get(line.sku, UNKNOWN).price_in(currency) if line.price is None else line.price for line in lines]
    units = np.array([line.quantity for line in lines], dtype="float64")
    return units, np.array([np.nan if price is None else price for price in listed], dtype="float64")


def _alike(basket: Sequence[BasketLine], skus: Sequence[str], products: Mapping[str, Product]) -> tuple[Values, Values]:
    """Lines of the same style, and of the same sku, that would lie in the basket; an unknown sku is a style of its own."""
    if not basket:
        return np.ones(1), np.ones(1)
    same_sku = Counter(line.sku for line in basket)
    same_style = Counter(_style(line.sku, products) for line in basket)
    return (
        np.array([1.0 + same_style[_style(sku, products)] for sku in skus], dtype="float64"),
        np.array([1.0 + same_sku[sku] for sku in skus], dtype="float64"),
    )


def _style(sku: str, products: Mapping[str, Product]) -> str:
    return products.get(sku, UNKNOWN).style_id or sku
