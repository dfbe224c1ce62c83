"""Facts about few people and few goods, on one day."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from serving.facts import Consented, Declared, Moved, Ordered, PriceChanged, StockChanged, TicketOpened

MIDNIGHT = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
NOON = MIDNIGHT + dt.timedelta(hours=12)


def at(second: int) -> dt.datetime:
    """So many seconds after midnight."""
    return MIDNIGHT + dt.timedelta(seconds=second)


def view(number: int, customer_id: str = "ann", **fields: Any) -> Moved:
    """Somebody looked at the shirt, so many seconds after midnight."""
    return Moved(**{"id": f"view-{number}", "customer_id": customer_id, "kind": "view", "sku": "shirt", "at": at(number), **fields})


def ordered(number: int, customer_id: str = "ann") -> Ordered:
    """Somebody ordered the shirt."""
    return Ordered(id=f"line-{number}", order_id="o1", customer_id=customer_id, sku="shirt", at=at(number))


def height(number: int, value: str = "178", customer_id: str = "ann") -> Declared:
    """Somebody said how tall they are."""
    return Declared(id=f"said-{number}", customer_id=customer_id, attribute="height_cm", value=value, at=at(number))


def decided(
    number: int, *, granted: bool, purpose: Literal["personalisation", "measurements"] = "personalisation", customer_id: str = "ann"
) -> Consented:
    """Somebody granted a purpose, or withdrew it."""
    return Consented(id=f"decided-{number}-{purpose}", customer_id=customer_id, purpose=purpose, granted=granted, at=at(number))


def ticket(number: int, customer_id: str = "ann") -> TicketOpened:
    """Somebody asked about a size."""
    return TicketOpened(id=f"ticket-{number}", customer_id=customer_id, topic="size", at=at(number))


def stock(number: int, available: int, sku: str = "shirt") -> StockChanged:
    """So many units are left."""
    return StockChanged(id=f"stock-{number}", sku=sku, available=available, at=at(number))


def price(number: int, amount: int, sku: str = "shirt") -> PriceChanged:
    """A sku costs so many cents."""
    return PriceChanged(id=f"price-{number}", sku=sku, price=amount, currency="EUR", at=at(number))
